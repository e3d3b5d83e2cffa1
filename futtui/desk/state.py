"""What the desk knows: one place that its rooms read and write, nothing hidden elsewhere."""

from __future__ import annotations

from collections.abc import Set
from decimal import Decimal

from futtui.desk.accounts import Account
from futtui.desk.positions import Position, position_id_of
from futtui.desk.recent_trades import RecentTrades
from futtui.desk.settings import DeskSettings
from futtui.desk.signal_book import SignalBook
from futtui.desk.standing import StandingBook
from futtui.domain.events import BookSampled, FundingAnnounced, InterestSampled, PriceUpdate
from futtui.domain.kill import KillLevel
from futtui.domain.order_book import BookReading, InterestReading
from futtui.domain.position import Trade, TradingMode
from futtui.domain.reading import FrameReading, SymbolReading
from futtui.domain.signal import Signal
from futtui.domain.snapshot import PAUSED_BY_YOU
from futtui.domain.symbols import ZERO, SymbolRules
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.risk.blocks import BlockList
from futtui.risk.trailing import structure_behind
from futtui.signals.atr_history import AtrHistory
from futtui.signals.closes import CloseBook
from futtui.signals.confidence import ConfidenceModel

_ARCHIVE_KEPT = 200
SHARED = "another futtui trades on this account"


