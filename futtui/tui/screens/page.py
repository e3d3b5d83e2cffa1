"""The base of a place of its own: a body between the bars of a framed screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from futtui.tui import keys
from futtui.tui.screens.framed import FramedScreen
from futtui.tui.words import word

PAGE_BINDINGS = ("everywhere", "copy", "detail")


class PageScreen(FramedScreen):
    """Subclasses give `place_name` (footer, help and word of the trail) and a body."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS)
    place_name = ""
    still_reading = False
    """Whether there are no rows yet because a file is being read; what is typed meanwhile waits for them."""

    def __init__(self) -> None:
        super().__init__("detail page")

    @property
    def help_place(self) -> str:
        """Which help fits here."""
        return self.place_name

    @property
    def footer_place(self) -> str:
        """The keys of this place."""
        return self.place_name

    def trail_names(self) -> tuple[str, ...]:
        """The way to this place."""
        return word("trail.dashboard"), word(f"trail.{self.place_name}")

    def body(self) -> ComposeResult:
        """What stands between the bars."""
        raise NotImplementedError

    def middle(self) -> ComposeResult:
        """The body in a container that a window too small hides."""
        with Container(id="page"):
            yield from self.body()
