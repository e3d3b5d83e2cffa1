"""Settings of the scorer and of the conflict rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated

from annotated_types import Ge, Gt, Le

Points = Annotated[float, Ge(0.0), Le(5.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbiterSettings:
    """What the hour engine allows the quarter-hour engine of the dual system, symbol by symbol."""

    agreement_points: Annotated[float, Ge(0.0), Le(100.0)] = 10.0
    """Points for a quarter-hour signal when the hours say the same."""

    front_run_atr: Annotated[float, Ge(0.0), Le(20.0)] = 1.2
    """Least room from a quarter-hour entry to the next opposite zone of 4h or 1d, in ATR."""

    front_run_r: Annotated[float, Ge(0.0), Le(20.0)] = 1.0
    """The same in R; the larger of the two counts."""

    max_combined_risk_pct: Annotated[float, Gt(0.0), Le(20.0)] = 1.25
    """Most that both engines together may risk on one symbol, in percent of equity."""

    tighten_when_opposed: bool = True
    """Move the stop of an open quarter-hour trade to break-even when the hours turn against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceSettings:
    """Divergence between price and taker flow as a confirmation of signals; it never makes one."""

    enabled: bool = False
    """Look for it at every close of 15m and 1h (costs a little time), and let it count."""

    m15_points: Points = 0.3
    """Points when only 15m diverges in the direction; taken away when it diverges against it."""

    h1_points: Points = 0.5
    """The same for 1h alone."""

    both_points: Points = 0.8
    """The same when 15m and 1h agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringSettings:
    """How raw signals are scored. Points are added to the base score of the strategy."""

    threshold: Annotated[float, Ge(0.0), Le(20.0)] = 3.0
    """Smallest final score that may trade."""

    strategy_thresholds: dict[str, Annotated[float, Ge(0.0), Le(20.0)]] = field(
        default_factory=lambda: {"liquidity_flush": 0.0}
    )
    """Own threshold of a strategy by its name; all others use `threshold`. The flush has none: it buys into falls, and
    on past candles waiting for a calm BTC or a calm coin took trades away and made none better."""

    system_thresholds: dict[str, Annotated[float, Ge(0.0), Le(100.0)]] = field(
        default_factory=lambda: {"ACTION_PRICE": 3.0, "SR": 65.0, "DUAL": 60.0}
    )
    """Threshold of a whole system with a scale of its own; `strategy_thresholds` go before it."""

    system_scales: dict[str, Annotated[float, Gt(0.0), Le(50.0)]] = field(
        default_factory=lambda: {"SR": 5.0, "DUAL": 5.0}
    )
    """What one point of a modifier is worth in a system that scores 0-100; all others 1."""

    least_win_share: Annotated[float, Ge(0.0), Le(1.0)] = 0.0
    """Smallest chance of a win, by what `futtui train` learned, that may trade; 0 = the chance is only shown. Without a
    trained model that is better than the plain win rate nothing is refused."""

    mean_reversion_strategies: tuple[str, ...] = ("volume_profile", "liquidity_sweep", "sr_sweep_return")
    """Strategies that trade against a move: only they get the RSI points and the block after a BTC impulse."""

    volume_points: Points = 1.0
    """Points for unusual volume."""

    volume_ratio: Annotated[float, Gt(0.0), Le(20.0)] = 1.5
    """Volume of the deciding bar divided by its average from which volume counts as unusual."""

    flow_points: Points = 1.0
    """Points when money flow (taker buying minus selling) agrees with the direction."""

    adx_points: Points = 1.0
    """Points for a strong trend."""

    adx_level: Annotated[float, Gt(0.0), Le(100.0)] = 30.0
    """ADX above which a trend counts as strong."""

    rsi_points: Points = 0.5
    """Points for an extreme RSI, mean-reversion strategies only."""

    rsi_low: Annotated[float, Gt(0.0), Le(50.0)] = 30.0
    """RSI below which a long is helped; shorts mirror it at 100 minus this."""

    regime_points: Points = 1.0
    """Points when the regime suits the strategy."""

    regime_weight_floor: Annotated[float, Ge(0.0), Le(1.0)] = 0.5
    """A strategy whose weight in the current regime is below this may not trade."""

    late_trend_points: Points = 1.0
    """Points taken away when the trend is already late."""

    atr_expansion_points: Points = 0.5
    """Points taken away when volatility jumped."""

    atr_expansion_ratio: Annotated[float, Gt(1.0), Le(10.0)] = 2.0
    """ATR divided by its own average from which volatility counts as jumped."""

    book_points: Points = 1.0
    """Points when the order book has leaned in the direction for a while."""

    book_lean: Annotated[float, Gt(0.0), Le(1.0)] = 0.15
    """How far the order book must lean now (0 = balanced, 1 = one side only)."""

    book_share: Annotated[float, Gt(0.0), Le(1.0)] = 0.7
    """Share of the latest samples of the order book that must lean the same way."""

    book_max_age_s: Annotated[float, Gt(0.0), Le(300.0)] = 10.0
    """An order book older than this counts as unknown, in seconds."""

    interest_points: Points = 1.0
    """Points when open interest grew over the last hour within the two limits below."""

    interest_low_pct: Annotated[float, Gt(0.0), Le(100.0)] = 1.0
    """Smallest growth of open interest in an hour that counts, in percent."""

    interest_high_pct: Annotated[float, Gt(0.0), Le(100.0)] = 3.0
    """Largest growth of open interest in an hour that counts, in percent; beyond it positions are crowded."""

    interest_max_age_minutes: Annotated[float, Gt(0.0), Le(240.0)] = 10.0
    """Open interest older than this counts as unknown, in minutes."""
    funding_points: Points = 1.0
    """Points taken away when the side that enters pays an extreme funding rate, given when it is paid."""

    funding_extreme_pct: Annotated[float, Gt(0.0), Le(5.0)] = 0.05
    """Funding rate per 8 hours, in percent, from which it counts as extreme."""

    confirmation_points: Points = 0.5
    """Points for the third factor that agrees, and for each further one."""

    poc_distance_atr: Annotated[float, Gt(0.0), Le(10.0)] = 0.5
    """How near the entry must be to the most traded price of the day to count as a factor, in ATR."""

    confluence_points: Points = 1.0
    """Points for another setup that says the same; one of the same family gives half."""

    confluence_cap: Points = 2.0
    """Most that agreeing setups can add."""

    confluence_entry_pct: Annotated[float, Gt(0.0), Le(5.0)] = 0.3
    """How near the entries of agreeing setups must lie, in percent."""

    confluence_minutes: Annotated[int, Ge(0), Le(1_440)] = 60
    """How long an open signal of another setup counts as agreeing."""

    btc_symbol: str = "BTCUSDT"
    """The market that leads the others."""

    btc_points: Points = 2.0
    """Points taken away at correlation 1 when BTC moves against the signal."""

    btc_move_atr: Annotated[float, Gt(0.0), Le(10.0)] = 0.5
    """Move of BTC over 45 minutes, in its 1h ATR, from which it counts as a move."""

    btc_impulse_pct: Annotated[float, Gt(0.0), Le(50.0)] = 1.5
    """Range of BTC within an hour, in percent, that blocks mean-reversion strategies for 30 minutes."""

    conflict_margin: Annotated[float, Ge(0.0), Le(10.0)] = 1.0
    """By how much the better of two opposite signals of one close must lead, in points above its threshold; else both
    are refused."""

    divergence: DivergenceSettings = field(default_factory=DivergenceSettings)
    """Price and taker flow that part."""

    arbiter: ArbiterSettings = field(default_factory=ArbiterSettings)
    """The two engines of the dual system against each other."""

    def threshold_of(self, strategy: str, system: str = "") -> float:
        """Threshold for a strategy, however its name is spelled (`Break & Retest` = `break_retest`)."""
        key = strategy_key(strategy)
        for name, threshold in self.strategy_thresholds.items():
            if strategy_key(name) == key:
                return threshold
        return self.system_thresholds.get(system, self.threshold)

    def scale_of(self, system: str) -> float:
        """What one point of a modifier is worth in the scores of a system."""
        return self.system_scales.get(system, 1.0)

    def is_mean_reversion(self, strategy: str) -> bool:
        """Whether the strategy trades against a move."""
        key = strategy_key(strategy)
        return any(strategy_key(name) == key for name in self.mean_reversion_strategies)


@lru_cache(maxsize=1_024)
def strategy_key(name: str) -> str:
    """The name in lower case with one underscore between words: how names are compared."""
    words = "".join(character if character.isalnum() else " " for character in name.lower()).split()
    return "_".join(words)
