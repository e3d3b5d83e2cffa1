"""`futtui doctor keys`: what arrives for each key, and what futtui would do with it on the dashboard."""

from __future__ import annotations

from collections import deque

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static

from futtui.tui import keys
from futtui.tui.words import word

MOST_LINES = 200
SHOWN_LINES = 14
LEAVING_KEY = "escape"


def meaning_of(key: str, character: str | None) -> str:
    """What the key does on the dashboard with the market in front; empty where it does nothing."""
    pressed = {key, character or key}
    scopes = ("app", "copy", "everywhere", "dashboard", "row", "to_chart", "market", "list")
    for action in keys.actions_in(*scopes):
        if pressed & set(action.all_keys):
            return action.description
    return ""


def key_line(key: str, character: str | None) -> str:
    """One press as a line for people and for a report: name, sign, code of the sign, meaning."""
    seen = character if character and character.isprintable() else ""
    sign = f"{seen}  U+{ord(seen[0]):04X}" if seen else word("keys.no_sign")
    return f"{key:<18} {sign:<14} {meaning_of(key, character) or word('keys.nothing')}"


class KeyTest(App[None]):
    """Shows each key as it arrives; Esc twice in a row leaves. `pressed` holds the lines for the report."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = []

    def __init__(self) -> None:
        super().__init__()
        self.animation_level = "none"
        self.pressed: deque[str] = deque(maxlen=MOST_LINES)
        self._last = ""

    def compose(self) -> ComposeResult:
        """What to do, and the lines."""
        yield Static(word("keys.what"), id="keys-what", markup=False)
        yield Static("", id="keys-lines", markup=False)

    async def on_event(self, event: events.Event) -> None:
        """Every key is shown and none does anything, those of Textual included."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        if event.key == self._last == LEAVING_KEY:
            self.exit()
            return
        self._last = event.key
        self.pressed.append(key_line(event.key, event.character))
        shown = list(self.pressed)[-SHOWN_LINES:]
        self.query_one("#keys-lines", Static).update("\n".join(shown))
