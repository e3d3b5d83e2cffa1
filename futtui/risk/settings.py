"""Settings of sizing, caps, entries and exits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Gt, Le, Len


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingSettings:
    """How large a position may be."""

    risk_per_trade_pct: Annotated[float, Gt(0.0), Le(5.0)] = 0.5
    """Part of equity that a trade loses at its first stop, in percent."""

    include_costs: bool = True
    """Count fees and slippage of the round trip into that loss: a stopped trade then costs what it should."""

    max_position_leverage: Annotated[float, Gt(0.0), Le(50.0)] = 3.0
    """Largest value of one position in equities; a tight stop is sized down to it."""

    max_total_leverage: Annotated[float, Gt(0.0), Le(100.0)] = 10.0
    """Largest value of all positions together in equities."""

    max_exchange_leverage: Annotated[int, Ge(1), Le(125)] = 20
    """Largest leverage that is set on the exchange for a position; it only decides how much margin is tied up."""

    liquidation_distance: Annotated[float, Ge(1.2), Le(20.0)] = 2.0
    """Liquidation lies at least this many times as far away as the stop."""

    maintenance_margin_pct: Annotated[float, Ge(0.0), Le(20.0)] = 2.0
    """Maintenance margin assumed for that, in percent; more than the exchange asks of most symbols."""

    max_margin_pct: Annotated[float, Gt(0.0), Le(100.0)] = 80.0
    """Most of the equity that may be tied up as margin, in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapSettings:
    """Limits over all positions of an account."""

    max_positions: Annotated[int, Ge(1), Le(100)] = 10
    """Most positions at one time."""

    max_same_direction: Annotated[int, Ge(1), Le(100)] = 6
    """Most positions in one direction at one time."""

    max_open_risk_pct: Annotated[float, Gt(0.0), Le(50.0)] = 3.0
    """Most that all open positions together may lose at their stops, in percent of equity."""

    day_loss_limit_pct: Annotated[float, Gt(0.0), Le(50.0)] = 3.0
    """Loss within a UTC day, open positions at market included, after which no trade is opened until the next day."""

    week_loss_limit_pct: Annotated[float, Gt(0.0), Le(100.0)] = 6.0
    """Loss of the trades closed since Monday 00:00 UTC after which no trade is opened until the next Monday."""

    max_correlated_risk_pct: Annotated[float, Gt(0.0), Le(50.0)] = 3.0
    """Most that open positions in one direction on symbols that move alike may lose at their stops, in percent."""

    correlated_from: Annotated[float, Ge(0.0), Le(1.0)] = 0.8
    """Two symbols move alike from this correlation of their 15-minute returns of a week on."""

    loss_streak: Annotated[int, Ge(1), Le(100)] = 4
    """Losing trades in a row that cause a pause."""

    loss_streak_pause_minutes: Annotated[int, Ge(0), Le(10_080)] = 60
    """Length of that pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySettings:
    """When a signal may still be entered at the real price."""

    max_slippage_r: Annotated[float, Gt(0.0), Le(2.0)] = 0.25
    """Largest distance of the real price from the planned entry, in R."""

    min_reward_r: Annotated[float, Gt(0.0), Le(10.0)] = 0.8
    """Smallest reward to the first target from the real price, in R."""

    min_stop_atr: Annotated[float, Gt(0.0), Le(20.0)] = 0.8
    """Smallest stop distance, in ATR of the signal's timeframe."""

    max_stop_atr: Annotated[float, Gt(0.0), Le(20.0)] = 3.0
    """Largest stop distance, in ATR of the signal's timeframe."""

    min_ticks: Annotated[int, Ge(1), Le(100)] = 3
    """Smallest distance between stop, entry and targets, in ticks."""

    min_target_costs: Annotated[float, Ge(0.0), Le(50.0)] = 4.0
    """A first target nearer than this many round-trip costs is marked as eaten by costs."""

    refuse_cost_dominated: bool = False
    """Refuse such signals instead of marking them."""

    max_cost_r: Annotated[float, Ge(0.0), Le(2.0)] = 0.3
    """A plan whose round trip (fees and slippage) costs more than this part of its risk is refused; 0 = no limit."""

    strategy_max_cost_r: dict[str, Annotated[float, Ge(0.0), Le(2.0)]] = field(
        default_factory=lambda: {"liquidity_flush": 0.05}
    )
    """Own limit of a strategy by its name; all others use `max_cost_r`."""

    slippage_pct: Annotated[float, Ge(0.0), Le(2.0)] = 0.02
    """Expected slippage of a market order, in percent of price, for the cost estimate."""

    taker_fee_pct: Annotated[float, Ge(0.0), Le(1.0)] = 0.05
    """Fee of a market order, in percent of its value."""

    @property
    def round_trip_pct(self) -> float:
        """Cost of entering and leaving at market, in percent of price."""
        return 2.0 * (self.taker_fee_pct + self.slippage_pct)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitSettings:
    """How positions are closed."""

    target_shares: Annotated[tuple[Annotated[float, Gt(0.0), Le(1.0)], ...], Len(1, 3)] = (0.3, 0.4, 0.3)
    """Part of the position sold at each target; they sum to 1."""

    break_even_extra_r: Annotated[float, Ge(0.0), Le(1.0)] = 0.05
    """What the break-even stop keeps beyond the fees, in R."""

    trail_atr: Annotated[float, Gt(0.0), Le(20.0)] = 1.2
    """Distance of the trailing stop from the best price, in ATR."""

    trail_structure_max_atr: Annotated[float, Gt(0.0), Le(20.0)] = 3.0
    """A support (resistance for shorts) up to this many ATR away widens the trail to stay behind it."""

    trail_step_atr: Annotated[float, Ge(0.0), Le(5.0)] = 0.1
    """Smallest improvement for which a trailing stop is moved, in ATR."""

    time_stop_progress_r: Annotated[float, Ge(0.0), Le(10.0)] = 0.5
    """Progress a trade must have made when the time stop of its strategy comes, in R."""

    max_days: Annotated[float, Gt(0.0), Le(60.0)] = 7.0
    """Longest life of a position."""

    naked_limit_ms: Annotated[int, Ge(1_000), Le(600_000)] = 2_000
    """How long a filled position may wait for its stop to be confirmed before it is closed at market."""

    data_alarm_minutes: Annotated[int, Ge(1), Le(1_440)] = 15
    """Age of market data of a held symbol that raises an alarm."""

    data_exit_minutes: Annotated[int, Ge(0), Le(10_080)] = 240
    """Age of market data of a held symbol after which it is closed at market; 0 = never."""

    hours_before_end: Annotated[float, Ge(0.1), Le(168.0)] = 6.0
    """Positions are closed at market this long before the exchange settles (delists) their contract, in hours."""

    def __post_init__(self) -> None:
        if abs(sum(self.target_shares) - 1.0) > 1e-9:
            raise ValueError(f"target_shares must sum to 1, they sum to {sum(self.target_shares):g}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSettings:
    """Limits of setups that keep a level in the market all the time, such as the deep flush."""

    max_open: Annotated[int, Ge(1), Le(50)] = 5
    """Most positions of one such strategy at one time."""

    cascade_fills: Annotated[int, Ge(1), Le(100)] = 6
    """So many levels reached within `cascade_minutes` mean that the whole market falls: no more are traded."""

    cascade_minutes: Annotated[int, Ge(1), Le(1_440)] = 30
    """The time within which reached levels are counted."""

    pause_after_stop_hours: Annotated[int, Ge(0), Le(720)] = 24
    """How long the strategy leaves a symbol alone after it was stopped out there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltSettings:
    """When a symbol is left alone for the moment."""

    max_spread_bp: Annotated[float, Ge(0.0), Le(1_000.0)] = 15.0
    """Bid and ask further apart than this forbid new trades, in hundredths of a percent; 0 = never."""

    max_volatility_ratio: Annotated[float, Ge(0.0), Le(100.0)] = 5.0
    """A 15-minute ATR of more than so many times its average of 50 bars forbids new trades; 0 = never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSettings:
    """When the kill switch throws itself."""

    drawdown_pct: Annotated[float, Gt(0.0), Le(100.0)] = 15.0
    """Fall of an account's equity from its best in this run that closes everything and stops new trades, in percent.

    The real account locks Live until it is re-armed, a virtual one waits until the pause is taken back. A backtest,
    where nobody could do that, goes on.
    """

    protection_failures: Annotated[int, Ge(1), Le(100)] = 3
    """So many positions within 24 hours whose stop did not hold on the exchange stop new trades."""

    mismatch_seconds: Annotated[int, Ge(10), Le(3_600)] = 60
    """Account and books that do not agree for so long stop new trades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSettings:
    """All settings of the risk room."""

    sizing: SizingSettings = field(default_factory=SizingSettings)
    """Size of a position."""

    caps: CapSettings = field(default_factory=CapSettings)
    """Limits over all positions."""

    entry: EntrySettings = field(default_factory=EntrySettings)
    """Conditions at the real price."""

    exits: ExitSettings = field(default_factory=ExitSettings)
    """Stops, targets, trail and time."""

    halts: HaltSettings = field(default_factory=HaltSettings)
    """When a symbol is left alone for the moment."""

    kill: KillSettings = field(default_factory=KillSettings)
    """When the kill switch throws itself."""

    standing: StandingSettings = field(default_factory=StandingSettings)
    """Setups that keep a level in the market all the time."""
