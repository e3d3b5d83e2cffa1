"""A small world for desk tests: signals, readings, and a deterministic broker that fills at triggers."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from decimal import Decimal

from futtui.desk.desk import TradingDesk
from futtui.desk.settings import DeskSettings
from futtui.domain.effects import CancelOrder, Effect, PlaceOrder, RecordSignal, RecordTrade, Say
from futtui.domain.events import AnalysisDone, ClockTick, Event, OrderChanged, OrderFilled, PriceUpdate, RulesChanged
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import Trade, TradingMode
from futtui.domain.reading import AnalysisResult, FrameReading, SymbolReading
from futtui.domain.regime import Regime, RegimeReading
from futtui.domain.side import OrderSide, Side
from futtui.domain.signal import Levels, RawSignal, Signal, SignalStatus, System, Trigger
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS, Timeframe
from futtui.risk.settings import CapSettings, EntrySettings, ExitSettings, RiskSettings, SizingSettings
from futtui.signals.confidence import ConfidenceModel
from futtui.signals.settings import ScoringSettings

START_MS = 1_709_251_200_000  # 2024-03-01 00:00 UTC
SYMBOL = "ETHUSDT"
FEE_RATE = Decimal("0.0005")


def rules(symbol: str = SYMBOL, **changes: object) -> SymbolRules:
    """Rules with a tick of 0.01 and a step of 0.001."""
    base = SymbolRules(
        symbol=symbol,
        base_asset=symbol.removesuffix("USDT"),
        tick_size=Decimal("0.01"),
        step_size=Decimal("0.001"),
        min_quantity=Decimal("0.001"),
        max_quantity=Decimal(10_000),
        market_max_quantity=Decimal(2_000),
        min_notional=Decimal(5),
        min_price=Decimal("0.01"),
        max_price=Decimal(1_000_000),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def raw_signal(
    side: Side = Side.LONG,
    *,
    symbol: str = SYMBOL,
    entry: float = 100.0,
    risk: float = 1.0,
    rewards: tuple[float, ...] = (1.0, 2.0, 3.0),
    atr: float = 1.0,
    time_ms: int = START_MS,
    trigger: Trigger = Trigger.IMMEDIATE,
    base_score: float = 4.0,
    strategy: str = "atr_momentum",
    system: System = System.CORE,
    valid_ms: int = HOUR_MS,
    **changes: object,
) -> RawSignal:
    """A proposal around `entry` with a stop `risk` away and targets at multiples of it."""
    sign = side.sign
    levels = Levels(side, entry, entry - sign * risk, tuple(entry + sign * risk * reward for reward in rewards))
    signal = RawSignal(
        symbol=symbol,
        system=system,
        strategy=strategy,
        timeframe=Timeframe.M15,
        side=side,
        trigger=trigger,
        time_ms=time_ms,
        valid_until_ms=time_ms + valid_ms,
        levels=levels,
        atr=atr,
        base_score=base_score,
        regime=Regime.RANGE,
        parts=(),
        summary="a test setup",
    )
    return replace(signal, **changes)  # type: ignore[arg-type]


def reading(
    symbol: str = SYMBOL, *, price: float = 100.0, time_ms: int = START_MS, ready: bool = True, **frame: object
) -> SymbolReading:
    """A reading with one 15m frame."""
    values = {"atr": 1.0, "regime": RegimeReading(Regime.RANGE, 0.8), **frame}
    measures = FrameReading(Timeframe.M15, time_ms, price, **values)  # type: ignore[arg-type]
    return SymbolReading(symbol, time_ms, price, {Timeframe.M15: measures}, ready=ready, ready_reason="warming up")


def wide_settings(**exits: object) -> DeskSettings:
    """Settings whose limits do not get in the way of a test about something else."""
    return DeskSettings(
        scoring=ScoringSettings(),
        risk=RiskSettings(
            sizing=SizingSettings(include_costs=False, max_position_leverage=50.0, max_total_leverage=100.0),
            caps=CapSettings(
                max_positions=50, max_same_direction=50, max_open_risk_pct=50.0, day_loss_limit_pct=50.0, loss_streak=50
            ),
            entry=EntrySettings(max_cost_r=0.0),
            exits=ExitSettings(**exits),  # type: ignore[arg-type]
        ),
    )


class FakeBroker:
    """Fills market orders at the last price and conditional ones at their trigger, stops before targets."""

    def __init__(self, fee_rate: Decimal = FEE_RATE) -> None:
        self.fee_rate = fee_rate
        self.last: dict[str, Decimal] = {}
        self.resting: dict[str, OrderIntent] = {}
        self.held: dict[str, Decimal] = {}
        self.trade_number = 0
        self.reject: set[OrderPurpose] = set()
        self.answers = True
        self.entry_parts = 1

    def place(self, intent: OrderIntent) -> list[Event]:
        if intent.purpose in self.reject:
            return [self._update(intent, OrderStatus.REJECTED, "refused by the test")]
        if not self.answers:
            return [self._update(intent, OrderStatus.UNKNOWN, "no answer")]
        if intent.order_type is OrderType.MARKET:
            return self._market(intent)
        self.resting[intent.client_id] = intent
        return [self._update(intent, OrderStatus.OPEN)]

    def cancel(self, effect: CancelOrder) -> list[Event]:
        intent = self.resting.pop(effect.client_id, None)
        if intent is None:
            return []
        return [self._update(intent, OrderStatus.CANCELED)]

    def on_price(self, update: PriceUpdate) -> list[Event]:
        self.last[update.symbol] = Decimal(str(update.last))
        events: list[Event] = []
        mine = [intent for intent in self.resting.values() if intent.symbol == update.symbol]
        for intent in sorted(mine, key=lambda item: item.order_type is not OrderType.STOP_MARKET):
            if intent.client_id in self.resting and self._is_hit(intent, update):
                del self.resting[intent.client_id]
                events += self._fire(intent, update.time_ms)
        return events

    def _is_hit(self, intent: OrderIntent, update: PriceUpdate) -> bool:
        trigger = float(intent.trigger_price or 0)
        is_stop = intent.order_type is OrderType.STOP_MARKET
        rising = (intent.side is OrderSide.BUY) == is_stop
        return update.high >= trigger if rising else update.low <= trigger

    def _fire(self, intent: OrderIntent, time_ms: int) -> list[Event]:
        assert intent.trigger_price is not None
        left = self.held.get(intent.position_id, Decimal(0))
        quantity = min(intent.quantity, left)
        if quantity <= 0:
            return [self._update(intent, OrderStatus.EXPIRED, "reduce-only", time_ms)]
        fill = self._fill(intent, quantity, intent.trigger_price, time_ms)
        final = OrderStatus.FILLED if quantity == intent.quantity else OrderStatus.EXPIRED
        return [
            self._update(intent, OrderStatus.TRIGGERED, "", time_ms),
            fill,
            self._update(intent, final, "", time_ms),
        ]

    def _market(self, intent: OrderIntent) -> list[Event]:
        price = self.last[intent.symbol]
        quantity = intent.quantity
        if intent.reduce_only:
            quantity = min(quantity, self.held.get(intent.position_id, Decimal(0)))
        if quantity <= 0:
            return [self._update(intent, OrderStatus.REJECTED, "-2022 reduce-only")]
        step = Decimal("0.001")
        part = (quantity / self.entry_parts // step) * step if intent.purpose is OrderPurpose.ENTRY else quantity
        sizes = [part] * (self.entry_parts - 1) if part < quantity else []
        sizes.append(quantity - sum(sizes, Decimal(0)))
        fills = [self._fill(intent, size, price, intent.time_ms) for size in sizes if size > 0]
        return [self._update(intent, OrderStatus.OPEN), *fills, self._update(intent, OrderStatus.FILLED)]

    def _fill(self, intent: OrderIntent, quantity: Decimal, price: Decimal, time_ms: int) -> OrderFilled:
        self.trade_number += 1
        change = -quantity if intent.reduce_only else quantity
        self.held[intent.position_id] = self.held.get(intent.position_id, Decimal(0)) + change
        fee = price * quantity * self.fee_rate
        return OrderFilled(
            Fill(intent.client_id, intent.symbol, str(self.trade_number), intent.side, price, quantity, fee, time_ms)
        )

    def _update(self, intent: OrderIntent, status: OrderStatus, reason: str = "", time_ms: int = 0) -> OrderChanged:
        when = time_ms or intent.time_ms
        return OrderChanged(OrderUpdate(intent.client_id, intent.symbol, status, when, reason=reason))


class World:
    """A desk, a broker and the tape of everything that happened."""

    def __init__(
        self,
        settings: DeskSettings | None = None,
        *,
        mode: TradingMode = TradingMode.SIGNALS,
        fee_rate: Decimal = FEE_RATE,
        symbols: tuple[str, ...] = (SYMBOL,),
        symbol_rules: SymbolRules | None = None,
        for_information: frozenset[str] = frozenset(),
        confidence: ConfidenceModel | None = None,
    ) -> None:
        self.desk = TradingDesk(
            settings or wide_settings(), mode, for_information=for_information, confidence=confidence
        )
        self.broker = FakeBroker(fee_rate)
        self.effects: list[Effect] = []
        self.events: list[Event] = []
        self.now_ms = START_MS
        for symbol in symbols:
            known = replace(symbol_rules, symbol=symbol) if symbol_rules else rules(symbol)
            self.send(RulesChanged(self.now_ms, known))
            self.price(100.0, symbol=symbol)

    def send(self, event: Event) -> list[Effect]:
        """Give the desk an event and carry out what it asks for, until all is quiet."""
        queue, made = deque([event]), []
        while queue:
            item = queue.popleft()
            self.events.append(item)
            effects = self.desk.handle(item)
            made += effects
            for effect in effects:
                if isinstance(effect, PlaceOrder):
                    queue.extend(self.broker.place(effect.intent))
                elif isinstance(effect, CancelOrder):
                    queue.extend(self.broker.cancel(effect))
                self.after_effect()
        self.effects += made
        return made

    def after_effect(self) -> None:
        """For tests that look at the account after every single step."""

    def price(
        self,
        last: float,
        *,
        low: float | None = None,
        high: float | None = None,
        symbol: str = SYMBOL,
        step_ms: int = 1000,
    ) -> list[Effect]:
        """The price moves to `last` (through `low` and `high`); the broker sees it first, as in the live shell."""
        self.now_ms += step_ms
        low = min(last, low) if low is not None else last
        high = max(last, high) if high is not None else last
        update = PriceUpdate(symbol, self.now_ms, last, low, high)
        made: list[Effect] = []
        for event in self.broker.on_price(update):
            made += self.send(event)
        return made + self.send(update)

    def analyse(self, *signals: RawSignal, late: bool = False, **changes: object) -> list[Effect]:
        """A close with these signals."""
        symbol = signals[0].symbol if signals else SYMBOL
        time_ms = signals[0].time_ms if signals else self.now_ms
        measures = reading(symbol, **{"time_ms": time_ms, **changes})  # type: ignore[arg-type]
        return self.send(AnalysisDone(time_ms, AnalysisResult(measures, signals), late))

    def enter(self, side: Side = Side.LONG, **changes: object) -> RawSignal:
        """An immediate signal that is entered."""
        signal = raw_signal(side, time_ms=self.now_ms, **changes)  # type: ignore[arg-type]
        self.analyse(signal)
        return signal

    def tick(self, minutes: int = 1) -> list[Effect]:
        self.now_ms += minutes * MINUTE_MS
        return self.send(ClockTick(self.now_ms))

    # --- looking back -------------------------------------------------------------------------------------------

    @property
    def trades(self) -> list[Trade]:
        return [effect.trade for effect in self.effects if isinstance(effect, RecordTrade)]

    @property
    def signals(self) -> dict[str, Signal]:
        return {effect.signal.signal_id: effect.signal for effect in self.effects if isinstance(effect, RecordSignal)}

    def status_of(self, raw: RawSignal) -> SignalStatus:
        return self.signals[raw.signal_id].status

    def refusals(self) -> list[str]:
        return [item.status_reason for item in self.signals.values() if item.status is SignalStatus.REFUSED]

    def lines(self) -> list[str]:
        return [effect.text for effect in self.effects if isinstance(effect, Say)]

    def stops(self) -> list[OrderIntent]:
        return [item for item in self.broker.resting.values() if item.purpose is OrderPurpose.STOP]

    def targets(self) -> list[OrderIntent]:
        return [item for item in self.broker.resting.values() if item.purpose is OrderPurpose.TARGET]
