"""The kill switch: four levels, from the user or by itself, latched from flattening on."""

from __future__ import annotations

from dataclasses import replace

from futtui.desk.life import PositionLife
from futtui.desk.outbox import Outbox
from futtui.desk.outside import OutsideWatch
from futtui.desk.positions import Position
from futtui.desk.state import DeskState
from futtui.domain.effects import Severity, WriteLatch
from futtui.domain.events import ProgramEnds
from futtui.domain.kill import KillLevel, KillSwitch, Rearm
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import ExitReason, Trade, TradingMode
from futtui.domain.signal import SignalStatus
from futtui.domain.timeframe import DAY_MS
from futtui.language.counting import counted
from futtui.risk.caps import day_loss_left_pct

_WHAT = {
    KillLevel.PAUSE: "new trades are paused",
    KillLevel.CANCEL: "new trades are paused, waiting signals and entries are cancelled",
    KillLevel.FLATTEN: "everything is closed at market, and nothing opens before you re-arm",
    KillLevel.LOCK: "everything is closed at market, and Live stays locked until you re-arm, also after a restart",
}


class KillDesk:
    """Carries the levels out. Each one includes those below; a lower one never loosens what a higher one latched."""

    def __init__(self, state: DeskState, out: Outbox, life: PositionLife, outside: OutsideWatch) -> None:
        self._state = state
        self._out = out
        self._life = life
        self._outside = outside
        self._failures: list[int] = []

    def on_switch(self, event: KillSwitch) -> None:
        """Carry out a level; repeated news of the same level does again what is not done yet."""
        state = self._state
        if event.level <= state.kill_level and event.level < KillLevel.FLATTEN:
            return
        state.paused, state.pause_reason = True, f"kill switch {int(event.level)} ({event.reason})"
        state.kill_level = max(state.kill_level, event.level)
        text = f"Kill switch, level {int(event.level)} ({event.reason}): {_WHAT[event.level]}"
        self._out.say(event.time_ms, "kill", text, Severity.ERROR)
        if event.level >= KillLevel.FLATTEN:
            self._out.latch(WriteLatch(event.level, event.reason, event.time_ms))
        if event.level >= KillLevel.CANCEL:
            self._cancel_entries(event)
        if event.level >= KillLevel.FLATTEN:
            self._flatten(event.time_ms)
        if event.level >= KillLevel.LOCK and state.mode is TradingMode.LIVE:
            state.mode = TradingMode.SIGNALS

    def on_program_end(self, event: ProgramEnds) -> None:
        """Close at market what no confirmed stop covers: nobody would look after it."""
        for position in self._state.held(TradingMode.LIVE):
            self._life.close_uncovered(position, event.time_ms, "its stop was not confirmed before futtui closed")

    def on_rearm(self, event: Rearm) -> None:
        """Let trading be possible again; the pause ends with it, the mode stays."""
        state = self._state
        if not state.kill_level:
            return
        state.kill_level, state.paused, state.pause_reason = 0, False, ""
        self._failures = []
        self.forget_best()
        self._out.latch(WriteLatch(0, "re-armed by you", event.time_ms))
        self._out.say(event.time_ms, "kill", "Kill switch re-armed, new trades go on", Severity.NOTICE)

    def forget_best(self) -> None:
        """Trading goes on by the user's will: from now on a fall counts from what each account is worth now."""
        for account in self._state.accounts.values():
            account.forget_best()

    def refusal(self) -> str | None:
        """Why Live and new trades are refused now; None while no level is latched."""
        if self._state.kill_level < KillLevel.FLATTEN:
            return None
        return f"{self._state.pause_reason}: re-arm it first (the ! key)"

    def _flatten(self, time_ms: int, only: TradingMode | None = None) -> None:
        """Close what is not closing yet; a closing order that failed is tried again with each tick of the clock."""
        for position in list(self._state.open.values()):
            mode = position.plan.mode
            if mode is not TradingMode.INFO and only in (None, mode) and position.exit_reason is None:
                self._life.request_exit(position, ExitReason.MANUAL, time_ms, "by the kill switch")

    def _cancel_entries(self, event: KillSwitch) -> None:
        state, reason = self._state, f"ended by the kill switch ({event.reason})"
        for signal in state.book.all_waiting():
            ended = state.book.change(signal.signal_id, SignalStatus.EXPIRED, reason, event.time_ms)
            if ended is not None:
                self._out.signal(replace(ended, status_reason=reason))
        for signal in state.standing.view():
            state.standing.refuse(signal.raw.place, reason)
        for position in state.open.values():
            for order in position.of(OrderPurpose.ENTRY):
                if not order.is_spent and not order.is_final and not order.cancel_sent and order.is_in_flight:
                    order.cancel_sent = True
                    self._out.cancel(position, order.client_id, order.order_type.is_conditional, event.time_ms)

    # --- by itself ----------------------------------------------------------------------------------------------

    def on_clock(self, time_ms: int) -> None:
        """Triggers of the real account: day loss, drawdown, books that do not agree, stops that do not hold.

        A virtual account that fell as far is closed and paused too, but nothing is latched: it is play money.
        """
        if self._state.kill_level >= KillLevel.FLATTEN:
            self._flatten(time_ms)
        mode = self._state.mode
        if mode is not TradingMode.LIVE:
            self._look_at_virtual(mode, time_ms)
        if mode is not TradingMode.LIVE and not self._state.held(TradingMode.LIVE):
            return
        found = self._trigger(time_ms)
        if found is not None and found[0] > self._state.kill_level:
            self.on_switch(KillSwitch(time_ms, *found))

    def _look_at_virtual(self, mode: TradingMode, time_ms: int) -> None:
        fallen = self._fallen(mode)
        if fallen is not None and self._state.kill_level < KillLevel.CANCEL:
            self.on_switch(KillSwitch(time_ms, KillLevel.CANCEL, fallen))
            self._flatten(time_ms, mode)

    def _fallen(self, mode: TradingMode) -> str | None:
        """How far the equity of an account is below its best, where that is too far; lets it move its best."""
        account = self._state.accounts[mode]
        held = self._state.held(mode)
        account.note_equity(account.equity(held))
        if account.peak_equity <= 0:
            return None
        equity = account.most_equity(held)
        down_pct = float((account.peak_equity - equity) / account.peak_equity * 100)
        if down_pct < self._state.settings.risk.kill.drawdown_pct:
            return None
        name = "the account" if mode is TradingMode.LIVE else "the virtual account"
        return f"{name} is {down_pct:.1f} % below its best"

    def _trigger(self, time_ms: int) -> tuple[KillLevel, str] | None:
        settings = self._state.settings.risk.kill
        account = self._state.accounts[TradingMode.LIVE]
        if not account.is_known:
            return None
        fallen = self._fallen(TradingMode.LIVE)
        if fallen is not None:
            return KillLevel.LOCK, fallen
        equity = account.most_equity(self._state.held(TradingMode.LIVE))
        left_pct = day_loss_left_pct(equity, account.day_start_equity, self._state.settings.risk.caps)
        if left_pct <= 0.0:
            return KillLevel.CANCEL, "the day loss limit is reached"
        self._failures = [moment for moment in self._failures if time_ms - moment < DAY_MS]
        if len(self._failures) >= settings.protection_failures:
            times = counted(len(self._failures), "position")
            return KillLevel.CANCEL, f"{times} could not be protected within a day"
        apart_ms = self._outside.apart_since_ms
        if apart_ms is not None and time_ms - apart_ms >= settings.mismatch_seconds * 1000:
            return KillLevel.CANCEL, f"account and books do not agree for {(time_ms - apart_ms) // 1000} seconds"
        return None

    def note_closed(self, position: Position, trade: Trade) -> None:
        """Count positions of the real account that were closed because no stop held."""
        if trade.mode is TradingMode.LIVE and position.exit_reason is ExitReason.DATA and position.lost_stops:
            self._failures.append(trade.closed_ms)
