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


class ChartScrolled(Message):
    """The wheel turned over the chart: +1 nearer, -1 farther."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step


class ChartDragged(Message):
    """The chart was dragged by so many candles; positive: to newer ones."""

    def __init__(self, candles: int) -> None:
        super().__init__()
        self.candles = candles


class ChartHovered(Message):
    """The mouse is over a cell of the plot; `row` counts from the top of the plot."""

    def __init__(self, column: int, row: int) -> None:
        super().__init__()
        self.column = column
        self.row = row


class ChartClicked(Message):
    """A cell of the plot was clicked; `row` counts from the top of the plot."""

    def __init__(self, column: int, row: int, *, double: bool) -> None:
        super().__init__()
        self.column = column
        self.row = row
        self.double = double


class CandlesCame(Message):
    """The engine answered a chart's question for candles."""


class CommandAnswered(Message):
    """The engine answered a command; `text` is a sentence for the user. `number`: which one, as the receipts count."""

    def __init__(self, text: str, *, accepted: bool, number: int = -1) -> None:
        super().__init__()
        self.number = number
        self.text = text
        self.accepted = accepted
