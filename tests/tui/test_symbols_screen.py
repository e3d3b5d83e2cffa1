"""Symbols and blocks: states from the snapshot, and commands that block and unblock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from futtui.domain.events import BlockSymbol, UnblockSymbol
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import SymbolWait
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.domain.universe import Listing, Standing
from futtui.tui.app import FuttuiApp
from futtui.tui.paint import symbols as paint
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.screens.detail import DetailScreen
from futtui.tui.screens.symbols import SymbolsScreen
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine
from tests.tui.made_performance import report as made_report
from tests.tui.screen_text import screen_text
from tests.tui.views import view_of

FULL = (120, 35)


@pytest.fixture
def troubled(engine: FakeEngine) -> FakeEngine:
    """Every state once: blocked, loading, not traded, old, warming up, left out, ready."""
    changes = {
        "BTCUSDT": {"ready": False, "state_text": "loading history"},
        "ETHUSDT": {"ready": False, "state_text": "the exchange did not answer"},
        "SOLUSDT": {"fresh": False},
        "XRPUSDT": {"ready": False, "state_text": "120 of 200 candles"},
    }
    market = tuple(replace(row, **changes.get(row.symbol, {})) for row in engine.current.market)
    engine.show(
        market=market,
        waits={"BTCUSDT": SymbolWait("LOADING"), "ETHUSDT": SymbolWait("DISABLED", 11_200)},
        standings={"PEPEUSDT": Standing("PEPEUSDT", False, "turnover of 2 million is too small")},
    )
    engine.show_desk(blocked={"TIAUSDT": (NOW_MS + HOUR_MS, "3 losses in a row"), "@order_flow": (0, "blocked by you")})
    return engine


def test_states_and_reasons_come_from_the_snapshot(troubled: FakeEngine) -> None:
    items = {item.symbol: item for item in paint.all_symbols(troubled.current, by_state=False)}
    states = {symbol: items[symbol].state for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "TIAUSDT")}
    assert states == {
        "BTCUSDT": "LOADING",
        "ETHUSDT": "DISABLED",
        "SOLUSDT": "stale",
        "XRPUSDT": "warming",
        "TIAUSDT": "blocked",
    }
    assert items["PEPEUSDT"].state == "out"
    assert items["LINKUSDT"].state == "ready"
    assert items["TIAUSDT"].cause == "3 losses in a row"


def test_what_needs_a_look_comes_first_and_what_is_left_out_last(troubled: FakeEngine) -> None:
    shown = [item.symbol for item in paint.all_symbols(troubled.current, by_state=True)]
    assert shown[:3] == ["TIAUSDT", "ETHUSDT", "SOLUSDT"]
    assert shown[-1] == "PEPEUSDT"
    unsorted = [item.symbol for item in paint.all_symbols(troubled.current, by_state=False)]
    assert unsorted[:2] == ["BTCUSDT", "ETHUSDT"]


def test_turnover_spread_and_results_are_shown_where_they_are_known(troubled: FakeEngine) -> None:
    listing = Listing("LINKUSDT", "LINK", quote_volume=420_000_000.0, spread_pct=0.0123)
    troubled.show(listings={"LINKUSDT": listing})
    report = replace(made_report(), accounts=made_report().accounts[1:])
    view, columns = view_of(troubled), paint.columns_for(198)

    def cells(symbol: str, results: paint.Results | None) -> list[str]:
        items = {item.symbol: item for item in paint.all_symbols(troubled.current, by_state=False, results=results)}
        return line_text(paint.symbol_line(items[symbol], view, columns, False)).split()

    results = paint.results_of(report, TradingMode.PAPER)
    assert cells("LINKUSDT", results)[-4:-1] == ["420M", "0.012%", "0"]
    assert cells("LINKUSDT", None)[-5:-1] == ["420M", "0.012%", "n/a", "n/a"]
    assert cells("TIAUSDT", results)[-5:-1] == ["n/a", "n/a", "6", "-1.9R"]
    assert paint.results_of(report, TradingMode.LIVE) == {}
    assert paint.results_of(None, TradingMode.PAPER) is None


@pytest.mark.parametrize("width", [78, 118, 198])
def test_lines_fill_their_width_and_tell_the_next_try(troubled: FakeEngine, width: int) -> None:
    view = view_of(troubled)
    columns = paint.columns_for(width)
    lines = [
        paint.symbol_line(item, view, columns, False) for item in paint.all_symbols(troubled.current, by_state=True)
    ]
    assert all(line_width(line) <= width for line in lines)
    assert "try in 12s" in line_text(lines[1])
    blocks = [
        paint.block_line(block, view, paint.block_columns(width), False) for block in paint.all_blocks(troubled.current)
    ]
    assert "15:32, in 1h00" in line_text(blocks[0])
    assert "Order Flow, every symbol" in line_text(blocks[1])


def test_the_row_changes_when_the_second_of_the_next_try_does(troubled: FakeEngine) -> None:
    view = view_of(troubled)
    item = next(each for each in paint.all_symbols(troubled.current, by_state=True) if each.symbol == "ETHUSDT")
    assert paint.version_of(item, view) != paint.version_of(replace(item, next_try_in_ms=9_000), view)
    assert paint.version_of(item, view) == paint.version_of(replace(item, next_try_in_ms=11_300), view)


async def _marked(app: FuttuiApp, pilot: Pilot[None]) -> None:
    """Waits until the market has its mark: the screen of symbols begins there."""
    for _ in range(200):
        if app.store.symbol:
            return
        await pilot.pause()
    raise AssertionError("the market never got a mark")


async def test_block_with_reason_and_end_then_unblock(make_app: AppMaker, troubled: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await _marked(app, pilot)
        await pilot.press("г")
        assert isinstance(app.screen, SymbolsScreen)
        await pilot.pause()
        assert app.screen.watched.cursor_key == "LINKUSDT"
        for key in ("b", *"news", "up", "up", "enter"):
            await pilot.press(key)
            await pilot.pause()
        tomorrow_ms = (NOW_MS // DAY_MS + 1) * DAY_MS
        assert troubled.commands == [BlockSymbol(NOW_MS, "LINKUSDT", tomorrow_ms, "blocked by you: news")]
        await pilot.press("tab", "u", "down", "u")
        assert troubled.commands[1:] == [UnblockSymbol(NOW_MS, "TIAUSDT"), UnblockSymbol(NOW_MS, "", "order_flow")]
        await pilot.press("tab", "u")
        assert "not blocked" in app.flash_line.text
        assert len(troubled.commands) == 3


async def test_the_block_menu_of_every_place_leads_to_the_form_with_a_reason(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("b", "к", *"cpi", "down", "enter")
        assert engine.commands == [
            BlockSymbol(NOW_MS, "LINKUSDT", NOW_MS + 4 * HOUR_MS, "blocked by you: cpi"),
        ]


async def test_a_strategy_is_blocked_on_one_symbol_or_everywhere(make_app: AppMaker, troubled: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await _marked(app, pilot)
        await pilot.press("u")
        await pilot.pause()
        for key in ("B", "2", "1", "enter", "B", "1", "2", "down", "enter"):
            await pilot.press(key)
            await pilot.pause()
        assert troubled.commands == [
            BlockSymbol(NOW_MS, "LINKUSDT", NOW_MS + HOUR_MS, "blocked by you", "break_retest"),
            BlockSymbol(NOW_MS, "", NOW_MS + 4 * HOUR_MS, "blocked by you", "atr_momentum"),
        ]


async def test_open_find_and_a_symbol_that_is_not_watched(make_app: AppMaker, troubled: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await _marked(app, pilot)
        await pilot.press("u")
        await pilot.pause()
        await pilot.press(".", *"pep", "enter", "enter")
        assert isinstance(app.screen, SymbolsScreen)
        assert "PEPEUSDT is not watched" in app.flash_line.text
        await pilot.press("home", "down", "enter")
        assert isinstance(app.screen, DetailScreen)
        await pilot.press("escape", "escape")
        assert app.screen is app.dashboard


async def test_before_there_is_a_market_it_says_what_happens(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show(market=(), desk=None, phase_text="Connecting to the exchange.")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("u")
        await pilot.pause()
        assert "Connecting to the exchange." in screen_text(app)
        assert "Nothing is blocked" in screen_text(app)
