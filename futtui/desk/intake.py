"""Takes raw signals in: score, filters, gates, then entry or waiting. Immediate and armed ones share one path."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from itertools import chain

from futtui.desk import words
from futtui.desk.arbitration import DualArbitration
from futtui.desk.day_check import DayCheck
from futtui.desk.entries import EntryDraft, crowd_refusal, draft_entry, shape_refusal
from futtui.desk.halts import correlated_refusal, halt_refusal
from futtui.desk.life import PositionLife
from futtui.desk.listing import listing_refusal
from futtui.desk.outbox import Outbox
from futtui.desk.outside import outside_refusal
from futtui.desk.positions import Position, position_id_of
from futtui.desk.refusals import ENTRY_GATE, Gate, Refusal, RefusalLog, judged
from futtui.desk.scoring import SignalScorer
from futtui.desk.standing import standing_refusal
from futtui.desk.state import DeskState
from futtui.domain.effects import Severity
from futtui.domain.events import AnalysisDone, PriceUpdate
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import FOR_INFORMATION, FilterCheck, RawSignal, Signal, SignalStatus, Trigger
from futtui.domain.timeframe import MINUTE_MS
from futtui.signals.conflicts import conflict_refusals
from futtui.signals.scorer import ScoredSignal

FROM_ABOVE = "waits-below"
FROM_BELOW = "waits-above"
MISSED = Refusal("late", "missed while offline: its candle was analysed more than 15 minutes after its close")
UNSEEN = Refusal("late", "missed while offline: price came to its level while futtui could not see it")


class SignalIntake:
    """Turns proposals into entries, waiting signals or recorded refusals."""

    def __init__(self, state: DeskState, out: Outbox, life: PositionLife) -> None:
        self._state = state
        self._out = out
        self._life = life
        self._scorer = SignalScorer(state)
        self._log = RefusalLog(state.settings.refusal_merge_minutes)
        self._day = DayCheck()
        self._dual = DualArbitration(state, life)

    def take(self, event: AnalysisDone) -> None:
        """All signals of one close, best score first."""
        for line in self._day.take(event):
            self._out.add_line(line)
        for record in self._day.silences(event):
            self._out.no_signal(record)
        if not event.result.signals:
            return
        fresh: dict[str, RawSignal] = {}
        for raw in event.result.signals:
            signal_id = raw.signal_id
            if self._state.book.has_seen(signal_id) or signal_id in fresh:
                self._say_refused(raw, Refusal("duplicate", "this signal was handled before"), event.time_ms)
            else:
                fresh[signal_id] = raw
        for raw in fresh.values():
            if raw.standing:
                self._stand(raw, event)
        entering = [raw for raw in fresh.values() if not raw.standing]
        if not entering:
            return
        reading = event.result.reading
        others = (*fresh.values(), *self._scorer.agreeing_ones(event))
        scored, views = self._dual.scored(entering, lambda raw: self._scorer.score(raw, reading, others))
        rivals = [item for item in scored if not self._dual.is_opposed(item.raw, views)]
        lost = conflict_refusals(rivals, self._state.settings.scoring)
        for item in sorted(scored, key=lambda one: (-one.score, one.raw.signal_id)):
            conflict = lost.get(item.raw.signal_id)
            against: Gate = ("no opposite signal", None if conflict is None else Refusal("conflict", conflict))
            between = self._dual.gates(item.raw, views, reading)
            gates = chain(self._gates_of_close(item, event), between, (against,), self._gates_of_signal(item))
            self._accept(item, event, *judged(gates))
        if not event.late:
            self._dual.guard((item.raw for item in scored if item.raw in views), lost, event.time_ms)

    def on_price(self, update: PriceUpdate, since_ms: int, only: Set[str] | None = None) -> None:
        """Waiting signals of the symbol whose level the price reached; the update covers the time since `since_ms`.

        `only`: the positions that they would become, where the price is not for all of them.
        """
        for signal in self._state.book.waiting(update.symbol):
            if only is not None and position_id_of(signal.signal_id) not in only:
                continue
            if update.time_ms > signal.raw.valid_until_ms:
                self._expire(signal, update.time_ms)
                continue
            if _is_reached(signal, update, since_ms):
                renewed = self._scorer.renewed(signal, update.time_ms)
                refusal = UNSEEN if update.late else self._refusal_when_reached(signal, renewed, update.time_ms)
                self._enter(renewed, update.last, update.time_ms, refusal)
        for signal in self._state.standing.on(update.symbol):
            if only is not None and position_id_of(signal.signal_id) not in only:
                continue
            if update.time_ms <= signal.raw.valid_until_ms and _is_reached(signal, update, since_ms):
                if update.late:
                    self._state.standing.refuse(signal.raw.place, UNSEEN.reason)
                else:
                    self._take_standing(signal, update)

    def on_clock(self, time_ms: int) -> None:
        """Waiting signals whose time is over, and what is due in the log."""
        for day_line in self._day.due(time_ms):
            self._out.add_line(day_line)
        self._state.standing.end(time_ms)
        for signal in self._state.book.all_waiting():
            if time_ms > signal.raw.valid_until_ms:
                self._expire(signal, time_ms)
        for line in self._log.due(time_ms):
            self._out.add_line(line)

    # --- gates --------------------------------------------------------------------------------------------------

    def _gates_of_close(self, item: ScoredSignal, event: AnalysisDone) -> Iterator[Gate]:
        """What is asked of every signal of this close."""
        yield "analysed in time", MISSED if event.late else None
        reading = event.result.reading
        reason = reading.ready_reason or "its history is not complete yet"
        yield "history complete", None if reading.ready else Refusal("not ready", reason)
        over = event.time_ms > item.raw.valid_until_ms
        yield "still valid", Refusal("late", "the signal came after its validity") if over else None

    def _gates_of_signal(self, item: ScoredSignal) -> Iterator[Gate]:
        yield from self._gates_now(item.raw, self._state.now_ms, self._state.mode_for(item.raw.strategy))
        yield _score_gate(item)
        yield from self._gates_of_plan(item.raw)

    def _gates_of_plan(self, raw: RawSignal) -> Iterator[Gate]:
        state = self._state
        taken = state.book.holder(raw.place) is not None
        yield "place is free", Refusal("place", "this setup already has an open signal here") if taken else None
        yield "shape of the plan", shape_refusal(raw, state.rules[raw.symbol], state.settings.risk)

    def _gates_now(self, raw: RawSignal, time_ms: int, mode: TradingMode) -> Iterator[Gate]:
        """What is asked of a trade on the symbol at this moment, whatever the signal says."""
        state, symbol = self._state, raw.symbol
        paused = Refusal("paused", "new trades are paused") if state.why_paused(mode) else None
        yield "trading not paused", paused
        blocked = state.blocks.refusal(symbol, time_ms, raw.strategy)
        yield "not blocked", None if blocked is None else Refusal("blocked", blocked)
        yield "contract still traded", listing_refusal(state, symbol)
        stale = state.stale.get(symbol)
        old = None if stale is None else Refusal("old data", f"market data is old ({stale[1] or 'no reason given'})")
        yield "market data is fresh", old
        unsure = state.unsure_order(symbol)
        text = f"the exchange has not answered about order {unsure}"
        yield "no order in doubt", None if unsure is None else Refusal("unknown order", text)
        yield "spread and volatility in bounds", halt_refusal(state, symbol, time_ms)
        beside = outside_refusal(state, symbol, mode)
        yield "account as futtui knows it", None if beside is None else Refusal("outside", beside)
        known = symbol in state.rules
        yield (
            "trading rules known",
            None if known else Refusal("no rules", f"the trading rules of {symbol} are not known"),
        )
        yield "no other position in the way", crowd_refusal(raw, mode, state.on(symbol))

    def refusal_now(self, raw: RawSignal, time_ms: int, mode: TradingMode) -> Refusal | None:
        """The first thing that stands against a trade on the symbol at this moment."""
        return judged(self._gates_now(raw, time_ms, mode))[0]

    def _refusal_when_reached(self, signal: Signal, renewed: Signal, time_ms: int) -> Refusal | None:
        """What stands against a waiting signal whose level price reached; `renewed` is what it is worth now."""
        refusal = self.refusal_now(signal.raw, time_ms, self._state.mode_of(signal))
        if refusal is None and renewed is not signal:
            refusal = self._scorer.refusal_when_reached(renewed)
        return refusal

    def refusal_by_hand(self, signal: Signal, time_ms: int, mode: TradingMode) -> Refusal | None:
        """What stands against taking an open signal by hand, as it would against its own entry."""
        state, raw = self._state, signal.raw
        if time_ms > raw.valid_until_ms:
            return Refusal("late", "its time to enter is over")
        refusal = self.refusal_now(raw, time_ms, mode)
        if refusal is None and signal.status is SignalStatus.WAITING:
            renewed = self._scorer.renewed(signal, time_ms)
            refusal = self._scorer.refusal_when_reached(renewed) if renewed is not signal else None
        if refusal is None:
            refusal = shape_refusal(raw, state.rules[raw.symbol], state.settings.risk)
        if refusal is None and raw.standing:
            held = state.count_held(mode, raw.strategy)
            limits = state.settings.risk.standing
            counted_in = signal.updated_ms >= time_ms - limits.cascade_minutes * MINUTE_MS
            refusal = standing_refusal(raw, time_ms, held, state.standing, state.trades, limits, itself=int(counted_in))
        return refusal

    def _waiting(self, item: ScoredSignal, time_ms: int, checks: tuple[FilterCheck, ...]) -> Signal:
        """The scored signal before anything came of it."""
        told = self._state.mode_for(item.raw.strategy) is TradingMode.INFO
        tags = (FOR_INFORMATION,) if told else ()
        needed = self._state.settings.scoring.threshold_of(item.raw.strategy, item.raw.system.value)
        return Signal(
            item.raw, item.score, item.parts, SignalStatus.WAITING, "", time_ms, item.completeness, "", tags, checks,
            needed,
        )  # fmt: skip

    # --- outcomes -----------------------------------------------------------------------------------------------

    def _accept(
        self, item: ScoredSignal, event: AnalysisDone, refusal: Refusal | None, checks: tuple[FilterCheck, ...]
    ) -> None:
        signal = self._waiting(item, event.time_ms, checks)
        price = self._state.entry_price(item.raw.symbol, event.result.reading)
        if refusal is None and (price is None or not 0.0 < price < float("inf")):
            refusal = Refusal("no price", "the price is not known")
        if refusal is not None or price is None:
            self._refuse(signal, refusal or Refusal("no price", "the price is not known"), event.time_ms)
        elif item.raw.trigger is Trigger.ARMED:
            self._arm(signal, price, event.time_ms)
        else:
            self._enter(signal, price, event.time_ms, None)

    def _stand(self, raw: RawSignal, event: AnalysisDone) -> None:
        """Put a standing level up, or say why not; nothing is recorded or scored before price comes to it."""
        state, item = self._state, ScoredSignal(raw, raw.base_score, raw.parts, 1.0)
        now = self._gates_now(raw, state.now_ms, state.mode_for(raw.strategy))
        gates = chain(self._gates_of_close(item, event), now, self._gates_of_plan(raw))
        refusal, checks = judged(gates)
        price = state.entry_price(raw.symbol, event.result.reading)
        if refusal is not None or price is None or not price > 0.0:
            state.standing.refuse(raw.place, refusal.reason if refusal is not None else "the price is not known")
            return
        signal = self._waiting(item, event.time_ms, checks)
        state.standing.renew(_waiting_for(signal, price))

    def _take_standing(self, signal: Signal, update: PriceUpdate) -> None:
        """Price came to a standing level: now it is a signal, traded or refused."""
        state, raw, time_ms = self._state, signal.raw, update.time_ms
        state.standing.drop(raw.place)
        mode = state.mode_for(raw.strategy)
        held = state.count_held(mode, raw.strategy)
        refusal = self.refusal_now(raw, time_ms, mode) or standing_refusal(
            raw, time_ms, held, state.standing, state.trades, state.settings.risk.standing
        )
        state.standing.note_reached(raw, time_ms)
        item = self._scorer.score(raw, state.readings[raw.symbol])
        filtered, checks = judged((_score_gate(item),))
        scored = replace(
            signal, score=item.score, parts=item.parts, completeness=item.completeness,
            checks=(*signal.checks, *checks),
        )  # fmt: skip
        self._enter(scored, update.last, time_ms, refusal or filtered)

    def _arm(self, signal: Signal, price: float, time_ms: int) -> None:
        raw = signal.raw
        armed = _waiting_for(signal, price)
        self._state.book.put(armed)
        self._out.signal(armed)
        level = words.price(self._state.rules[raw.symbol], raw.levels.entry)
        text = words.signal_waits(raw, signal.score, level)
        self._out.say(time_ms, "signal", text, Severity.NOTICE, raw.symbol)

    def _enter(self, signal: Signal, price: float, time_ms: int, refusal: Refusal | None) -> None:
        """The one path into a position, for immediate and armed signals alike."""
        draft = refusal or self.draft(signal, price, time_ms, self._state.mode_of(signal))
        if isinstance(draft, Refusal):
            self._refuse(signal, draft, time_ms)
        else:
            self.open(signal, draft, price, time_ms)

    def draft(self, signal: Signal, price: float, time_ms: int, mode: TradingMode) -> EntryDraft | Refusal:
        """The trade that a signal becomes at `price` on the account of a mode, or which limit forbids it."""
        state, raw = self._state, signal.raw
        rules = state.rules.get(raw.symbol)
        if rules is None:
            return Refusal("no rules", "the trading rules are not known")
        account = state.accounts[mode]
        draft = draft_entry(signal, price, rules, account, state.held(mode), time_ms, state.settings.risk)
        if not isinstance(draft, Refusal) and account.holds_money:
            more_pct = state.settings.risk.sizing.risk_per_trade_pct
            draft = correlated_refusal(state, raw, state.held(mode), more_pct, time_ms) or draft
        return draft

    def open(self, signal: Signal, draft: EntryDraft, price: float, time_ms: int) -> None:
        """Make the signal a position."""
        passed = FilterCheck(ENTRY_GATE, True, "; ".join(draft.notes))
        signal = replace(signal, checks=(*signal.checks, passed))
        state, plan = self._state, draft.plan
        told = plan.mode is TradingMode.INFO and FOR_INFORMATION not in draft.tags
        reason = "; ".join((words.what_follows(plan.mode), *draft.notes))
        active = replace(
            signal,
            status=SignalStatus.ACTIVE,
            status_reason=reason,
            updated_ms=time_ms,
            position_id=plan.position_id,
            tags=(*draft.tags, FOR_INFORMATION) if told else draft.tags,
        )
        state.book.put(active)
        self._out.signal(active)
        text = words.signal_found(signal.raw, signal.score, plan.mode)
        text = "; ".join((text, *draft.notes))
        self._out.say(time_ms, "signal", text, words.loudness(plan.mode), plan.symbol)
        position = Position(plan, state.rules[plan.symbol], time_ms, price)
        state.add(position)
        self._life.start(position, time_ms)

    def _refuse(self, signal: Signal, refusal: Refusal, time_ms: int) -> None:
        checks = signal.checks
        if not checks or checks[-1].passed:
            checks = (*checks, FilterCheck(f"{ENTRY_GATE} ({refusal.kind})", False, refusal.reason))
        refused = replace(
            signal, status=SignalStatus.REFUSED, status_reason=refusal.reason, updated_ms=time_ms, checks=checks
        )
        self._state.book.put(refused)
        self._out.signal(refused)
        self._say_refused(signal.raw, refusal, time_ms)

    def _say_refused(self, raw: RawSignal, refusal: Refusal, time_ms: int) -> None:
        self._day.refused(refusal.kind)
        for line in self._log.add(raw, refusal, time_ms):
            self._out.add_line(line)

    def _expire(self, signal: Signal, time_ms: int) -> None:
        reason = "price did not reach its level in time"
        ended_ms = signal.raw.valid_until_ms  # not when this was noticed: that is another moment in every shell
        expired = self._state.book.change(signal.signal_id, SignalStatus.EXPIRED, reason, ended_ms)
        if expired is not None:
            self._out.signal(expired)
            self._out.say(time_ms, "signal", words.signal_expired(signal.raw), symbol=signal.raw.symbol)


def _score_gate(item: ScoredSignal) -> Gate:
    reason = item.filter_reason
    return "score, regime and BTC", None if reason is None else Refusal("filter", reason)


def _waiting_for(signal: Signal, price: float) -> Signal:
    """The armed signal, marked with the side from which price has to come."""
    raw = signal.raw
    distance = price - raw.levels.entry
    from_above = distance > 0.0 or (distance == 0.0 and raw.side is Side.LONG)
    reason = "waiting for price to reach its level"
    came_from = FROM_ABOVE if from_above else FROM_BELOW
    return Signal(
        raw, signal.score, signal.parts, signal.status, reason, signal.updated_ms, signal.completeness,
        signal.position_id, (*signal.tags, came_from), signal.checks, signal.needed_score,
    )  # fmt: skip


def _is_reached(signal: Signal, update: PriceUpdate, since_ms: int) -> bool:
    """Whether price came to the level; a range that began before the signal counts only with its last price."""
    whole = since_ms >= signal.updated_ms
    return comes_to(signal, *((update.low, update.high) if whole else (update.last, update.last)))


def comes_to(signal: Signal, low: float, high: float) -> bool:
    """Whether a range of prices reaches the level of a waiting signal."""
    level = signal.raw.levels.entry
    return low <= level if FROM_ABOVE in signal.tags else high >= level
