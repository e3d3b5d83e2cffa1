"""Health and request budget in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from futtui.tui.paint import machine
from futtui.tui.paint.details import Box
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.boxes_page import BoxesPage
from futtui.tui.words import word


class HealthScreen(BoxesPage):
    """What is not well first, then connections, requests, engine, screen and phone."""

    place_name = "health"

    def __init__(self, figures: Callable[[], Mapping[str, float]]) -> None:
        super().__init__()
        self._figures = figures

    def boxes(self) -> tuple[Box, ...]:
        """Five boxes."""
        return (
            Box("well", word("machine.box.well"), machine.well_lines, True),
            Box("streams", word("machine.box.streams"), machine.stream_lines),
            Box("requests", word("machine.box.requests"), machine.request_lines),
            Box("engine", word("machine.box.engine"), machine.engine_lines),
            Box("screen", word("machine.box.screen"), partial(self._screen_lines)),
        )

    def _screen_lines(self, view: View, width: int) -> list[Line]:
        return machine.screen_lines(view, self._figures(), width)