class DeskState:
    """Mutable state of the desk. `now_ms` is the newest event time seen."""

    def __init__(
        self,
        settings: DeskSettings,
        mode: TradingMode,
        start_equity: Decimal,
        for_information: Set[str] = frozenset(),
        confidence: ConfidenceModel | None = None,
    ) -> None:
        self.settings = settings
        self.mode = mode
        self.for_information = frozenset(for_information)
        self.confidence = confidence
        self.paused = False
        self.now_ms = 0
        self.prices: dict[str, PriceUpdate] = {}
        self.rules: dict[str, SymbolRules] = {}
        self.stopped: set[str] = set()
        self.stale: dict[str, tuple[int, str]] = {}
        self.readings: dict[str, SymbolReading] = {}
        self.order_books: dict[str, BookReading] = {}
        self.interests: dict[str, InterestReading] = {}
        self.funding: dict[str, FundingAnnounced] = {}
        self.closes = CloseBook()
        self.atrs = AtrHistory()
        self.blocks = BlockList()
        self.book = SignalBook(settings.finished_signals_shown)
        self.standing = StandingBook()
        self.accounts = {item: Account(item, start_equity, settings.trades_shown) for item in TradingMode}
        self.open: dict[str, Position] = {}
        span_ms = max(DAY_MS, settings.risk.standing.pause_after_stop_hours * HOUR_MS)
        self.trades = RecentTrades(settings.trades_shown, span_ms)
        self.pause_reason = ""
        self.is_shared = False
        """Whether another futtui trades on the real account, until the user lets trading go on."""
        self.kill_level = 0
        """What the kill switch latched; 0 = nothing."""
        self.external: dict[str, Decimal] = {}
        """What the account holds of a symbol beside our positions; below zero is short."""
        self.differing: dict[str, str] = {}
        """Symbols on which account and ledger do not agree yet, with the difference in words."""
        self._by_symbol: dict[str, dict[str, Position]] = {}
        self._archive: dict[str, Position] = {}

    def why_paused(self, mode: TradingMode) -> str:
        """Why no new trades are opened on the account of a mode; empty while they are."""
        if self.paused:
            return self.pause_reason or PAUSED_BY_YOU
        return SHARED if self.is_shared and mode is TradingMode.LIVE else ""

    def set_paused(self, paused: bool) -> None:
        """Pause new trades, or let them go on; in Live that says of another futtui on the account, too, that it may."""
        self.paused, self.pause_reason = paused, ""
        self.is_shared = self.is_shared and (paused or self.mode is not TradingMode.LIVE)

    # --- positions ----------------------------------------------------------------------------------------------

    def add(self, position: Position) -> None:
        """Take a position into care."""
        self._archive.pop(position.position_id, None)
        self.open[position.position_id] = position
        self._by_symbol.setdefault(position.plan.symbol, {})[position.position_id] = position

    def retire(self, position: Position) -> None:
        """Put a finished position aside; late news may still find it for a while."""
        self.open.pop(position.position_id, None)
        group = self._by_symbol.get(position.plan.symbol, {})
        group.pop(position.position_id, None)
        if not group:
            self._by_symbol.pop(position.plan.symbol, None)
        self._archive[position.position_id] = position
        while len(self._archive) > _ARCHIVE_KEPT:
            del self._archive[next(iter(self._archive))]

    def keep_trade(self, trade: Trade) -> None:
        """Add a closed trade; a corrected one replaces its earlier version."""
        self.trades.put(trade)

    def mode_for(self, strategy: str) -> TradingMode:
        """Where signals of a strategy go now: the mode in force, or INFO where they are for information only."""
        return TradingMode.INFO if strategy in self.for_information else self.mode

    def mode_of(self, signal: Signal) -> TradingMode:
        """Where a waiting signal goes now; one that the user set aside is followed, and costs no money."""
        if signal.is_set_aside and self.mode in (TradingMode.PAPER, TradingMode.LIVE):
            return TradingMode.INFO
        return self.mode_for(signal.raw.strategy)

    def find(self, position_id: str) -> Position | None:
        """A position in care, or one that was closed lately."""
        return self.open.get(position_id) or self._archive.get(position_id)

    def closed_around(self, symbol: str, mode: TradingMode, time_ms: int) -> Position | None:
        """The position that was closed last among those that were open at `time_ms`."""
        for position in reversed(self._archive.values()):
            plan, legs = position.plan, position.ledger.legs
            was_open = bool(legs) and position.opened_ms <= time_ms <= legs[-1].time_ms
            if was_open and plan.symbol == symbol and plan.mode is mode:
                return position
        return None

    def held(self, mode: TradingMode) -> list[Position]:
        """Positions in care of one account."""
        return [position for position in self.open.values() if position.plan.mode is mode]

    def count_held(self, mode: TradingMode, strategy: str) -> int:
        """How many positions of a strategy hold a place on an account."""
        return sum(item.plan.strategy == strategy and not item.stranded for item in self.held(mode))

    def on(self, symbol: str) -> list[Position]:
        """Positions in care on a symbol."""
        group = self._by_symbol.get(symbol)
        return [] if group is None else list(group.values())

    def live_on(self, symbol: str) -> list[Position]:
        """Positions in care on a symbol that are on a real account, oldest first."""
        return [position for position in self.on(symbol) if position.plan.mode is TradingMode.LIVE]

    def spares_others(self, position: Position) -> bool:
        """Whether an order larger than the position would close something else of the account that is to stay."""
        if position.plan.mode is not TradingMode.LIVE or self.kill_level >= KillLevel.FLATTEN:
            return False
        sign, symbol = position.plan.side.sign, position.plan.symbol
        others = [item for item in self.live_on(symbol) if item is not position and item.plan.side.sign == sign]
        return self.external.get(symbol, ZERO) * sign > 0 or any(item.ledger.open > 0 for item in others)

    def beside(self, symbol: str, mode: TradingMode) -> Decimal:
        """What the account of a mode holds of a symbol beside our positions; virtual ones hold nothing else."""
        return self.external.get(symbol, ZERO) if mode is TradingMode.LIVE else ZERO

    def real_on(self, symbol: str) -> list[Position]:
        """Positions of a symbol on a real account, in care or closed lately, oldest first."""
        closed = [item for item in self._archive.values() if item.plan.symbol == symbol]
        return [item for item in closed if item.plan.mode is TradingMode.LIVE] + self.live_on(symbol)

    def is_watched(self, symbol: str) -> bool:
        """Whether a price of the symbol can change anything."""
        return symbol in self._by_symbol or self.book.has_waiting(symbol) or self.standing.has(symbol)

    def levels_on(self, symbol: str, only: Set[str] | None = None) -> list[float]:
        """Prices of the symbol at which something is to happen: waiting entries, stops and targets.

        `only`: those of these positions, and of the signals that would become them.
        """
        levels = [
            signal.raw.levels.entry
            for signal in (*self.book.waiting(symbol), *self.standing.on(symbol))
            if only is None or position_id_of(signal.signal_id) in only
        ]
        for position in self._by_symbol.get(symbol, {}).values():
            if only is None or position.position_id in only:
                levels += position.levels
        return levels

    def unsure_order(self, symbol: str) -> str | None:
        """Client id of an order on the symbol whose fate is unknown; None if all is clear."""
        for position in self._by_symbol.get(symbol, {}).values():
            for order in position.orders.values():
                if order.unsure:
                    return order.client_id
        return None

    # --- measures -----------------------------------------------------------------------------------------------

    def learn(self, reading: SymbolReading) -> None:
        """Keep a reading and what the scorer remembers of it."""
        known = self.readings.get(reading.symbol)
        if known is None or reading.time_ms >= known.time_ms:
            self.readings[reading.symbol] = reading
        before = {} if known is None else known.frames
        for timeframe, frame in reading.frames.items():
            if frame is before.get(timeframe):
                continue  # of the same close as last time
            self.atrs.add(reading.symbol, frame)
            if timeframe is Timeframe.M15:
                self.closes.add(reading.symbol, frame.close_time_ms, frame.close)

    def note_book(self, event: BookSampled) -> None:
        """Keep the newest look at a symbol's order book."""
        self.order_books[event.reading.symbol] = event.reading

    def note_interest(self, event: InterestSampled) -> None:
        """Keep the newest open interest of a symbol."""
        self.interests[event.reading.symbol] = event.reading

    def note_funding(self, event: FundingAnnounced) -> None:
        """Keep the newest announced rate of a symbol."""
        self.funding[event.symbol] = event

    def frame(self, symbol: str, timeframe: Timeframe) -> FrameReading | None:
        """Newest reading of a timeframe."""
        reading = self.readings.get(symbol)
        return None if reading is None else reading.frames.get(timeframe)

    def funding_rate(self, symbol: str) -> float | None:
        """Announced funding rate of a symbol as a share for 8 hours; None when it is not known."""
        news = self.funding.get(symbol)
        return None if news is None or not news.interval_hours > 0 else news.rate * 8.0 / news.interval_hours

    def entry_price(self, symbol: str, reading: SymbolReading | None) -> float | None:
        """The price at which a market order would be judged now: the newest of live price and last close."""
        update = self.prices.get(symbol)
        if update is None:
            return None if reading is None else reading.price
        if reading is not None and reading.time_ms > update.time_ms + Timeframe.M1.ms:
            return reading.price
        return update.last

    def trail_inputs(self, position: Position) -> tuple[float | None, float | None]:
        """ATR of the position's timeframe, and the structure behind its best price."""
        plan = position.plan
        frame = self.frame(plan.symbol, plan.timeframe)
        atr = frame.atr if frame is not None and frame.atr is not None and frame.atr > 0.0 else plan.atr
        reading = self.readings.get(plan.symbol)
        zones = reading.zones if reading is not None else ()
        return atr, structure_behind(plan.side, position.best_price, atr, zones)

    def risk_pct(self, position: Position) -> float:
        """What the position loses at its stop in percent of its account."""
        mode = position.plan.mode
        equity = self.accounts[mode].equity(self.held(mode))
        return float(position.risk_money / equity * 100) if equity > 0 else 0.0
