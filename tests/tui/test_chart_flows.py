"""The chart screen with the fake engine: open, zoom, pan, crosshair, alert, timeframe, layers, mouse, back."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from futtui.domain.effects import Say, Severity
from futtui.domain.errors import FuttuiError
from futtui.domain.events import RemovePriceAlert, SetPriceAlert
from futtui.domain.snapshot import FeedView
from futtui.domain.timeframe import MINUTE_MS, Timeframe
from futtui.domain.vwap import VwapReading
from futtui.tui.app import FuttuiApp
from futtui.tui.candle_feed import FIRST_CANDLES
from futtui.tui.paint.chart.content import Subject
from futtui.tui.screens.chart import ChartScreen
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.detail import DetailScreen
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine
from tests.tui.screen_text import screen_text

FULL = (120, 35)


def chart_of(app: FuttuiApp) -> ChartScreen:
    """The chart that is open."""
    assert isinstance(app.screen, ChartScreen)
    return app.screen


async def opened(pilot: Pilot[None], app: FuttuiApp, *keys: str) -> ChartScreen:
    """The chart after these keys, with the timer standing still."""
    for _ in range(100):
        await pilot.pause(0.02)
        if app._started:
            break
    app.pulse.stop()
    await pilot.press(*(keys or ("c",)))
    await pilot.pause()
    return chart_of(app)


@pytest.mark.parametrize("key", ["c", "с"])
async def test_chart_opens_on_the_marked_symbol_and_escape_goes_back(
    make_app: AppMaker, engine: FakeEngine, key: str
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app, key)
        text = screen_text(app)
        assert "Dashboard › Market › LINKUSDT › Chart" in text
        assert "LINKUSDT  M15" in text
        for part in ("13.744 Stop", "13.882 ◄", "POC", "VWAP", "1 column each", "Flip", "next candle in 12:53"):
            assert part in text, part
        assert engine.asked[0] == ("LINKUSDT", Timeframe.M15, FIRST_CANDLES, None)
        assert screen.widget.has_focus
        await pilot.press("escape")
        assert isinstance(app.screen, DashboardScreen)


@pytest.mark.parametrize(
    ("keys", "symbol", "level"),
    [
        (("2", "down", "c"), "SOLUSDT", "147.95 Stop"),
        (("3", "c"), "ETHUSDT", "3,081.50 Stop"),
        (("4", "c"), "LINKUSDT", "13.744 Stop"),
        (("2", "enter", "c"), "LINKUSDT", "13.744 Stop"),
    ],
)
async def test_chart_opens_from_signals_positions_zones_and_details(
    make_app: AppMaker, keys: tuple[str, ...], symbol: str, level: str
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 45)) as pilot:
        screen = await opened(pilot, app, *keys)
        assert screen.subject.symbol == symbol
        assert level in screen_text(app)


async def test_escape_from_a_chart_over_a_detail_returns_to_the_detail(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(pilot, app, "enter", "c")
        await pilot.press("escape")
        assert isinstance(app.screen, DetailScreen)


async def test_zoom_keys_and_reset(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("+", "=")
        assert "4 columns each" in screen_text(app)
        await pilot.press("-", "-", "-")
        assert "2 candles per column" in screen_text(app)
        await pilot.press("left", "0")
        assert screen.widget.look.end_ms is None
        assert "1 column each" in screen_text(app)


async def test_pan_keys_move_the_newest_candle_out_of_sight_and_end_brings_it_back(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        newest = screen.widget.frame.bars[-1].last
        await pilot.press("left", "h", "р", "H", "shift+left")
        assert screen.widget.frame.bars[-1].last == newest - 23
        await pilot.press("right", "L", "д")
        assert screen.widget.frame.bars[-1].last == newest - 11
        await pilot.press("end")
        assert screen.widget.look.end_ms is None
        await pilot.press("home")
        assert screen.widget.frame.bars[0].first == 0


async def test_panning_left_loads_older_candles_once_and_says_so(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        engine.hold_candles = True
        await pilot.press("home", "left", "left")
        assert len(screen.widget.feed.series.candles) == FIRST_CANDLES
        assert f"loading older candles, {FIRST_CANDLES} are here" in screen_text(app)
        first_ms = screen.widget.feed.series.candles[0].open_time_ms
        assert engine.asked[1:] == [("LINKUSDT", Timeframe.M15, 600, first_ms)]
        engine.give_candles()
        seen = screen.widget.frame.bars[-1].close
        app.pulse.beat()
        await pilot.pause()
        assert len(screen.widget.feed.series.candles) == engine.stored
        assert screen.widget.frame.bars[-1].close == seen
        assert "loading older candles" not in screen_text(app)
        await pilot.press("home")
        app.pulse.beat()
        await pilot.pause()
        assert "no older candles are stored" in screen_text(app)
        assert len(engine.asked) == 2


async def test_loading_on_the_way_to_a_moment_says_how_far_it_is(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.stored = 5_000
    spot = (NOW_MS - 2_400 * Timeframe.M15.ms, 13.5)
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(pilot, app)
        engine.hold_candles = True
        app.open_chart([Subject("LINKUSDT")], 0, (), Timeframe.M15, spot)
        await pilot.pause()
        engine.give_candles()
        screen = chart_of(app)
        told = []
        for _ in range(20):
            app.pulse.beat()
            note = str(screen.widget.border_subtitle)
            told += [int(part) for part in re.findall(r"loading older candles, (\d+)%", note)]
            engine.give_candles()
        assert told == [25, 50, 75]
        assert screen.widget.look.cross_ms == Timeframe.M15.open_ms(spot[0])
        assert "%" not in str(screen.widget.border_subtitle)


async def test_crosshair_moves_and_shows_its_candle(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("x", "left", "left", "ч")
        assert screen.widget.look.cross_ms is None
        await pilot.press("x", "left", "left", "up")
        place = screen.widget.frame.bars[-3]
        assert screen.widget.look.cross_ms == screen.widget.chart.candles[place.last].open_time_ms
        assert f"C {place.close:.3f}" in screen_text(app)
        await pilot.press("escape")
        assert screen.widget.look.cross_ms is None
        assert isinstance(app.screen, ChartScreen)


async def test_price_alert_at_the_crosshair_rings_once_when_price_gets_there(
    make_app: AppMaker, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    rung: list[bool] = []
    monkeypatch.setattr(app.terminal, "ring", lambda: rung.append(True))
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("w")
        assert "Switch the crosshair on first" in screen_text(app)
        await pilot.press("x", "up", "up", "w")
        (price,) = app.store.read().alerts("LINKUSDT")
        assert price > 13.882
        assert abs(price / 0.001 - round(price / 0.001)) < 1e-6
        assert "Alert" in screen_text(app)
        assert f"Alert at {price:.3f} for LINKUSDT. It is told once" in screen_text(app)
        await pilot.press("w")
        assert app.store.read().alerts("LINKUSDT") == ()
        await pilot.press("ц", "escape", "escape")
        app.pulse.beat()
        assert rung == []
        text = f"LINKUSDT reached {price:.3f}, your alert."
        told = Say(engine.current.time_ms, "alert", text, Severity.NOTICE, "LINKUSDT")
        engine.show(alerts=(), log=(*engine.current.log, told), log_version=engine.current.log_version + 1)
        app.pulse.beat()
        app.pulse.beat()
        await pilot.pause()
        assert rung == [True]
        assert text in screen_text(app)
        now_ms = engine.current.time_ms
        alert = SetPriceAlert(now_ms, "LINKUSDT", price)
        assert engine.commands == [alert, RemovePriceAlert(now_ms, "LINKUSDT", price), alert]
        assert screen.is_attached is False


async def test_timeframe_keys_ask_for_other_candles(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(pilot, app)
        await pilot.press("]")
        assert "LINKUSDT  H1" in screen_text(app)
        assert ("LINKUSDT", Timeframe.H1, FIRST_CANDLES, None) in engine.asked
        await pilot.press("ъ", "х", "[", "[")
        assert "LINKUSDT  M15" in screen_text(app)


async def test_layer_keys_switch_layers_off_and_on(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(pilot, app)
        for key, name in (("o", "POC"), ("u", "vol "), ("d", "flow "), ("м", "VWAP")):
            chart = "\n".join(screen_text(app).splitlines()[4:-6])
            assert name in chart
            await pilot.press(key)
            await pilot.pause()
            chart = "\n".join(screen_text(app).splitlines()[4:-6])
            assert name not in chart
        await pilot.press("z")
        assert "Zones off" in screen_text(app)


async def test_next_and_previous_walk_the_list_it_came_from(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app, "2", "c")
        assert screen.subject.symbol == "LINKUSDT"
        await pilot.press("n")
        assert screen.subject.symbol == "SOLUSDT"
        assert "SOLUSDT  M15" in screen_text(app)
        await pilot.press("N", "Т")
        assert screen.subject.symbol == "ADAUSDT"


async def test_mouse_wheel_zooms_click_sets_the_crosshair_and_drag_pans(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        await pilot.click("#chart", offset=(51, 12))
        assert screen.widget.look.cross_ms is not None
        column = next(bar.x for bar in screen.widget.frame.bars if bar.x == 50)
        bar = screen.widget.frame.bar_at(column)
        assert bar is not None
        assert screen.widget.look.cross_ms == screen.widget.chart.candles[bar.last].open_time_ms
        last = screen.widget.frame.bars[-1].last
        await pilot.mouse_down("#chart", offset=(40, 12))
        await pilot.hover("#chart", offset=(52, 12))
        await pilot.mouse_up("#chart", offset=(52, 12))
        await pilot.pause()
        assert screen.widget.frame.bars[-1].last == last - 12
        screen.widget.post_message(_wheel_up(screen))
        await pilot.pause()
        assert screen.widget.look.per_candle == 2


def _wheel_up(screen: ChartScreen):  # type: ignore[no-untyped-def]
    from textual.events import MouseScrollUp

    return MouseScrollUp(screen.widget, 10, 10, 0, 0, 0, False, False, False)


async def test_loading_refused_and_missing_candles_say_so(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.hold_candles = True
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(pilot, app)
        assert "Loading the candles of LINKUSDT M15." in screen_text(app)
        await pilot.press("+", "left", "x", "w", "up", "home", "0")
        engine.hold_candles, engine.stored = False, 0
        engine.give_candles()
        await pilot.press("n")
        app.pulse.beat()
        await pilot.pause()
        assert "are stored yet" in screen_text(app)
        engine.refuse_candles = "The engine is still starting."
        await pilot.press("n")
        app.pulse.beat()
        await pilot.pause()
        assert "The engine is still starting." in screen_text(app)


async def test_old_data_dims_the_chart_and_shows_its_age(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        engine.show(feed=FeedView(connected=False, text="lost", age_ms=9000, delay_ms=0, attempt=3))
        app.pulse.beat()
        await pilot.pause()
        assert "Old data, 9 s" in screen_text(app)
        tokens = {token for line in screen.widget.frame.lines[1:-1] for text, token in line if text.strip()}
        assert {token.split("/")[0] for token in tokens} == {"dim"}


async def test_a_beat_with_another_price_repaints_few_rows(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        app.pulse.beat()
        assert screen.widget.repainted_rows == 0
        forming = engine.current.forming["LINKUSDT"]
        engine.show(forming={**engine.current.forming, "LINKUSDT": replace(forming, close=forming.high)})
        app.pulse.beat()
        assert 1 <= screen.widget.repainted_rows <= 6


async def test_a_new_close_is_fetched_and_the_view_stays_where_the_user_looks(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("H")
        seen = screen.widget.chart.candles[screen.widget.frame.bars[-1].last].open_time_ms
        engine.now_ms += 15 * MINUTE_MS
        app.pulse.beat()
        for _ in range(6):
            app.pulse.beat()
        candles = screen.widget.feed.series.candles
        assert candles[-1].open_time_ms == Timeframe.M15.last_closed_open_ms(engine.now_ms)
        assert [b.open_time_ms - a.open_time_ms for a, b in itertools.pairwise(candles)] == [Timeframe.M15.ms] * (
            len(candles) - 1
        )
        assert screen.widget.chart.candles[screen.widget.frame.bars[-1].last].open_time_ms == seen


async def test_hours_show_the_open_hour_from_its_quarter_hours(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app, "c", "]")
        open_bar = screen.widget.chart.candles[-1]
        assert open_bar.open_time_ms == Timeframe.H1.open_ms(NOW_MS)
        quarters = [c for c in screen.widget.feed._base if c.open_time_ms >= open_bar.open_time_ms]
        assert len(quarters) == 2
        seen = engine.current.forming["LINKUSDT"]
        assert open_bar.open == quarters[0].open
        assert open_bar.high == max(seen.high, *(c.high for c in quarters))
        assert open_bar.volume == seen.volume + sum(c.volume for c in quarters)


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 50)])
async def test_chart_fits_every_layout(make_app: AppMaker, size: tuple[int, int]) -> None:
    app = make_app(plain_glyphs=size[0] == 80)
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot, app)
        assert screen.widget.size.width == size[0] - 2
        text = screen_text(app)
        assert "back" in text
        assert "13.744 Stop" in text
        if size[0] == 80:
            assert text.isascii()


async def test_crosshair_follows_the_mouse_once_it_is_on(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(pilot, app)
        await pilot.hover("#chart", offset=(30, 10))
        await pilot.pause()
        assert screen.widget.look.cross_ms is None
        await pilot.press("x")
        await pilot.hover("#chart", offset=(30, 10))
        await pilot.pause()
        first = screen.widget.look
        await pilot.hover("#chart", offset=(60, 6))
        await pilot.pause()
        assert screen.widget.look.cross_ms > first.cross_ms
        assert screen.widget.look.cross_price > first.cross_price
        await pilot.press("x")
        assert screen.widget.look.cross_ms is None


async def test_chart_is_written_as_a_picture_or_says_why_not(make_app: AppMaker) -> None:
    written: dict[str, str] = {}

    def save(name: str, text: str) -> str:
        if written:
            raise FuttuiError("The files cannot be written (No space left on device).")
        written[name] = text
        return f"Written: {name} in /home/trader."

    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(pilot, app)
        await pilot.press("e")
        assert app.flash_line.text == "There is nothing to write yet."
        app.save_text = save
        await pilot.press("e")
        assert app.flash_line.text == "Written: LINKUSDT-15m-20260901-113207.svg in /home/trader."
        picture = written["LINKUSDT-15m-20260901-113207.svg"]
        assert picture.startswith("<svg")
        assert "13.744" in picture
        assert "LINKUSDT" in picture
        await pilot.press("у")  # e on a Cyrillic keyboard
        assert "No space left" in app.flash_line.text


async def test_anchored_vwaps_of_the_analysis_are_on_the_chart(make_app: AppMaker, engine: FakeEngine) -> None:
    reading = engine.current.readings["LINKUSDT"]
    anchor_ms = Timeframe.M15.open_ms(NOW_MS) - 60 * Timeframe.M15.ms
    vwaps = replace(reading.vwaps, anchored=(VwapReading("last major swing low", anchor_ms, 14.3, 0.1, 60),))
    engine.show(readings={**engine.current.readings, "LINKUSDT": replace(reading, vwaps=vwaps)})
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(pilot, app)
        assert "AvLow" in screen_text(app)
        await pilot.press("a")
        assert "AvLow" not in screen_text(app)


async def test_in_a_small_window_news_takes_the_line_of_the_zones_for_a_moment(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        assert "Zones " in screen_text(app)
        await pilot.press("x", "up", "up", "w")
        await pilot.pause()
        assert app.flash_line.text.startswith("Alert at ")
        assert app.flash_line.text[:40] in screen_text(app)
        app.flash_line.fade(60.0)
        app.pulse.beat()
        await pilot.pause()
        assert app.flash_line.text[:40] not in screen_text(app)
