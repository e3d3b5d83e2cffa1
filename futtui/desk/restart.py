"""Brings the desk back to where a previous run left it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from futtui.desk.outbox import Outbox
from futtui.desk.state import DeskState
from futtui.desk.storage_form import resume_position
from futtui.domain.effects import PositionState, Severity
from futtui.domain.errors import InvalidInputError
from futtui.domain.position import PositionStatus, Trade
from futtui.domain.signal import Signal, SignalStatus
from futtui.language.counting import counted

_OVER = (PositionStatus.CLOSED.value, PositionStatus.FAILED.value)


def restore_desk(
    state: DeskState,
    out: Outbox,
    positions: Iterable[PositionState],
    signals: Iterable[Signal],
    blocked: Mapping[str, tuple[int, str]],
    trades: Iterable[Trade],
    time_ms: int,
) -> None:
    """Fill `state` with stored positions, signals, blocks and trades; say what could not be taken over."""
    for symbol, (until_ms, reason) in blocked.items():
        state.blocks.block(symbol, until_ms, reason)
    _restore_trades(state, trades)
    state.book.restore(signals)
    results = {trade.position_id: trade for trade in state.trades}
    for stored in positions:
        _restore_position(state, out, stored, results.get(stored.position_id), time_ms)
    _close_orphans(state, out, time_ms)
    if state.open:
        text = f"{counted(len(state.open), 'open position')} taken over from the last run"
        out.say(time_ms, "trade", text, Severity.NOTICE)


def _restore_trades(state: DeskState, trades: Iterable[Trade]) -> None:
    known = sorted(trades, key=lambda trade: (trade.closed_ms, trade.position_id))
    for trade in known:
        state.trades.put(trade)
    for trade in known:
        state.book.note_seen(trade.signal_id)
    for mode, account in state.accounts.items():
        account.restart((trade for trade in known if trade.mode is mode), state.settings.risk.caps)


def _restore_position(state: DeskState, out: Outbox, stored: PositionState, trade: Trade | None, time_ms: int) -> None:
    if stored.status in _OVER:  # an order of it may still be met
        state.book.note_seen(stored.signal_id)
        return
    try:
        position = resume_position(stored)
    except InvalidInputError as error:
        reason = "blocked because a stored position could not be read"
        state.blocks.block(stored.symbol, 0, reason)
        out.block(stored.symbol, 0, reason, time_ms)
        out.say(time_ms, "risk", str(error), Severity.ERROR, stored.symbol)
        return
    state.book.note_seen(position.plan.signal_id)
    if trade is not None and len(position.ledger.legs) < len(trade.legs):
        # The run ended between the record of the trade and that of the closed position.
        position.status = PositionStatus.CLOSED
        out.touch(position)
    elif position.is_open:
        position.rules = state.rules.get(position.plan.symbol, position.rules)
        # Nobody could confirm a stop while futtui did not run: its time limit begins anew.
        position.naked_since_ms, position.naked_events = time_ms, 0
        state.add(position)


def _close_orphans(state: DeskState, out: Outbox, time_ms: int) -> None:
    """An active signal without its position would hold its place for ever."""
    for signal in state.book.view():
        if signal.status is SignalStatus.ACTIVE and signal.position_id not in state.open:
            reason = "its position was not found after the restart"
            changed = state.book.change(signal.signal_id, SignalStatus.CLOSED, reason, time_ms)
            if changed is not None:
                out.signal(changed)
