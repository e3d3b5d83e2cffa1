"""What the user decides about one signal: dismissing it, bringing it back, taking it by hand."""

from __future__ import annotations

from dataclasses import replace

from futtui.desk import words
from futtui.desk.entries import EntryDraft
from futtui.desk.intake import FROM_ABOVE, FROM_BELOW, SignalIntake
from futtui.desk.outbox import Outbox
from futtui.desk.refusals import Refusal
from futtui.desk.state import DeskState
from futtui.domain.effects import Severity
from futtui.domain.events import DismissSignal, TakeSignal
from futtui.domain.position import TradingMode
from futtui.domain.signal import DISMISSED, FOR_INFORMATION, TAKEN, Signal, SignalStatus, Trigger
from futtui.domain.taking import TakeLook
from futtui.risk.leverage import leverage_for

OVER = "This signal is over already"
"""The answer to a command about a signal that ended meanwhile."""
UNKNOWN = "This signal is not known any more"
BY_YOU = "taken by your command"
_NOT_OF_THE_TRADE = (FOR_INFORMATION, FROM_ABOVE, FROM_BELOW, DISMISSED)


class SignalChoices:
    """Carries out commands about one signal; everything that is refused is told with its reason.

    A signal that is set aside is followed as before, for honest figures, but never entered with money. What is taken
    becomes a signal of its own with the same plan, so that its position is made, protected and kept like any other.
    """

    def __init__(self, state: DeskState, out: Outbox, intake: SignalIntake) -> None:
        self._state = state
        self._out = out
        self._intake = intake

    def on_dismiss(self, event: DismissSignal) -> None:
        """Set a signal aside, or bring it back."""
        signal = self._state.book.get(event.signal_id)
        if signal is None:
            self._out.say(event.time_ms, "signal", OVER, Severity.NOTICE)
            return
        if (DISMISSED in signal.tags) is not event.dismissed:
            without = tuple(tag for tag in signal.tags if tag != DISMISSED)
            self._mark(signal, (*without, DISMISSED) if event.dismissed else without)
        text = f"{_name(signal)} {self._what_now(signal, event)}"
        self._out.say(event.time_ms, "signal", text, Severity.NOTICE, signal.raw.symbol)

    def _what_now(self, signal: Signal, event: DismissSignal) -> str:
        if not event.dismissed:
            return "is back among the active signals"
        position = self._state.open.get(signal.position_id)
        if position is not None and position.plan.mode in (TradingMode.PAPER, TradingMode.LIVE):
            return "dismissed, its position stays open"
        return "dismissed, it is followed but not entered"

    def on_take(self, event: TakeSignal) -> None:
        """Enter an open signal now, on the account of the mode in force."""
        signal = self._state.book.find(event.signal_id)
        found = self._judged(signal, event.time_ms) if signal else UNKNOWN
        if signal is None or isinstance(found, str):
            text, symbol = (f"{_name(signal)} not taken, {found}", signal.raw.symbol) if signal else (UNKNOWN, "")
            self._out.say(event.time_ms, "signal", text, Severity.WARNING, symbol)
            return
        draft, price = found
        self._mark(signal, (*signal.tags, TAKEN))
        draft = replace(draft, notes=(BY_YOU, *draft.notes))
        self._intake.open(_by_hand(signal, event.time_ms), draft, price, event.time_ms)

    def look(self, signal_id: str, time_ms: int) -> TakeLook | None:
        """What taking the signal at `time_ms` would mean; None for a signal that is not known. Changes nothing."""
        state = self._state
        signal = state.book.find(signal_id)
        if signal is None:
            return None
        raw, price = signal.raw, self._price_of(signal)
        found = self._judged(signal, time_ms)
        base = TakeLook(
            signal_id, raw.symbol, raw.side, state.mode, found if isinstance(found, str) else "",
            raw.levels.entry, price, raw.levels.stop, raw.levels.targets,
        )  # fmt: skip
        if price is None:
            return base
        # The size is worth knowing also while something else stands against the trade.
        draft = self._intake.draft(_by_hand(signal, time_ms), price, time_ms, state.mode)
        return base if isinstance(draft, Refusal) else self._with_size(base, draft)

    def _with_size(self, look: TakeLook, draft: EntryDraft) -> TakeLook:
        state, plan = self._state, draft.plan
        rules, account = state.rules[plan.symbol], state.accounts[plan.mode]
        equity = account.equity(state.held(plan.mode))
        leverage = leverage_for(plan.entry, plan.stop, rules, state.settings.risk.sizing)
        value, risk = plan.entry * plan.quantity, abs(plan.entry - plan.stop) * plan.quantity
        return replace(
            look,
            stop=float(plan.stop),
            quantity=float(plan.quantity),
            value=float(value),
            leverage=leverage if isinstance(leverage, int) else None,
            risk_money=float(risk),
            risk_pct=float(risk / equity * 100) if equity > 0 else None,
            costs=float(value) * state.settings.risk.entry.round_trip_pct / 100.0,
            notes=draft.notes,
        )

    def _judged(self, signal: Signal, time_ms: int) -> tuple[EntryDraft, float] | str:
        """The trade that taking the signal would make and its price, or what stands against it in words."""
        mode, price = self._state.mode, self._price_of(signal)
        gone = self._not_to_be_had(signal)
        if gone:
            return gone
        refusal = self._intake.refusal_by_hand(signal, time_ms, mode)
        if refusal is not None:
            return refusal.reason
        if price is None or not 0.0 < price < float("inf"):
            return "the price is not known"
        draft = self._intake.draft(_by_hand(signal, time_ms), price, time_ms, mode)
        return draft.reason if isinstance(draft, Refusal) else (draft, price)

    def _not_to_be_had(self, signal: Signal) -> str:
        """Why this very signal cannot be taken (any more); empty if it can."""
        state = self._state
        if state.mode is TradingMode.SIGNALS:
            return "in signals only nothing is traded; another mode has to be chosen first"
        if signal.raw.is_by_hand or self._was_taken(signal):
            return "it was taken already"
        if not signal.status.is_open:
            return f"it is over ({signal.status_reason or signal.status.value.lower()})"
        position = state.open.get(signal.position_id)
        traded = position is not None and position.plan.mode is state.mode
        return "it is traded already" if traded else ""

    def _was_taken(self, signal: Signal) -> bool:
        """Whether it was, and not merely tried: an entry that the exchange refused can be tried again."""
        if TAKEN not in signal.tags:
            return False
        made = self._state.book.taken_of(signal)
        return not made or any(item.status is not SignalStatus.REFUSED for item in made)

    def _price_of(self, signal: Signal) -> float | None:
        symbol = signal.raw.symbol
        return self._state.entry_price(symbol, self._state.readings.get(symbol))

    def _mark(self, signal: Signal, tags: tuple[str, ...]) -> None:
        """Keep a signal with other tags; when it changed last is no news of it, the watch on its level goes by that."""
        marked = replace(signal, tags=tuple(dict.fromkeys(tags)))
        self._state.book.put(marked)
        self._out.signal(marked)


def _name(signal: Signal) -> str:
    """Symbol and side: which strategy it is of, the screen shows."""
    return f"{signal.raw.symbol} {words.side(signal.raw.side)}"


def _by_hand(signal: Signal, time_ms: int) -> Signal:
    """The signal that taking another one makes: the same plan, at this moment, on the account of the mode."""
    raw = replace(signal.raw, trigger=Trigger.BY_HAND, time_ms=time_ms, standing=False)
    tags = tuple(tag for tag in signal.tags if tag not in _NOT_OF_THE_TRADE)
    return replace(signal, raw=raw, status=SignalStatus.WAITING, status_reason="", updated_ms=time_ms, tags=tags)
