"""The line above a chart: price, change, regimes and funding, as far as they are known and as far as there is room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.position import TradingMode
from futtui.domain.snapshot import MarketRow
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS, Timeframe
from futtui.tui.paint.chart.content import head_line
from futtui.tui.paint.status import symbol_status_line
from futtui.tui.paint.text import Line, line_text, line_width
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of

SYMBOL = "LINKUSDT"
WAY: Line = ((" Dashboard › LINKUSDT › Chart", "muted"),)


def head(width: int = 118, way: Line = WAY, **changes: object) -> Line:
    """The line for the symbol's row with these changes."""
    view = view_of()
    row: MarketRow = replace(view.by_symbol[SYMBOL], **changes)  # type: ignore[arg-type]
    return head_line(replace(view, by_symbol={SYMBOL: row}), way, SYMBOL, width)


def test_head_tells_price_change_regimes_and_funding_at_the_right_edge() -> None:
    text = line_text(head())
    assert text.startswith(line_text(WAY))
    told = "13.882 ▲ +0.90% M15 up ▲ H1 up ▲ funding +0.0100% in 1h 28m"
    assert text.split()[5:] == told.split()
    assert text.endswith("1h 28m ")


@pytest.mark.parametrize("width", range(20, 140))
def test_head_has_its_width_and_what_is_needed_least_goes_first(width: int) -> None:
    line = head(width)
    assert line_width(line) == width
    there = [sign in line_text(line) for sign in ("13.882", "M15 ", "H1 ", "funding")]
    assert there == sorted(there, reverse=True)
    if width > line_width(WAY):
        assert line_text(line).startswith(line_text(WAY))
    if width == 80:
        assert there == [True, True, True, False]


@pytest.mark.parametrize(
    "unknown",
    [{"funding_rate": None}, {"next_funding_ms": None}, {"next_funding_ms": NOW_MS}, {"next_funding_ms": NOW_MS - 1}],
)
def test_funding_that_is_not_known_or_is_over_is_left_out(unknown: dict[str, object]) -> None:
    assert "funding" in line_text(head())
    assert "funding" not in line_text(head(**unknown))


@pytest.mark.parametrize(
    ("left_ms", "text"),
    [(45_000, "45s"), (28 * MINUTE_MS + 59_000, "28m"), (HOUR_MS, "1h 0m"), (7 * HOUR_MS + 59 * MINUTE_MS, "7h 59m")],
)
def test_time_to_the_funding_has_at_most_two_parts(left_ms: int, text: str) -> None:
    assert line_text(head(next_funding_ms=NOW_MS + left_ms)).endswith(f"% in {text} ")


def test_zero_and_negative_funding_are_told_as_they_are_and_other_unknown_parts_left_out() -> None:
    assert "funding 0.0000% in" in line_text(head(funding_rate=0.0))
    assert "funding -0.0031% in" in line_text(head(funding_rate=-0.000031))
    bare = head(price=0.0, change_24h_pct=None, regime_m15="UNKNOWN", regime_h1="UNKNOWN", funding_rate=None)
    assert line_text(bare).strip() == line_text(WAY).strip()
    assert "n/a" not in line_text(head(change_24h_pct=None))


def test_old_data_has_no_colours() -> None:
    assert {token for _, token in head(fresh=False)[len(WAY) :] if _.strip()} == {"dim"}


@pytest.mark.parametrize("mode", TradingMode)
@pytest.mark.parametrize(
    ("frame", "told"), [(Timeframe.M15, "M15 up ▲"), (Timeframe.H1, "H1 up ▲"), (Timeframe.H4, "H4")]
)
def test_bar_of_a_small_chart_tells_symbol_price_change_and_timeframe(
    mode: TradingMode, frame: Timeframe, told: str
) -> None:
    engine = FakeEngine()
    engine.show_desk(mode=mode, paused=True)
    view = view_of(engine.current)
    line = symbol_status_line(view, SYMBOL, frame, 80)
    assert line_width(line) == 80
    text = line_text(line)
    assert "LINKUSDT  13.882  ▲ +0.90%" in text
    assert "10,482" not in text
    assert "● 84 ms" in text
    assert f"▲ +0.90%  {told}" in line_text(symbol_status_line(view, SYMBOL, frame, 130))


async def test_small_chart_has_its_head_in_the_bar_and_the_account_again_behind_it(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "home", "c")
        await pilot.pause()
        symbol = app.screen.subject.symbol
        assert f"{symbol}  " in screen_text(app).splitlines()[0]
        await pilot.press("]", "escape")
        await pilot.pause()
        assert symbol not in screen_text(app).splitlines()[0]


async def test_chart_walks_on_with_the_head_of_the_next_symbol(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("1", "home", "c")
        await pilot.pause()
        first = screen_text(app).splitlines()[1]
        assert "funding " in first
        await pilot.press("n")
        await pilot.pause()
        second = screen_text(app).splitlines()[1]
        assert "funding " in second
        assert first.split("M15")[0] != second.split("M15")[0]
