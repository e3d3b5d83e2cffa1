"""What may be asked of the desk between two events; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Set
from decimal import Decimal

from futtui.desk.choosing import SignalChoices
from futtui.desk.fingerprint import fingerprint
from futtui.desk.intake import comes_to
from futtui.desk.life import PositionLife
from futtui.desk.outside import OutsideWatch
from futtui.desk.positions import position_id_of
from futtui.desk.state import DeskState
from futtui.domain.effects import PlaceOrder
from futtui.domain.orders import OrderStatus
from futtui.domain.position import PositionStatus, TradingMode
from futtui.domain.taking import TakeLook


class DeskQuestions:
    """The reading side of `TradingDesk`."""

    _state: DeskState
    _choices: SignalChoices
    _outside: OutsideWatch
    _life: PositionLife

    def working_orders(self) -> tuple[PlaceOrder, ...]:
        """Orders that should be alive at the brokers now, as they were sent: for a broker that starts empty."""
        return tuple(
            PlaceOrder(position.plan.mode, position.intent_of(order))
            for position in self._state.open.values()
            for order in position.orders.values()
            if not order.is_spent and not order.is_final and not order.cancel_sent
        )

    def live_orders(self) -> tuple[tuple[PlaceOrder, OrderStatus, bool], ...]:
        """Orders on the real account that may have news: as they were sent, last known status, whether to be cancelled.

        After a restart only the exchange can tell what became of each.
        """
        return tuple(
            (PlaceOrder(position.plan.mode, position.intent_of(order)), order.status, order.cancel_sent)
            for position in self._state.held(TradingMode.LIVE)
            for order in position.orders.values()
            if not order.is_spent
        )

    @property
    def live_symbols(self) -> tuple[str, ...]:
        """Symbols with positions of ours on the real account."""
        return tuple(dict.fromkeys(position.plan.symbol for position in self._state.held(TradingMode.LIVE)))

    @property
    def uncovered_symbols(self) -> tuple[str, ...]:
        """Symbols of the real account where something is, or may soon be, held that no confirmed stop covers."""
        held = self._state.held(TradingMode.LIVE)
        return tuple(dict.fromkeys(item.plan.symbol for item in held if not self._life.is_covered(item)))

    def live_since(self) -> dict[str, int]:
        """When the oldest of our positions on each symbol of the real account was opened, in ms."""
        since: dict[str, int] = {}
        for position in self._state.held(TradingMode.LIVE):
            if position.ledger.entry_quantity:
                symbol = position.plan.symbol
                since[symbol] = min(position.opened_ms, since.get(symbol, position.opened_ms))
        return since

    def close_to_action(self, most: int, within_atr: float) -> tuple[str, ...]:
        """Up to `most` symbols whose price is near something that waits for it, most urgent first.

        Waiting signals come before standing levels, whatever their distance; levels farther than `within_atr` ATR are
        left out.
        """
        state = self._state
        urgency: dict[str, tuple[bool, float]] = {}
        for signal in (*state.book.all_waiting(), *state.standing.view()):
            raw = signal.raw
            price = state.entry_price(raw.symbol, state.readings.get(raw.symbol))
            if price is None or not raw.atr > 0.0:
                continue
            rank = (raw.standing, abs(price - raw.levels.entry) / raw.atr)
            if not raw.standing or rank[1] <= within_atr:
                urgency[raw.symbol] = min(rank, urgency.get(raw.symbol, rank))
        ordered = sorted(urgency, key=lambda symbol: (*urgency[symbol], symbol))
        return tuple(ordered[:most])

    def look_at_taking(self, signal_id: str, time_ms: int) -> TakeLook | None:
        """What taking a signal by hand at `time_ms` would mean; None for a signal that is not known."""
        return self._choices.look(signal_id, time_ms)

    @property
    def agrees_with_account(self) -> bool:
        """Whether the last look at the account agreed with the books."""
        return self._outside.is_settled

    def fingerprint(self) -> str:
        """A hash of everything that decides; equal for equal states."""
        return fingerprint(self._state)

    @property
    def mode(self) -> TradingMode:
        """The mode in force."""
        return self._state.mode

    @property
    def kill_level(self) -> int:
        """What the kill switch latched; 0 = nothing."""
        return self._state.kill_level

    @property
    def pause_reason(self) -> str:
        """Why new trades are paused; empty while they are not, or when the user just pressed the key."""
        return self._state.pause_reason

    @property
    def is_in_motion(self) -> bool:
        """Whether a position is between two states, so that time must be told often."""
        calm = (PositionStatus.PROTECTED,)
        return any(position.status not in calm for position in self._state.open.values())

    def unsettled_orders(self) -> tuple[tuple[PlaceOrder, OrderStatus], ...]:
        """Orders that were under way when the last run ended: unanswered, begun without an end, or being cancelled.

        With the last known status of each. What became of them only the broker can tell.
        """
        return tuple(
            (PlaceOrder(position.plan.mode, position.intent_of(order)), order.status)
            for position in self._state.open.values()
            for order in position.orders.values()
            if order.is_under_way or (order.cancel_sent and not order.is_spent and not order.is_final)
        )

    def at_stops_r(self, mode: TradingMode, symbols: Set[str]) -> tuple[float, ...]:
        """What the open positions of an account on these symbols would have earned, closed at their stops, in R."""
        held = [position for position in self._state.held(mode) if position.plan.symbol in symbols]
        return tuple(
            float((ledger.net + ledger.unrealized(position.stop)) / (position.risk_per_unit * ledger.entry_quantity))
            for position in held
            if (ledger := position.ledger).entry_quantity
        )

    def booked_wallet(self, mode: TradingMode) -> Decimal:
        """Start equity plus everything that trades, fees and funding of a mode have booked so far."""
        return self._state.accounts[mode].wallet(self._state.held(mode))

    def reported_wallet(self, mode: TradingMode) -> Decimal | None:
        """Wallet of a mode as its broker reported it last; None before the first report."""
        return self._state.accounts[mode].reported_wallet

    def is_calm(self, symbol: str, low: float, high: float, until_ms: int) -> bool:
        """Whether prices from `low` to `high` until a moment move only the bests and worsts of positions.

        As long as they reach no order at a broker. One update of the whole range is then as good as all of them.
        """
        state = self._state
        seen = state.prices.get(symbol)
        if seen is None or until_ms < seen.time_ms:
            return False
        if not state.is_watched(symbol):
            return True
        for signal in state.book.waiting(symbol):
            if until_ms > signal.raw.valid_until_ms or comes_to(signal, low, high):
                return False
        if any(comes_to(signal, low, high) for signal in state.standing.on(symbol)):
            return False
        return all(self._life.is_calm(position, seen.time_ms, until_ms) for position in state.on(symbol))

    def watches(self, symbol: str) -> bool:
        """Whether a price of a symbol can change anything."""
        return self._state.is_watched(symbol)

    def levels_on(self, symbol: str, only: Set[str] | None = None) -> list[float] | None:
        """Prices of a symbol at which something is to happen; None when no price of it can change anything.

        `only`: those of these positions, and of the signals that would become them.
        """
        return self._state.levels_on(symbol, only) if self._state.is_watched(symbol) else None

    def side_on(self, symbol: str, only: Set[str] | None = None) -> int:
        """The side that is held on a symbol, by these positions or any: +1 long, -1 short, 0 nothing."""
        for position in self._state.on(symbol):
            if position.ledger.open > 0 and (only is None or position.position_id in only):
                return position.plan.side.sign
        return 0

    def parties_on(self, symbol: str, low: float, high: float) -> list[frozenset[str]]:
        """Who has a way of its own through a bar from `low` to `high`: position ids, those of one way together.

        Positions of one side share their way, whatever their account. A waiting signal whose level price comes to has
        one by itself: what may have been before its entry does not count for it. The nearest level comes first.
        """
        state = self._state
        held: dict[int, list[str]] = {}
        for position in state.on(symbol):
            held.setdefault(position.plan.side.sign, []).append(position.position_id)
        levels = (*state.book.waiting(symbol), *state.standing.on(symbol))
        waiting = [signal for signal in levels if comes_to(signal, low, high)]
        at = state.prices[symbol].last if symbol in state.prices else low
        waiting.sort(key=lambda each: (abs(each.raw.levels.entry - at), each.signal_id))
        ways = [held[sign] for sign in (1, -1) if sign in held]
        return [frozenset(each) for each in (*ways, *([position_id_of(one.signal_id)] for one in waiting))]
