"""Panel 6, in wide windows: the chart beside the tables."""

from __future__ import annotations

from futtui.domain.timeframe import Timeframe
from futtui.tui import keys
from futtui.tui.paint.chart.content import Subject
from futtui.tui.widgets.live_chart import LiveChart
from futtui.tui.words import word


class ChartPanel(LiveChart):
    """The chart of the row that is marked in the tables."""

    BINDINGS = keys.bindings("beside", "walk")
    name_id = keys.BESIDE
    number = 6

    def __init__(self) -> None:
        super().__init__(id=self.name_id)
        self._followed: tuple[Subject, Timeframe] | None = None

    def follow(self, subject: Subject, timeframe: Timeframe) -> None:
        """Shows this once it is another one than the last time; what the user chose here stays until then."""
        wanted = subject, timeframe
        if wanted != self._followed and wanted != (self.subject, self.timeframe):
            self.open(subject, timeframe)
        self._followed = wanted

    def top_text(self) -> str:
        """Number and name before symbol and timeframe."""
        named = f"{self.number} {word(f'panel.{self.name_id}')}"
        return f"{named}  {super().top_text()}" if self.subject.symbol else named
