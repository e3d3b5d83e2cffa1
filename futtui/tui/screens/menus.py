"""The menus and questions of the dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.position import PositionStatus, TradingMode
from futtui.domain.snapshot import PositionView
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.view import View, source_of
from futtui.tui.screens.dialog import Choice, MenuDialog, QuestionDialog
from futtui.tui.words import word

MOST_NAMED = 8
"""So many symbols are named in a sentence."""


def mode_menu(view: View) -> MenuDialog:
    """Signals only, paper, live; pause; and the way to stopping everything."""
    desk = view.snapshot.desk
    live_note = "mode.note.live_embedded" if source_of(view.snapshot).embedded else "mode.note.LIVE"
    choices = [
        Choice("1", word("mode.SIGNALS"), word("mode.note.SIGNALS"), TradingMode.SIGNALS.value),
        Choice("2", word("mode.PAPER"), word("mode.note.PAPER"), TradingMode.PAPER.value),
        Choice("3", word("mode.LIVE"), word(live_note), TradingMode.LIVE.value),
        Choice(
            "p",
            word("mode.resume" if desk and desk.paused else "mode.pause"),
            word("mode.note.resume" if desk and desk.paused else "mode.note.pause"),
            "pause",
        ),
        Choice("!", word("mode.stop"), word("mode.note.stop"), "stop"),
    ]
    marked = [TradingMode.SIGNALS, TradingMode.PAPER, TradingMode.LIVE].index(view.mode)
    intro = [word("mode.now", mode=word(f"mode.{view.mode.value}").upper())]
    if desk and desk.paused:
        intro.append(word("mode.paused_because", reason=heard(desk.pause_reason) or word("mode.paused_by_you")))
    intro.append(word("mode.source", source=heard(view.snapshot.source_label) or word("value.none")))
    return MenuDialog(word("mode.heading"), intro, choices, marked)


def kill_menu(view: View) -> MenuDialog:
    """The four levels, and re-arming where one is latched. The menu key and a digit: two keys are enough."""
    desk = view.snapshot.desk
    latched = desk.kill_level if desk else 0
    choices = [
        Choice(str(level), word(f"kill.{level}"), word(f"kill.note.{level}"), str(level)) for level in (1, 2, 3, 4)
    ]
    intro = [word("kill.nothing")]
    if desk is not None and latched:
        choices.append(Choice("r", word("kill.rearm"), word("kill.note.rearm"), "rearm"))
        intro = [word("kill.now", level=latched, reason=heard(desk.pause_reason))]
    intro += _what_would_close(view)
    return MenuDialog(word("kill.heading"), intro, choices, 0)


def _what_would_close(view: View) -> list[str]:
    """What the levels that close everything would close, and about what it would bring."""
    desk = view.snapshot.desk
    held = [item for item in (desk.positions if desk else ()) if item.mode is not TradingMode.INFO]
    if not held:
        return []
    names = [numbers.base_asset(item.symbol, view.rules(item.symbol)) for item in held]
    shown = ", ".join(names[:MOST_NAMED]) + (" ..." if len(names) > MOST_NAMED else "")
    total = numbers.signed_text(sum(item.pnl for item in held))
    return [word("kill.open", n=len(held), pnl=total, names=shown)]


def block_menu(view: View, symbol: str) -> MenuDialog:
    """For how long, or unblock."""
    choices = [
        Choice("1", word("block.hour"), word("block.until", time=_later(view, 1)), "1"),
        Choice("2", word("block.hours"), word("block.until", time=_later(view, 4)), "4"),
        Choice("3", word("block.forever"), "", "0"),
        Choice("r", word("block.reason"), word("block.reason_note"), "reason"),
    ]
    row = view.by_symbol.get(symbol)
    intro = [word("block.what"), word("block.not_closed")]
    if row is not None and row.blocked_until_ms is not None:
        choices.append(Choice("4", word("block.unblock"), word("block.unblock_note"), "unblock"))
        intro.insert(0, word("block.is_blocked", symbol=symbol))
    marked = next((at for at, choice in enumerate(choices) if choice.answer == "unblock"), 0)
    return MenuDialog(word("block.heading", symbol=symbol), intro, choices, marked)


def _later(view: View, hours: int) -> str:
    return numbers.until_text(view.now_ms + hours * 3_600_000, view.now_ms, view.zone)


class QuitMenu(MenuDialog):
    """Quit although live positions are open, and what becomes of them? Staying is marked.

    An embedded exchange ends together with futtui.
    """

    def __init__(self, live: Sequence[PositionView], *, embedded: bool) -> None:
        count, unsettled = len(live), [item.symbol for item in live if item.status != PositionStatus.PROTECTED.value]
        texts = [word("quit.open_one" if count == 1 else "quit.open", n=count)]
        if embedded:
            texts.append(word("quit.embedded"))
        elif unsettled:
            texts.append(word("quit.unsettled", names=", ".join(unsettled)))
            texts.append(word("quit.standing"))
        else:
            texts.append(word("quit.stops"))
        note = "quit.keep_note_embedded" if embedded else "" if unsettled else "quit.keep_note"
        choices = [
            Choice("1", word("quit.stay"), word("quit.stay_note"), "stay"),
            Choice("2", word("quit.keep"), word(note) if note else "", "keep"),
            Choice("3", word("quit.close"), word("quit.close_note"), "close"),
        ]
        super().__init__(word("quit.heading"), texts, choices)


class QuitQuestion(QuestionDialog):
    """A question on the way out, which is not asked a second time while it is open."""
