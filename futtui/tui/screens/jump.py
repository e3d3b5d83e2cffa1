"""Jump letters: one over each panel and each row in sight; its key goes there."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.app import ComposeResult, RenderResult
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from futtui.tui import keys
from futtui.tui.widgets.live_panel import LivePanel

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class Target:
    """Something to go to: a widget, or a row of it (`key`), with the cell where its letter stands."""

    letter: str
    widget: Widget
    x: int
    y: int
    key: Hashable = None


def targets(screen: Screen[Any]) -> list[Target]:
    """Everything on a screen that can be gone to: what can take the focus, then the rows of what has it."""
    places: list[tuple[Widget, int, int, Hashable]] = []
    for widget in screen.focus_chain:
        region = widget.region
        if region.width and region.height:
            places.append((widget, region.x, region.y, None))
    panel = screen.focused
    if isinstance(panel, LivePanel):
        inside = panel.content_region
        places += [(panel, inside.x, inside.y + y, key) for y, key in panel.visible_rows()]
    return [Target(letter, *place) for letter, place in zip(LETTERS, places, strict=False)]


class JumpLetter(Widget):
    """One letter on its place."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._letter = target.letter
        self.styles.offset = (target.x, target.y)

    def render(self) -> RenderResult:
        """The letter."""
        return f" {self._letter} "


class JumpScreen(ModalScreen[None]):
    """A letter goes there, any other key leaves."""

    BINDINGS = keys.bindings("dialog")
    AUTO_FOCUS = ""

    def __init__(self, found: list[Target]) -> None:
        super().__init__()
        self._targets = {target.letter: target for target in found}

    def compose(self) -> ComposeResult:
        """All letters."""
        for target in self._targets.values():
            yield JumpLetter(target)

    def on_mount(self) -> None:
        """The letters fit this size only."""
        self._size = self.app.size

    def on_resize(self) -> None:
        """In another size everything stands elsewhere: leaves."""
        if self.app.size != self._size:
            self.dismiss()

    def on_key(self, event: events.Key) -> None:
        """Goes to the target of the letter, on any layout."""
        event.stop()
        target = self._targets.get(keys.latin_text(event.character or "").lower())
        self.dismiss()
        if target is not None:
            self.app.call_later(self._go, target)

    def on_click(self, event: events.Click) -> None:
        """A click on a letter goes there, anywhere else leaves."""
        at = (event.screen_x, event.screen_y)
        found = [item for item in self._targets.values() if item.y == at[1] and item.x <= at[0] < item.x + 3]
        self.dismiss()
        if found:
            self.app.call_later(self._go, found[0])

    @staticmethod
    def _go(target: Target) -> None:
        target.widget.focus()
        if target.key is not None and isinstance(target.widget, LivePanel):
            target.widget.select_key(target.key)

    def action_cancel(self) -> None:
        """Leaves."""
        self.dismiss()
