"""A view of a fake engine, as painters get it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from futtui.tui.paint.view import View
from tests.tui.fake_engine import FakeEngine


def view_of(engine: FakeEngine) -> View:
    """What the next beat would hand to the painters."""
    snapshot = engine.current
    return View(
        snapshot=snapshot,
        now_ms=engine.now_ms,
        zone=ZoneInfo("Europe/Kyiv"),
        zone_name="Kyiv",
        symbol="",
        by_symbol={row.symbol: row for row in snapshot.market},
    )
