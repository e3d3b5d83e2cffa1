"""Every strategy that ships, in the order in which it is asked. A new one is a line here and a line in the settings."""

from __future__ import annotations

from functools import cache

from futtui.strategies.action_price.engine import ActionPrice
from futtui.strategies.atr_momentum import AtrMomentum
from futtui.strategies.base import BaseStrategy
from futtui.strategies.break_retest import BreakRetest
from futtui.strategies.dual.engine import SignalEngineH1, SignalEngineM15
from futtui.strategies.liquidity_flush import LiquidityFlush
from futtui.strategies.liquidity_sweep import LiquiditySweep
from futtui.strategies.ma_vwap_pullback import MaVwapPullback
from futtui.strategies.order_flow import OrderFlow
from futtui.strategies.settings import StrategySettings
from futtui.strategies.sr.flip_retest import SrFlipRetest
from futtui.strategies.sr.sweep_return import SrSweepReturn
from futtui.strategies.volume_profile import VolumeProfileStrategy


def build_strategies(symbol: str, settings: StrategySettings) -> tuple[BaseStrategy, ...]:
    """Fresh strategies for one symbol."""
    return (
        BreakRetest(symbol, settings.break_retest),
        AtrMomentum(symbol, settings.atr_momentum),
        ActionPrice(symbol, settings.action_price),
        SrFlipRetest(symbol, settings.sr_flip_retest),
        LiquiditySweep(symbol, settings.liquidity_sweep),
        LiquidityFlush(symbol, settings.liquidity_flush),
        SignalEngineM15(symbol, settings.dual_m15),
        SignalEngineH1(symbol, settings.dual_h1),
        SrSweepReturn(symbol, settings.sr_sweep_return),
        MaVwapPullback(symbol, settings.ma_vwap_pullback),
        VolumeProfileStrategy(symbol, settings.volume_profile),
        OrderFlow(symbol, settings.order_flow),
    )


@cache
def shipped_names() -> frozenset[str]:
    """Names of the strategies that ship; all others are the user's own."""
    return frozenset(_titles())


def title_of(name: str) -> str:
    """What people call a strategy, as in `Liquidity Flush`; one of the user's own keeps the name in its file."""
    return _titles().get(name, name)


@cache
def _titles() -> dict[str, str]:
    return {strategy.name: strategy.title for strategy in build_strategies("", StrategySettings())}
