"""The numbers of every strategy in one picklable record: one section of the configuration per strategy."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from futtui.strategies.action_price.settings import ActionPriceSettings
from futtui.strategies.atr_momentum_impulse import AtrMomentumSettings
from futtui.strategies.break_retest_setup import BreakRetestSettings
from futtui.strategies.dual.settings import DualEngineSettings, HourEngineSettings
from futtui.strategies.liquidity_flush import LiquidityFlushSettings
from futtui.strategies.liquidity_sweep_setup import LiquiditySweepSettings
from futtui.strategies.order_flow_setup import OrderFlowSettings
from futtui.strategies.pullback_setup import MaVwapPullbackSettings
from futtui.strategies.sr.settings import SrFlipRetestSettings, SrSweepReturnSettings
from futtui.strategies.volume_profile_setup import VolumeProfileSettings


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """The strategies; each has `enabled`, `trade` and its own numbers.

    One that is not wanted has `enabled` false; one whose signals are only for information has `trade` false.
    """

    break_retest: BreakRetestSettings = field(default_factory=BreakRetestSettings)
    """Break Retest: a level is broken, price comes back to it, holds, and goes on."""
    atr_momentum: AtrMomentumSettings = field(default_factory=AtrMomentumSettings)
    """ATR Momentum: an unusually strong bar, followed or bought on its first pullback."""
    action_price: ActionPriceSettings = field(default_factory=ActionPriceSettings)
    """Action Price: a bar crosses EMA 200 with its body, the next one stays beyond it."""
    sr_flip_retest: SrFlipRetestSettings = field(default_factory=SrFlipRetestSettings)
    """Flip-Retest: a zone is broken, price comes back to it, and it holds in its new role."""
    liquidity_sweep: LiquiditySweepSettings = field(default_factory=LiquiditySweepSettings)
    """Liquidity Sweep: price takes the stops beyond a known level and closes back inside."""
    liquidity_flush: LiquidityFlushSettings = field(default_factory=LiquidityFlushSettings)
    """Liquidity Flush: a level far below an established coin in an uptrend, for a sudden forced fall."""
    dual_m15: DualEngineSettings = field(default_factory=DualEngineSettings)
    """Dual M15: retests and sweeps of zones by quarter hours, for quick trades."""
    dual_h1: HourEngineSettings = field(default_factory=HourEngineSettings)
    """Dual H1: retests and sweeps of zones by hours, for longer trades."""
    sr_sweep_return: SrSweepReturnSettings = field(default_factory=SrSweepReturnSettings)
    """Sweep-Return: price dips through a zone and comes straight back."""
    ma_vwap_pullback: MaVwapPullbackSettings = field(default_factory=MaVwapPullbackSettings)
    """MA/VWAP Pullback: a trend gives back part of its last leg, holds an average or VWAP, and turns."""
    volume_profile: VolumeProfileSettings = field(default_factory=VolumeProfileSettings)
    """Volume Profile: price leaves the value area and comes back, or leaves it and stays with volume."""
    order_flow: OrderFlowSettings = field(default_factory=OrderFlowSettings)
    """Order Flow: takers run into a level that holds, or lift price off it."""

    def for_information(self) -> frozenset[str]:
        """Names of the strategies whose signals are not traded."""
        return frozenset(each.name for each in fields(self) if not getattr(self, each.name).trade)
