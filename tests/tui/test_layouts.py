"""Sizes, states and colours: what is on the screen when, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.effects import Say, Severity
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import SignalStatus
from futtui.domain.snapshot import FeedView
from futtui.language.catalogue import Language
from futtui.tui.heard import heard
from futtui.tui.paint.notices import DIM_S
from futtui.tui.paint.status import status_line
from futtui.tui.paint.text import line_text
from futtui.tui.running_settings import use_theme
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.sized import layout_for
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.words import speak, word
from tests.tui.conftest import AppMaker
from tests.tui.fake_backtests import until
from tests.tui.fake_engine import NOW_MS, FakeEngine, signal
from tests.tui.screen_text import panel_lines, screen_lines, screen_text
from tests.tui.test_painters import view_of

SIZES = [(80, 24), (80, 50), (100, 30), (110, 28), (120, 30), (120, 35), (160, 45), (200, 50), (58, 15), (20, 5)]


def test_layout_for_each_size() -> None:
    chosen = {size: layout_for(*size) for size in SIZES}
    assert chosen[(58, 15)] == chosen[(20, 5)] == "-tiny"
    assert chosen[(80, 24)] == chosen[(80, 50)] == chosen[(100, 30)] == "-stacked"
    assert chosen[(110, 28)] == chosen[(120, 30)] == chosen[(160, 45)] == "-full"
    assert chosen[(200, 50)] == "-wide"


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_fills_its_lines_and_survives_resizing(make_app: AppMaker, size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.resize_terminal(*size)
        await pilot.pause()
        app.pulse.beat()
        await pilot.pause()
        lines = screen_lines(app)
        assert len(lines) == size[1]
        assert all(len(line) == size[0] for line in lines)
        for panel in app.screen.query(LivePanel):
            if panel.display and panel.size.height:
                assert panel.region.right <= size[0]
                assert panel.region.bottom <= size[1]


async def test_resize_storm_ends_in_the_right_layout(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        for size in SIZES * 2 + [(80, 24)]:
            await pilot.resize_terminal(*size)
        await pilot.pause()
        text = screen_text(app)
        assert "[1 Market 12]" in text
        assert "─ 3 Positions" in text
        assert app.screen.has_class("-stacked")


async def test_too_small_window_says_that_trading_goes_on(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(64, 15)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "This window is 64 x 15. futtui needs at least 80 x 24." in text
        assert "Trading keeps running." in text
        assert "PAPER" in text
        assert "+23.72" in text
        assert "SYNTHETIC" in text


async def test_stacked_layout_gives_the_focused_panel_the_space_of_the_market(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        market = app.screen.query_one("#market")
        assert market.size.height >= 8
        await pilot.press("4")
        await pilot.pause()
        assert not market.display
        assert app.screen.query_one("#zones").size.height >= 8
        assert "VWAP of the week" in screen_text(app)
        await pilot.press("5")
        await pilot.pause()
        assert "day loss at 10% of limit" in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 50)])
async def test_source_is_labelled_synthetic_on_every_screen(make_app: AppMaker, size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert "SYNTHETIC" in screen_lines(app)[0]
        assert "SYNTHETIC MARKET x60" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert "SYNTHETIC" in screen_lines(app)[0]


async def test_source_replay_is_labelled_and_a_real_one_is_not(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        engine.show(synthetic=False, source_label="History replay of 2024-03-01", speed_text="x120")
        app.pulse.beat()
        await pilot.pause()
        assert "HISTORY REPLAY x120" in screen_text(app)
        engine.show(synthetic=False, source_label="Binance USD-M", speed_text="")
        app.pulse.beat()
        await pilot.pause()
        text = screen_text(app)
        assert "SYNTHETIC" not in text
        assert "REPLAY" not in text


async def test_live_mode_fills_the_bar_and_says_harmless_when_embedded(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show_desk(mode=TradingMode.LIVE)
    app = make_app()
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        bar = app.screen.query_one("#status").render_line(0)
        backgrounds = {segment.style.bgcolor.name for segment in bar if segment.style and segment.style.bgcolor}
        assert backgrounds == {"#c4281c"}
        assert "LIVE on the embedded exchange, harmless" in bar.text
        engine.show(synthetic=False, source_label="Binance USD-M")
        app.pulse.beat()
        assert "harmless" not in app.screen.query_one("#status").render_line(0).text


async def test_lost_feed_greys_the_rows_and_tells_what_happens(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        engine.show(feed=FeedView(connected=False, text="lost", age_ms=9000, delay_ms=0, attempt=3))
        app.pulse.beat()
        await pilot.pause()
        text = screen_text(app)
        assert "! No data from the exchange for 9 s. Trying again (attempt 3)." in text
        assert "Prices below are old and shown in grey." in text
        assert "Old data, 9 s" in text
        panel = app.screen.query_one("#market", LivePanel)
        row = panel.render_line(5)
        dim = app.palette.style("dim").color
        assert {segment.style.color for segment in row if segment.text.strip() and segment.style} == {dim}
        engine.show(feed=FeedView(connected=True, text="fresh", age_ms=100, delay_ms=90))
        app.pulse.beat()
        await pilot.pause()
        assert "No data from the exchange" not in screen_text(app)


async def test_silent_engine_is_noticed_by_the_screen_itself(engine: FakeEngine) -> None:
    from futtui.tui.app import FuttuiApp

    seconds = [0.0]
    app = FuttuiApp(engine, real_clock_s=lambda: seconds[0])
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        seconds[0] = 7.0
        app.pulse.beat()
        await pilot.pause()
        assert "! The engine has not answered for 7 s." in screen_text(app)
        engine.show()
        app.pulse.beat()
        await pilot.pause()
        assert "has not answered" not in screen_text(app)


async def test_one_stale_symbol_is_grey_with_its_age(make_app: AppMaker, engine: FakeEngine) -> None:
    rows = list(engine.current.market)
    rows[0] = replace(rows[0], fresh=False, age_ms=14_000, version=2)
    engine.show(market=tuple(rows))
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        line = next(line for line in screen_lines(app) if "BTCUSDT" in line)
        assert "old data, 14 s" in line


async def test_loading_shows_phase_and_progress(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show(
        market=(),
        desk=None,
        readings={},
        log=(),
        phase="loading",
        phase_text="Loading candles",
        symbols_ready=3,
        feed=FeedView(connected=False, text="", age_ms=0, delay_ms=0),
    )
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "Loading candles" in text
        assert "3 of 12 symbols ready, 25%" in text
        assert "Waiting for market data." in text
        for key in ("m", "2", "escape", "enter", "b", "p", "C", "s", "tab", "slash", "escape"):
            await pilot.press(key)
        assert engine.commands == []
        assert isinstance(app.screen, DashboardScreen)


async def test_failed_start_says_what_to_do(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show(market=(), desk=None, phase="error", phase_text="The database is locked by another futtui.")
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "! The database is locked by another futtui." in text
        assert "Press q to quit." in text


async def test_engine_that_ended_while_running_says_why_and_greys_the_prices(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        gone = FeedView(connected=False, text="stopped", age_ms=0, delay_ms=0)
        engine.show(phase="failed", phase_text="The embedded exchange ended by itself (code -9).", feed=gone)
        app.pulse.beat()
        await pilot.pause()
        text = screen_text(app)
        assert "! The embedded exchange ended by itself (code -9)." in text
        assert "! stopped" in screen_lines(app)[0]
        dim = app.palette.style("dim").color
        row = app.screen.query_one("#market", LivePanel).render_line(5)
        assert {segment.style.color for segment in row if segment.text.strip() and segment.style} == {dim}


async def test_long_outage_in_which_no_symbol_is_ready_any_more_is_still_told(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    market = engine.current.market
    rows = tuple(replace(row, ready=False, state_text="candles are missing", version=9) for row in market)
    lost = FeedView(connected=False, text="lost", age_ms=900_000, delay_ms=0, attempt=30)
    engine.show(market=rows, symbols_ready=0, feed=lost)
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "! No data from the exchange for 15 min." in text
        assert "Prices below are old" in text


@pytest.mark.parametrize("mode", list(TradingMode))
async def test_first_frame_shows_the_mode_that_the_desk_will_start_in(
    make_app: AppMaker, engine: FakeEngine, mode: TradingMode
) -> None:
    engine.show(market=(), desk=None, phase="starting", phase_text="Starting the engine.", start_mode=mode)
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert screen_lines(app)[0].startswith(f" {word(f'mode.{mode.value}').upper()}")


async def test_empty_panels_explain_themselves(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show_desk(signals=(), positions=(), trades=())
    engine.show(log=())
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "No signals right now." in text
        assert "12 symbols watched, 2 close to a zone." in text
        assert "No positions. The next good signal opens one with pretend money." in text
        assert "Nothing happened yet." in text


async def test_new_signal_flashes_once_and_fades(make_app: AppMaker, engine: FakeEngine) -> None:
    assert engine.current.desk is not None
    first = engine.current.desk.signals
    engine.show_desk(signals=())
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        engine.show_desk(signals=first)
        app.pulse.beat()
        await pilot.pause()
        assert "New signal: LINK long, score 86. Press 2 to see it. And 2 more." in screen_lines(app)[-2]
        shown = app.flash_line.text
        for _ in range(30):
            app.pulse.beat()
        assert app.flash_line.text == shown
        assert app.flash_line.bright_s == 0.0
        await until(pilot, lambda: shown in screen_lines(app)[-2])  # dim, it stays for a while
        app.flash_line.fade(DIM_S)
        app.pulse.beat()
        await until(pilot, lambda: "New signal" not in screen_lines(app)[-2])  # a minute later it is no news


async def test_new_signal_elsewhere_names_a_key_that_works_there(make_app: AppMaker, engine: FakeEngine) -> None:
    assert engine.current.desk is not None
    first = engine.current.desk.signals
    engine.show_desk(signals=())
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.press("f3")
        await pilot.pause()
        engine.show_desk(signals=first)
        app.pulse.beat()
        assert app.flash_line.text == "New signal: LINK long, score 86. On the dashboard (Esc) 2 shows it. And 2 more."
        await pilot.press("escape", "2")
        assert app.dashboard is not None
        assert app.screen is app.dashboard
        assert app.dashboard.main == "signals"


async def test_new_signal_rings_only_in_the_background(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    rings: list[int] = []
    app.terminal.ring = lambda: rings.append(1)  # type: ignore[method-assign]
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert engine.current.desk is not None
        for index, focused in enumerate((True, False), start=1):
            app.app_focus = focused
            fresh = signal("BNBUSDT", Side.LONG, f"s{index}", (10, 9, 11, 12, 13), age_ms=0, score=80)
            engine.show_desk(signals=(*engine.current.desk.signals, fresh))
            app.pulse.beat()
        assert rings == [1]


async def test_error_in_the_log_flashes(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        line = Say(NOW_MS, "orders", "The exchange refused the stop of ETHUSDT.", Severity.ERROR, "ETHUSDT")
        engine.show(log=(*engine.current.log, line))
        app.pulse.beat()
        await pilot.pause()
        assert "! The exchange refused the stop of ETHUSDT." in screen_lines(app)[-2]


async def test_waiting_signal_that_expires_changes_its_row(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("2", "down")
        await pilot.pause()
        assert "Waiting for price, 12 min left" in screen_text(app)
        assert engine.current.desk is not None
        changed = tuple(
            replace(item, status=SignalStatus.EXPIRED, status_reason="price never came")
            if item.raw.symbol == "SOLUSDT"
            else item
            for item in engine.current.desk.signals
        )
        engine.show_desk(signals=changed)
        app.pulse.beat()
        await pilot.pause()
        assert "expired: price never came" in screen_text(app)


@pytest.mark.parametrize("theme", ["night", "colour-safe", "light"])
async def test_theme_changes_all_styles_at_once(make_app: AppMaker, theme: str) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        use_theme(app, theme)
        await pilot.pause()
        row = app.screen.query_one("#market", LivePanel).render_line(4)
        wanted = app.palette.style("text").bgcolor
        assert any(segment.style and segment.style.bgcolor == wanted for segment in row)
        assert app.palette.tokens.name == theme


@pytest.mark.parametrize(
    ("size", "words"), [((120, 35), "Opened in Paper, not part of this account"), ((80, 24), "in Paper")]
)
async def test_positions_of_another_mode_never_pass_for_those_of_this_one(
    make_app: AppMaker, engine: FakeEngine, size: tuple[int, int], words: str
) -> None:
    engine.show_desk(mode=TradingMode.LIVE)
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert words in text
        assert "0 open · 3 in another mode" in text
        await pilot.press("3", "f")
        await pilot.pause()
        text = screen_text(app)
        assert "Closed in Paper, not part of this account" in text
        engine.show_desk(mode=TradingMode.PAPER)
        app.pulse.beat()
        await pilot.pause()
        assert "not part of this account" not in screen_text(app)


async def test_signals_panel_shows_the_newest_open_signal_until_somebody_works_in_it(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    assert engine.current.desk is not None
    app = make_app()

    async def newer(name: str, age_ms: int) -> None:
        plan = signal(name, Side.LONG, "break_retest", (10.0, 9.0, 11.0, 12.0), age_ms=age_ms, score=90)
        assert engine.current.desk is not None
        engine.show_desk(signals=(plan, *engine.current.desk.signals))
        app.pulse.beat()
        await pilot.pause()

    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await newer("AVAXUSDT", 3000)
        assert "AVAX  Entry" in screen_text(app)
        await pilot.press("2")
        await newer("DOTUSDT", 2000)
        assert "AVAX  Entry" in screen_text(app)
        await pilot.press("home", "1")
        await newer("LTCUSDT", 1000)
        assert "LTC   Entry" in screen_text(app)


async def test_signal_refused_for_a_long_reason_tells_it_whole(make_app: AppMaker, engine: FakeEngine) -> None:
    refused = signal(
        "DOTUSDT", Side.LONG, "break_retest", (10.0, 9.0, 11.0), age_ms=0, score=9, status=SignalStatus.REFUSED
    )
    engine.show_desk(signals=(replace(refused, status_reason="the candle arrived too late to trade on it"),))
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        lines = [line.strip() for line in panel_lines(app.screen.query_one("#signals", LivePanel))]
        start = next(index for index, line in enumerate(lines) if line.startswith("refused:"))
        assert " ".join(lines[start : start + 2]) == "refused: the candle arrived too late to trade on it"


async def test_log_tail_does_not_repeat_the_flash(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        line = Say(NOW_MS, "mode", "New trades go on", Severity.INFO)
        engine.show(log=(*engine.current.log, line))
        app.flash("New trades go on")
        app.pulse.beat()
        await pilot.pause()
        assert screen_text(app).count("New trades go on") == 1


async def test_log_line_names_its_symbol(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show(log=(Say(NOW_MS, "data", "candles are missing", Severity.WARNING, "LTCUSDT"),))
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert "LTCUSDT: candles are missing" in screen_text(app)


async def test_vwap_that_is_not_known_yet_says_when_it_will_be(make_app: AppMaker, engine: FakeEngine) -> None:
    reading = replace(engine.current.readings["LINKUSDT"], daily_vwap=None, anchored_vwap=None)
    engine.show(readings={**engine.current.readings, "LINKUSDT": reading})
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        text = screen_text(app)
        assert "known from 02:00 UTC on" in text
        assert "known from Monday 02:00 UTC on" in text


async def test_exchange_on_this_computer_is_labelled(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show(source_label="Local exchange at 127.0.0.1:8899", synthetic=False, speed_text="")
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert "LOCAL EXCHANGE" in screen_lines(app)[0]
        assert "1 Market  LOCAL EXCHANGE" in screen_text(app)


async def test_long_reason_of_a_lost_feed_does_not_fill_the_bar(make_app: AppMaker, engine: FakeEngine) -> None:
    text = "No connection to the exchange at https://fapi.binance.com (its name was not found)."
    engine.show(market=(), phase="connecting", feed=FeedView(connected=False, text=text, age_ms=0, delay_ms=0))
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert "○ offline" in screen_lines(app)[0]


async def test_market_of_which_nothing_is_ready_says_so(make_app: AppMaker, engine: FakeEngine) -> None:
    rows = tuple(
        replace(row, ready=False, state_text="4h: not enough candles", version=9) for row in engine.current.market
    )
    engine.show(market=rows)
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert "No symbol can be traded yet; each line says why." in screen_text(app)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("text", ["No connection to the exchange (its name was not found)", "reconnecting", "stale"])
def test_no_word_about_the_feed_is_cut_in_a_narrow_bar(language: Language, text: str, engine: FakeEngine) -> None:
    speak(language)
    feed = FeedView(connected=False, text=text, age_ms=0, delay_ms=0)
    shown = line_text(status_line(view_of(replace(engine.current, market=(), phase="connecting", feed=feed)), 80))
    told = shown.partition("○ ")[2].rsplit(maxsplit=1)[0].strip()
    assert told in {word("feed.none"), word("feed.connecting"), heard(text)}
