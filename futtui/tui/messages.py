"""What widgets tell the screen: small facts."""

from __future__ import annotations

from collections.abc import Hashable

from textual.message import Message


class RowOpened(Message):
    """The user opened a row of a panel."""

    def __init__(self, panel: str, key: Hashable) -> None:
        super().__init__()
        self.panel = panel
        self.key = key


class CursorMoved(Message):
    """The user moved the marker of a panel to another row."""

    def __init__(self, panel: str, key: Hashable) -> None:
        super().__init__()
        self.panel = panel
        self.key = key


class HeadClicked(Message):
    """The user clicked the heading of a column."""

    def __init__(self, panel: str, column: str) -> None:
        super().__init__()
        self.panel = panel
        self.column = column


class CommandAnswered(Message):
    """The engine answered a command; `text` is a sentence for the user."""

    def __init__(self, text: str, *, accepted: bool) -> None:
        super().__init__()
        self.text = text
        self.accepted = accepted
