"""Pictures of the screens that tell why, how well and where. Compared on one Python only, as the other pictures."""

from __future__ import annotations

import sys

import pytest

from tests.tui import made_performance
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import FakeEngine
from tests.tui.made_zones import show_zones
from tests.tui.test_pictures import Compare, after

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.platform == "win32",
    reason="pictures are compared on Python 3.11 outside Windows only; the flows run everywhere",
)


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
def test_picture_of_why_no_signals(snap_compare: Compare, make_app: AppMaker, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after("W"))


def test_picture_of_a_signal_in_a_small_window(snap_compare: Compare, make_app: AppMaker) -> None:
    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=after("2", "enter", "pagedown", "pagedown"))


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
def test_picture_of_a_position(snap_compare: Compare, make_app: AppMaker, size: tuple[int, int]) -> None:
    keys = ("3", "enter") if size[0] == 120 else ("3", "enter", "pagedown")
    assert snap_compare(make_app(), terminal_size=size, run_before=after(*keys))


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
def test_picture_of_performance(
    snap_compare: Compare, make_app: AppMaker, engine: FakeEngine, size: tuple[int, int]
) -> None:
    engine.report = made_performance.report()
    assert snap_compare(make_app(theme="colour-safe"), terminal_size=size, run_before=after("P", "down", "down"))


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
def test_picture_of_all_zones(
    snap_compare: Compare, make_app: AppMaker, engine: FakeEngine, size: tuple[int, int]
) -> None:
    show_zones(engine)
    assert snap_compare(make_app(), terminal_size=size, run_before=after("Z", *["N"] * 7, "down"))


@pytest.mark.parametrize("opened", ["W", "P", "Z", "signal", "position"])
def test_picture_in_a_wide_window_in_safe_colours(
    snap_compare: Compare, make_app: AppMaker, engine: FakeEngine, opened: str
) -> None:
    engine.report = made_performance.report()
    show_zones(engine)
    keys = {"signal": ("2", "enter"), "position": ("3", "enter"), "Z": ("Z", *["N"] * 7)}.get(opened, (opened,))
    assert snap_compare(make_app(theme="colour-safe"), terminal_size=(200, 50), run_before=after(*keys))
