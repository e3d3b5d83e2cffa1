"""Settings that were changed in the file while they were changed on the screen: neither value wins in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from textual.screen import Screen

from futtui.domain.settings_sheet import SettingsSheet
from futtui.tui.screens.dialog import QuestionDialog
from futtui.tui.words import word


@dataclass(frozen=True, slots=True)
class Clash:
    """One setting with three values: when its change was begun, in the file now, and on the screen."""

    path: str
    before: str
    now: str
    mine: str

    def line(self) -> str:
        """The clash for people."""
        return word("settings.clash_row", path=self.path, before=self.before, now=self.now, mine=self.mine)


class Begun:
    """Remembers what the file said when each change was begun."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def note(self, sheet: SettingsSheet, path: str) -> None:
        """A change of a setting is made on the screen; only its first one counts."""
        setting = sheet.setting(path)
        if setting is not None:
            self._values.setdefault(path, setting.value)

    def keep(self, paths: Iterable[str]) -> None:
        """Forget all but the changes that are not saved."""
        kept = set(paths)
        self._values = {path: value for path, value in self._values.items() if path in kept}

    def agree(self, sheet: SettingsSheet) -> None:
        """The user saw what the file says now, and decided."""
        for path in list(self._values):
            setting = sheet.setting(path)
            if setting is not None:
                self._values[path] = setting.value

    def clashes(self, sheet: SettingsSheet, edits: Mapping[str, str]) -> list[Clash]:
        """Settings whose value in the file is another one than when their change was begun, and than the change."""
        found = []
        for path, mine in edits.items():
            setting, before = sheet.setting(path), self._values.get(path)
            if setting is not None and before is not None and setting.value not in (before, mine):
                found.append(Clash(path, before, setting.value, mine))
        return found


def ask_which(screen: Screen[None], clashes: Sequence[Clash], answered: Callable[[bool | None], None]) -> None:
    """Ask whose values count: True = those of the screen, False = those of the file, None = not decided."""
    question = QuestionDialog(
        word("settings.clash_heading"),
        [clash.line() for clash in clashes],
        yes=word("settings.clash_yes"),
        no=word("settings.clash_no"),
    )
    screen.app.push_screen(question, answered)
