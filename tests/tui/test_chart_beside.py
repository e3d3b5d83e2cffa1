"""The chart beside the tables of a wide window: what it shows, when it is there, its keys, and what it costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from futtui.domain.snapshot import FeedView
from futtui.domain.timeframe import Timeframe
from futtui.tui import keys
from futtui.tui.app import FuttuiApp
from futtui.tui.paint import market, positions, signals, zones
from futtui.tui.paint.help import help_lines
from futtui.tui.paint.text import line_text
from futtui.tui.screens.chart import ChartScreen
from futtui.tui.screens.sized import has_chart_room
from futtui.tui.widgets.chart_panel import ChartPanel
from tests.tui.conftest import AppMaker
from tests.tui.fake_backtests import until
from tests.tui.fake_engine import FakeEngine
from tests.tui.screen_text import screen_text
from tests.tui.test_habits import remembering
from tests.tui.test_welcome import FakeHabits

WIDE, EDGE, BELOW = (200, 50), (180, 40), (179, 40)


async def settled(pilot: Pilot[None], size: tuple[int, int] | None = None) -> ChartPanel:
    """The chart once everything is drawn, with the timer standing still; `size` changes the window first."""
    app = pilot.app
    assert isinstance(app, FuttuiApp)
    await until(pilot, lambda: app._started)
    app.pulse.stop()
    if size is not None:
        await pilot.resize_terminal(*size)
    await pilot.pause()
    app.pulse.beat()
    await pilot.pause()
    assert app.dashboard is not None
    return app.dashboard.query_one(ChartPanel)


def shown(chart: ChartPanel) -> str:
    """What stands in the panel, frame included."""
    lines = "\n".join("".join(text for text, _ in line) for line in chart.frame.lines)
    return f"{chart.border_title}\n{lines}\n{chart.border_subtitle}"


def test_room_begins_at_180_columns_in_every_height_of_the_full_dashboard() -> None:
    assert [has_chart_room(width, 50) for width in (120, 179, 180, 240)] == [False, False, True, True]
    assert [has_chart_room(180, height) for height in (23, 27, 28, 40)] == [False, False, True, True]


@pytest.mark.parametrize("width", [180, 199, 200, 240, 300])
async def test_tables_keep_the_columns_of_a_window_of_120_and_the_chart_grows(make_app: AppMaker, width: int) -> None:
    app = make_app()
    columns_for = {"market": market, "signals": signals, "positions": positions, "zones": zones}
    async with app.run_test(size=(120, 35)) as pilot:
        chart = await settled(pilot)
        assert app.dashboard is not None
        panels = {name: app.dashboard.panel(name) for name in columns_for}
        for layout in ("all", "watch", "trade"):
            await settled(pilot, (120, 35))
            assert not chart.size
            told = {
                name: {column.id for column in paint.columns_for(panels[name].line_width)}  # type: ignore[attr-defined]
                for name, paint in columns_for.items()
                if panels[name].size
            }
            await settled(pilot, (width, 50))
            assert chart.size.width >= 58
            assert chart.region.right == width
            for name, before in told.items():
                now = {column.id for column in columns_for[name].columns_for(panels[name].line_width)}  # type: ignore[attr-defined]
                assert before <= now, (layout, name)
            app.dashboard.action_next_layout()


async def test_chart_follows_the_marked_row_with_its_plan_and_timeframe(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        assert chart.border_title == "6 Chart  LINKUSDT  M15"
        for part in ("13.744 Stop", "13.882 ◄", "VWAP", "POC", "candles", "O 13.882"):
            assert part in shown(chart), part
        await pilot.press("down")
        symbol = app.store.symbol
        assert symbol != "LINKUSDT"
        assert chart.border_title == f"6 Chart  {symbol}  M15"
        assert chart.chart.zones
        await pilot.press("2", "down")
        assert chart.subject.symbol == "SOLUSDT"
        assert "147.95 Stop" in shown(chart)
        await pilot.press("down")
        assert chart.border_title == "6 Chart  BTCUSDT  H1"
        assert ("BTCUSDT", Timeframe.H1, 600, None) in engine.asked
        await pilot.press("3")
        assert chart.border_title == "6 Chart  ETHUSDT  M15"
        assert "3,081.50 Stop" in shown(chart)
        await pilot.press("4")
        assert chart.border_title == f"6 Chart  {symbol}  M15"
        await pilot.press("5", "up")
        assert chart.border_title == f"6 Chart  {symbol}  M15"


async def test_resizing_across_the_border_keeps_focus_and_place(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=EDGE) as pilot:
        chart = await settled(pilot)
        assert app.dashboard is not None
        dashboard = app.dashboard
        await pilot.press("2", "down", "6", "left", "left")
        end_ms = chart.look.end_ms
        assert end_ms is not None
        await settled(pilot, BELOW)
        assert not chart.size
        await until(pilot, lambda: dashboard.focused is dashboard.panel("signals"))
        assert dashboard.main == "signals"
        for size in (EDGE, BELOW, (64, 15), EDGE, (64, 15), BELOW, WIDE, BELOW, EDGE):
            await settled(pilot, size)
        await until(pilot, lambda: dashboard.focused is chart)
        assert dashboard.main == "beside"
        assert (chart.subject.symbol, chart.look.end_ms) == ("SOLUSDT", end_ms)
        await settled(pilot, BELOW)
        await pilot.press("3")
        await settled(pilot, EDGE)
        assert dashboard.main == "positions"
        assert chart.subject.symbol == "ETHUSDT"


@pytest.mark.parametrize(("key", "panel"), [("tab", "positions"), ("shift+tab", "market")])
async def test_next_panel_in_a_window_too_small_for_anything_leads_on_from_the_table_of_the_chart(
    make_app: AppMaker, key: str, panel: str
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert app.dashboard is not None
        await pilot.press("2", "6")
        await pilot.resize_terminal(60, 10)
        await pilot.press(key)
        await settled(pilot, (100, 30))
        assert app.dashboard.main == panel


async def test_chart_that_is_left_stays_at_what_the_user_moved_it_to_in_another_timeframe(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        await pilot.press("6", "]", "left", "left")
        end_ms = chart.look.end_ms
        assert chart.timeframe is Timeframe.H1
        assert end_ms is not None
        await pilot.press("1")
        app.pulse.beat()
        assert (chart.timeframe, chart.look.end_ms) == (Timeframe.H1, end_ms)
        await pilot.press("down")
        assert (chart.timeframe, chart.look.end_ms) == (Timeframe.H1, None)


async def test_resizing_under_an_open_chart_or_help_leaves_a_whole_dashboard(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=EDGE) as pilot:
        chart = await settled(pilot)
        assert app.dashboard is not None
        for key in ("c", "question_mark"):
            await pilot.press("6", key)
            for size in (BELOW, (80, 24), EDGE, BELOW):
                await settled(pilot, size)
            await pilot.press("escape")
            await settled(pilot)
            assert app.screen is app.dashboard
            assert app.dashboard.panel("log").region.right == 179
            await until(pilot, lambda: app.dashboard.focused is app.dashboard.panel("market"))  # type: ignore[union-attr]
            assert app.dashboard.main == "market"
            await settled(pilot, EDGE)
            assert chart.region.right == 180
            await until(pilot, lambda: app.dashboard.focused is chart)  # type: ignore[union-attr]


async def test_keys_of_the_chart_act_when_it_has_the_focus_and_only_then(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        assert app.dashboard is not None
        looks = chart.look
        await pilot.press("+", "x", "v", "]")
        assert (chart.look, chart.timeframe) == (looks, Timeframe.M15)
        await pilot.press("6")
        newest = chart.frame.bars[-1].last
        await pilot.press("left", "h", "р", "right")
        assert chart.frame.bars[-1].last == newest - 2
        await pilot.press("+", "м", "]")
        assert (chart.look.per_candle, "vwap" in chart.look.layers) == (2, False)
        assert chart.border_title == "6 Chart  LINKUSDT  H1"
        await pilot.press("x", "up", "w", "escape")
        assert app.dashboard.main == "beside"
        assert chart.look.cross_ms is None
        assert len(app.store.read().alerts("LINKUSDT")) == 1
        await pilot.press("escape")
        assert app.dashboard.main == "market"
        await pilot.press("down", "up")
        assert chart.border_title == "6 Chart  LINKUSDT  H1"  # the timeframe of the last chart


async def test_next_and_previous_walk_the_table_that_the_chart_follows(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        assert app.dashboard is not None
        await pilot.press("2", "6", "n")
        assert chart.subject.symbol == "SOLUSDT"
        assert app.dashboard.main == "beside"
        assert engine.current.desk is not None
        engine.show_desk(signals=engine.current.desk.signals[2:])
        app.pulse.beat()
        assert chart.subject.symbol == "SOLUSDT"  # what the user is at work on does not go away
        await pilot.press("1", "6", "n", "N", "Т")
        assert chart.subject.symbol == "LINKUSDT"


@pytest.mark.parametrize("key", ["c", "enter"])
async def test_the_whole_chart_opens_from_the_one_beside_with_its_list(make_app: AppMaker, key: str) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("2", "down", "6", "]", key)
        await pilot.pause()
        assert isinstance(app.screen, ChartScreen)
        assert "Dashboard › Signals › SOLUSDT › Chart" in screen_text(app)
        assert app.screen.widget.timeframe is Timeframe.H1
        await pilot.press("n")
        assert app.screen.subject.symbol == "BTCUSDT"


async def test_six_opens_the_whole_chart_where_none_is_beside(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await settled(pilot)
        await pilot.press("2", "down", "6")
        await pilot.pause()
        assert isinstance(app.screen, ChartScreen)
        assert app.screen.subject.symbol == "SOLUSDT"


async def test_tab_jump_letter_and_click_reach_the_chart(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert app.dashboard is not None
        await pilot.press("shift+tab")
        assert app.dashboard.main == "beside"
        await pilot.press("tab", "g", "d")
        await until(pilot, lambda: app.dashboard.main == "beside")  # type: ignore[union-attr]
        await pilot.press("1")
        await pilot.click("#beside", offset=(20, 10))
        assert app.dashboard.main == "beside"
        assert "1-6 panel  Enter whole" in screen_text(app)


async def test_loading_empty_refused_and_no_market_say_so(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.hold_candles = True
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        assert "Loading the candles of LINKUSDT M15." in shown(chart)
        engine.give_candles()
        await until(pilot, lambda: bool(chart.frame.bars))  # without a beat: what came is drawn at once
        engine.hold_candles, engine.stored = False, 0
        await pilot.press("down")
        assert f"No candles of {app.store.symbol} M15 are stored yet." in shown(chart)
        rows = [replace(row, ready=False, state_text="loading", version=9) for row in engine.current.market]
        engine.show(market=tuple(rows), symbols_ready=3)
        app.pulse.beat()
        told = f"No candles of {app.store.symbol} M15 yet: loading. 3 of 12 symbols ready, 25%."
        assert told in " ".join(shown(chart).split())
        engine.refuse_candles = "The engine is still starting."
        await pilot.press("down")
        assert "The engine is still starting." in " ".join(shown(chart).split())
        engine.show(market=(), desk=None, readings={}, forming={})
        app.pulse.beat()
        await settled(pilot)
        assert chart.border_title == "6 Chart"
        assert "Waiting for market data." in shown(chart)


async def test_old_data_and_an_engine_that_is_gone_dim_the_chart_and_keep_the_candles(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        bars = len(chart.frame.bars)
        gone = FeedView(connected=False, text="stopped", age_ms=9000, delay_ms=0)
        engine.refuse_candles = "The engine has stopped."
        engine.show(phase="failed", phase_text="The embedded exchange ended by itself (code -9).", feed=gone)
        engine.now_ms += 3 * Timeframe.M15.ms
        for _ in range(8):
            app.pulse.beat()
        assert "Old data" in shown(chart)
        assert len(chart.frame.bars) == bars
        tokens = {token for line in chart.frame.lines[1:-1] for text, token in line if text.strip()}
        assert {token.split("/")[0] for token in tokens} == {"dim"}


async def test_a_beat_repaints_few_rows_and_nothing_is_asked_or_drawn_while_it_is_hidden(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        app.pulse.beat()
        assert chart.repainted_rows == 0
        forming = engine.current.forming["LINKUSDT"]
        engine.show(forming={**engine.current.forming, "LINKUSDT": replace(forming, close=forming.high)})
        app.pulse.beat()
        assert 1 <= chart.repainted_rows <= 6
        for hide, bring_back in ((("l", "l", "l"), ("l",)), (("f",), ("f",)), (("c",), ("escape",))):
            await pilot.press(*hide)
            await settled(pilot)
            asked, painted = len(engine.asked), chart.frame
            engine.now_ms += 3 * Timeframe.M15.ms
            for _ in range(8):
                app.pulse.beat()
            assert chart.frame is painted, hide
            assert {symbol for symbol, *_ in engine.asked[asked:]} <= ({"LINKUSDT"} if hide == ("c",) else set())
            await pilot.press(*bring_back)
            await settled(pilot)
            assert chart.frame is not painted


async def test_narrow_window_asks_for_no_candles(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=BELOW) as pilot:
        await settled(pilot)
        await pilot.press("down", "2", "down", "tab", "l", "l", "l")
        assert engine.asked == []
        assert "Chart" not in screen_text(app)
        assert "1-5 panel" in screen_text(app)
        await settled(pilot, EDGE)
        assert [symbol for symbol, *_ in engine.asked] == [app.dashboard.beside.subject.symbol]  # type: ignore[union-attr]


async def test_leaving_the_chart_out_is_a_layout_that_is_kept(engine: FakeEngine) -> None:
    habits = FakeHabits()
    app = remembering(engine, habits)
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        await pilot.press("l", "l", "l")
        assert "all panels without the chart" in app.flash_line.text
        assert (await settled(pilot)).size.width == 0
        assert habits.kept["layout"] == "tables"
        await pilot.press("6")
        assert (await settled(pilot)).size.width  # meanwhile, as with every panel
        await pilot.press("1")
        assert (await settled(pilot)).size.width == 0
        await settled(pilot, BELOW)
        await pilot.press("l")
        assert "watching" in app.flash_line.text
        await pilot.press("l", "l")
        assert "all five panels" in app.flash_line.text
        app.keep_habits(layout="tables")
    again = remembering(FakeEngine(), habits)
    async with again.run_test(size=WIDE) as pilot:
        assert (await settled(pilot)).size.width == 0
        await pilot.press("l")
        assert "all panels and the chart" in again.flash_line.text
        assert (await settled(pilot)).size.width
        assert chart is not again.dashboard


async def test_full_screen_gives_the_whole_window_in_every_layout(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        chart = await settled(pilot)
        assert app.dashboard is not None
        for _ in range(4):
            await pilot.press("1", "f")
            await settled(pilot)
            assert app.dashboard.panel("market").region.width == 200
            await pilot.press("6")
            await settled(pilot)
            assert chart.region.width == 200
            await pilot.press("escape", "escape", "l")


def test_keys_that_mean_something_else_on_the_chart_are_not_promised_there() -> None:
    scopes = (*keys.SCOPE_SETS["dashboard"], *keys.SCOPE_SETS["beside"])
    pressed = Counter(key for action in keys.actions_in(*scopes) for key in action.all_keys)
    both = {key for key, count in pressed.items() if count > 1}
    assert both == set(keys.with_twins(("l", "u")))
    text = "\n".join(line_text(line) for line in help_lines("beside", 100))
    hidden = [action.id for action in keys.actions_in(*scopes, "everywhere") if action.description not in text]
    assert hidden == ["copy", "layout", "symbols"]
