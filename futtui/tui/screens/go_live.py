"""The question before live trading: facts, checks, and a number to type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.widgets import Button

from futtui.domain.snapshot import EngineSnapshot
from futtui.tui.glyphs import CHECK
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import source_of
from futtui.tui.screens.dialog import DialogText, QuestionDialog, text_lines
from futtui.tui.words import word


@dataclass(frozen=True, slots=True)
class Check:
    """One automatic check: what it says, and whether going live may go on."""

    passed: bool
    text: str


def live_checks(snapshot: EngineSnapshot) -> tuple[Check, ...]:
    """What can be judged from the snapshot: data, symbols, day loss, pause."""
    desk = snapshot.desk
    ready = snapshot.symbols_ready >= max(1, snapshot.symbols_total)
    day_left = desk.account.day_loss_left_pct if desk else 0.0
    return (
        Check(snapshot.feed.connected, word("live.check.feed" if snapshot.feed.connected else "live.check.no_feed")),
        Check(
            ready,
            word(
                "live.check.symbols" if ready else "live.check.symbols_missing",
                ready=snapshot.symbols_ready,
                total=snapshot.symbols_total,
            ),
        ),
        Check(
            day_left > 0,
            word("live.check.day" if day_left > 0 else "live.check.no_day", percent=numbers.percent_text(day_left)),
        ),
    )


class NumberDialog(QuestionDialog):
    """Stays where it is with Esc or Enter until the number is typed; a failed check locks it."""

    def __init__(self, heading: str, number: str, checks: Sequence[Check], *, yes: str, no: str) -> None:
        super().__init__(heading, (), yes=yes, no=no)
        self._number = number
        self._typed = ""
        self._wrong = False
        self._checks = checks

    @property
    def locked(self) -> bool:
        """Locked until the number is right and every check passed."""
        return self._typed != self._number or not all(check.passed for check in self._checks)

    def show_text(self) -> None:
        """Facts, checks and the number."""
        lines: list[Line] = [*text_lines(self._facts()), ()]
        for check in self._checks:
            sign, token = (CHECK, "up") if check.passed else ("!", "attention")
            lines.append(((f"   {sign} ", token), (check.text, "text")))
        slots = " ".join(self._typed.ljust(len(self._number), "_"))
        lines += [
            (),
            ((f" {word('live.type')}  ", "text"), (" ".join(self._number), "title"), (f"   [ {slots} ]", "bold")),
        ]
        if self._wrong:
            lines.append(((f" {word('live.wrong')}", "attention"),))
        elif not all(check.passed for check in self._checks):
            lines.append(((f" {word('live.locked')}", "attention"),))
        self.query_one("#dialog-intro", DialogText).show([*lines, ()])

    def _facts(self) -> Sequence[str]:
        """What the number stands for."""
        return ()

    def on_key(self, event: events.Key) -> None:
        """Digits fill the number wherever the focus is; any other place of the keyboard does not."""
        if self.is_hidden:
            return
        typed = event.character or ""
        if typed.isdigit() and typed.isascii() and len(self._typed) < len(self._number):
            self._wrong = False
            self._typed += typed
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        else:
            return
        event.stop()
        if len(self._typed) == len(self._number) and self._typed != self._number:
            self._typed, self._wrong = "", True
        button = self.query_one("#yes", Button)
        button.disabled = self.locked
        self.show_text()
        self.set_focus(self.query_one("#no") if self.locked else button)


class GoLiveDialog(NumberDialog):
    """The question before live trading."""

    def __init__(self, snapshot: EngineSnapshot, number: str, current_mode: str) -> None:
        yes, no = word("live.yes"), word("live.no", mode=current_mode)
        super().__init__(word("live.heading"), number, live_checks(snapshot), yes=yes, no=no)
        self._snapshot = snapshot

    def _facts(self) -> Sequence[str]:
        account = self._snapshot.desk.account if self._snapshot.desk else None
        texts = [word("live.real")]
        if source_of(self._snapshot).embedded:
            texts.append(word("live.harmless"))
        texts += ["", word("live.source", source=heard(self._snapshot.source_label))]
        if account:
            texts.append(word("live.account", equity=numbers.money_text(account.equity)))
            texts.append(
                word(
                    "live.limits",
                    cap=numbers.percent_text(account.open_risk_cap_pct),
                    left=numbers.percent_text(account.day_loss_left_pct),
                )
            )
        return texts


class RearmDialog(NumberDialog):
    """The question before the kill switch is taken back."""

    def __init__(self, reason: str, number: str) -> None:
        yes, no = word("kill.rearm_yes"), word("kill.rearm_no")
        super().__init__(word("kill.rearm_heading"), number, (), yes=yes, no=no)
        self._reason = reason

    def _facts(self) -> Sequence[str]:
        return (word("kill.rearm_what"), word("kill.rearm_why", reason=self._reason))
