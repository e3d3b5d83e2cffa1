"""Snapshots: what the screen and Telegram read. Immutable, swapped by reference, numbered by `version`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from futtui.domain.candle import FormingCandle
from futtui.domain.effects import Say
from futtui.domain.gaps import GapsView
from futtui.domain.health import BudgetView as BudgetView
from futtui.domain.health import HealthView as HealthView
from futtui.domain.health import LaneView as LaneView
from futtui.domain.health import PoolView as PoolView
from futtui.domain.kill import KillLevel
from futtui.domain.position import Trade, TradingMode
from futtui.domain.position_story import PositionStory
from futtui.domain.price_alert import PriceAlert
from futtui.domain.reading import StrategyVerdict, SymbolReading
from futtui.domain.sent import Sent
from futtui.domain.side import Side
from futtui.domain.signal import Signal
from futtui.domain.symbols import SymbolRules
from futtui.domain.universe import Listing, Standing
from futtui.domain.zone import Zone

NO_STORY = PositionStory()


@dataclass(frozen=True, slots=True)
class PositionView:
    """One open position as shown; profit is marked to the last price and net of fees paid so far."""

    position_id: str
    signal_id: str
    symbol: str
    side: Side
    system: str
    strategy: str
    mode: TradingMode
    status: str
    quantity: float
    entry_price: float
    mark_price: float
    stop: float
    targets: tuple[float, ...]
    targets_hit: int
    pnl: float
    pnl_pct: float
    pnl_r: float
    opened_ms: int
    guard: str
    version: int
    story: PositionStory = NO_STORY
    """Its orders, what happened so far and what acts next."""


@dataclass(frozen=True, slots=True)
class HeldMargin:
    """How the account of a mode holds a symbol, as the account itself tells it; the desk decides nothing by it."""

    mode: TradingMode
    symbol: str
    isolated: bool
    leverage: int | None = None
    """None = not confirmed by the exchange in this run."""
    liquidation_price: float | None = None
    """None = the market cannot get there, or it is not told."""


@dataclass(frozen=True, slots=True)
class AccountMargins:
    """What the accounts tell about the margin of what they hold, and when the real one was last compared with us."""

    held: tuple[HeldMargin, ...] = ()
    checked_ms: int | None = None
    """When the questions of the last completed look at the real account left; None = there was none in this run."""
    agrees: bool = True
    """Whether nothing that was seen on the real account differs from our books."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account of the current mode (a virtual one in signals-only and paper)."""

    equity: float
    wallet_balance: float
    start_equity: float
    today_pct: float
    open_risk_pct: float
    open_risk_cap_pct: float
    day_loss_left_pct: float
    closed_trades: int = 0
    wins: int = 0
    losses: int = 0
    break_evens: int = 0
    net_r: float = 0.0


PAUSED_BY_YOU = "paused by you"
"""`pause_reason` after the pause key."""


@dataclass(frozen=True, slots=True)
class DeskSnapshot:
    """State of the desk at `time_ms`."""

    version: int
    time_ms: int
    mode: TradingMode
    paused: bool
    pause_reason: str
    account: AccountView
    signals: tuple[Signal, ...]
    positions: tuple[PositionView, ...]
    trades: tuple[Trade, ...]
    blocked: Mapping[str, tuple[int, str]]
    expired_today: int = 0
    signals_today: int = 0
    kill_level: int = 0
    """What the kill switch latched; 0 = nothing."""
    standing: tuple[Signal, ...] = ()
    """Levels that strategies keep in the market; each becomes a signal only when price reaches it."""

    @property
    def resuming_asks(self) -> bool:
        """Whether new trades were stopped by more than the pause key, so that letting them go on needs a question.

        Not where the kill switch is latched: then resuming is refused, and the refusal says what to do.
        """
        return self.paused and self.pause_reason != PAUSED_BY_YOU and self.kill_level < KillLevel.FLATTEN


@dataclass(frozen=True, slots=True)
class MarketRow:
    """One symbol in the market panel; `version` changes whenever anything in the row does."""

    symbol: str
    price: float
    previous_price: float
    change_24h_pct: float | None
    regime_m15: str
    regime_h1: str
    nearest_zone: Zone | None
    gap_pct: float | None
    ready: bool
    state_text: str
    fresh: bool
    age_ms: int
    blocked_until_ms: int | None
    rules: SymbolRules | None
    version: int
    funding_rate: float | None = None
    """What longs will pay shorts next, as a fraction; None = not told."""
    next_funding_ms: int | None = None
    """When; None = not told."""


@dataclass(frozen=True, slots=True)
class SymbolWait:
    """What a symbol that is not ready is doing. `phase`: NEW, LOADING, FILLING or DISABLED.

    `next_try_in_ms` is real time until it is tried again; None = nothing is planned.
    """

    phase: str
    next_try_in_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FeedView:
    """Health of the connection: `age_ms` since the last payload, `delay_ms` from exchange time to our handling."""

    connected: bool
    text: str
    age_ms: int
    delay_ms: int
    attempt: int = 0
    reconnects: int = 0
    gaps_filled: int = 0
    used_weight: int = 0
    weight_limit: int = 2400
    budget: BudgetView | None = None
    gaps: GapsView = field(default_factory=GapsView)


@dataclass(frozen=True, slots=True)
class Sleep:
    """The PC slept: exchange time before it, and how long it lasted in real milliseconds."""

    from_ms: int
    lasted_ms: int


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """Everything the dashboard shows, at exchange time `time_ms`."""

    version: int
    time_ms: int
    phase: str
    phase_text: str
    source_label: str
    synthetic: bool
    speed_text: str
    market: tuple[MarketRow, ...]
    desk: DeskSnapshot | None
    feed: FeedView
    log: tuple[Say, ...]
    log_version: int
    engine_lag_ms: float
    readings: Mapping[str, SymbolReading] = field(default_factory=dict)
    verdicts: Mapping[str, tuple[StrategyVerdict, ...]] = field(default_factory=dict)
    symbols_ready: int = 0
    symbols_total: int = 0
    start_mode: TradingMode = TradingMode.SIGNALS
    """The mode that the desk will start in; shown until there is a desk."""
    health: HealthView | None = None
    """How the engine itself is doing; None until it runs."""
    forming: Mapping[str, FormingCandle] = field(default_factory=dict)
    """The quarter hour that is under way, by symbol, as last seen; for display only."""
    sent: tuple[Sent, ...] = ()
    """Orders, cancels and commands, oldest first; where the database is kept, also those of earlier runs."""
    waits: Mapping[str, SymbolWait] = field(default_factory=dict)
    """Watched symbols that are not ready, and what they wait for."""
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """Whether each listed symbol is watched, and why; empty where the configuration names the symbols."""
    alerts: tuple[PriceAlert, ...] = ()
    """Prices of which the user will hear once the market gets there."""
    listings: Mapping[str, Listing] = field(default_factory=dict)
    """Turnover and spread of each symbol as last asked for, about once an hour; empty while that is not known."""
    slept: Sleep | None = None
    """The newest sleep of the PC since the start; None = it did not sleep."""
    margins: AccountMargins = field(default_factory=AccountMargins)
    """How the accounts hold what is open."""
