"""A full-window screen over the dashboard: bars around a middle, a trail, Esc back. Pages and details are such."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.screen import ModalScreen

from futtui.domain.position import TradingMode
from futtui.tui.paint.view import View
from futtui.tui.screens.dashboard import find_watchers
from futtui.tui.screens.sized import SizedScreen
from futtui.tui.widgets.bars import FlashLine, FooterBar, StatusBar, TooSmall, Trail
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


class FramedScreen(SizedScreen, ModalScreen[None]):
    """Subclasses give the names of the trail, the footer's place and what stands between the bars."""

    def __init__(self, classes: str) -> None:
        super().__init__(classes=classes)
        self.watchers: tuple[LineWidget | LivePanel, ...] = ()
        self.view: View | None = None

    @property
    def futtui(self) -> FuttuiApp:
        """The app."""
        return cast("FuttuiApp", self.app)

    @property
    def footer_place(self) -> str:
        """Whose keys the footer shows."""
        raise NotImplementedError

    def trail_names(self) -> tuple[str, ...]:
        """The way to this place."""
        raise NotImplementedError

    def middle(self) -> ComposeResult:
        """What stands between the bars."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Bars around the middle."""
        yield StatusBar(id="status")
        trail = Trail(id="trail")
        trail.names = self.trail_names()
        yield trail
        yield from self.middle()
        yield FlashLine(id="flash")
        footer = FooterBar(id="footer")
        footer.context = self.footer_place
        yield footer
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """The first frame of this place."""
        self.watchers = find_watchers(self)
        self._choose_layout()
        self.pulse(self.futtui.store.read())

    def on_resize(self) -> None:
        """A new size may need another layout."""
        self._choose_layout()

    def _choose_layout(self) -> None:
        self.fit_window()
        self.call_after_refresh(self.look_again)

    def look_again(self) -> None:
        """Draws once more what changed by a key or a new size."""
        if self.is_attached and self.view is not None:
            self.pulse(self.view)

    def pulse(self, view: View) -> None:
        """Hands the new view to everything here."""
        self.view = view
        self.set_class(view.mode is TradingMode.LIVE, "-live")
        for widget in self.watchers:
            widget.pulse(view)

    def retrace(self) -> None:
        """The trail anew, for a place that now shows something else."""
        self.query_one(Trail).names = self.trail_names()
        self.look_again()

    def action_leave(self) -> None:
        """Back to where one came from."""
        self.dismiss()
