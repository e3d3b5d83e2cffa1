"""The log in full and what was sent: finding dims, filters hide, and everything is told in words with its ids."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.domain.effects import CancelOrder, PlaceOrder, Severity
from futtui.domain.events import BlockSymbol, ChangeMode, ClosePosition, SetPaused, UnblockSymbol
from futtui.domain.kill import KillLevel, KillSwitch, Rearm
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.sent import RefusedEntry, SentBook
from futtui.domain.side import OrderSide, Side
from futtui.domain.timeframe import Timeframe
from futtui.tui.paint import records as paint
from futtui.tui.paint.numbers import day_time_text, time_text
from futtui.tui.paint.records import Filter
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.screens.detail import DetailScreen
from futtui.tui.screens.records import FullLogScreen, OrdersScreen
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine
from tests.tui.screen_text import screen_text
from tests.tui.views import view_of

FULL = (120, 35)


def intent(client_id: str, purpose: OrderPurpose, side: OrderSide, *, trigger: str = "") -> PlaceOrder:
    """An order of the drawn ETH position."""
    kind = OrderType.STOP_MARKET if trigger else OrderType.MARKET
    made = OrderIntent(
        client_id,
        "ETHUSDT",
        side,
        kind,
        Decimal("0.51"),
        purpose,
        "p-ETHUSDT",
        NOW_MS - 60_000,
        trigger_price=Decimal(trigger) if trigger else None,
    )
    return PlaceOrder(TradingMode.PAPER, made)


def sent_book() -> SentBook:
    """An entry, its stop, a refused target, a cancel, three commands, and an entry that was refused twice."""
    book = SentBook()
    book.placed(intent("f-eth-E1", OrderPurpose.ENTRY, OrderSide.BUY))
    book.updated(OrderUpdate("f-eth-E1", "ETHUSDT", OrderStatus.FILLED, NOW_MS - 59_400, exchange_id="8801"))
    book.filled(
        Fill("f-eth-E1", "ETHUSDT", "t1", OrderSide.BUY, Decimal("3098.1"), Decimal("0.51"), Decimal("0.6"), NOW_MS)
    )
    book.placed(intent("f-eth-S1", OrderPurpose.STOP, OrderSide.SELL, trigger="3074"))
    book.updated(OrderUpdate("f-eth-S1", "ETHUSDT", OrderStatus.OPEN, NOW_MS - 58_000, exchange_id="8802"))
    book.placed(intent("f-eth-T1", OrderPurpose.TARGET, OrderSide.SELL, trigger="3118"))
    book.updated(
        OrderUpdate("f-eth-T1", "ETHUSDT", OrderStatus.REJECTED, NOW_MS - 57_000, reason="price too far (-4131)")
    )
    book.cancelled(CancelOrder(TradingMode.PAPER, "ETHUSDT", "f-eth-S1", True, NOW_MS - 30_000))
    book.answered(book.commanded(SetPaused(NOW_MS - 20_000, True)), "New trades are paused.", NOW_MS - 20_000)
    book.answered(
        book.commanded(ChangeMode(NOW_MS - 10_000, TradingMode.LIVE)), "Live needs keys.", NOW_MS, refused=True
    )
    book.commanded(BlockSymbol(NOW_MS - 1_000, "TIAUSDT", 0))
    entry = RefusedEntry(TradingMode.PAPER, "SOLUSDT", Side.SHORT, "sr_sweep_return", Timeframe.M15, "ab12")
    for ago_ms in (900, 400):
        book.entry_refused(entry, "it would risk 0.62 % of the equity", NOW_MS - ago_ms)
    return book


@pytest.fixture
def sending(engine: FakeEngine) -> FakeEngine:
    """An engine that has sent something."""
    engine.show(sent=sent_book().view())
    return engine


def test_what_was_sent_and_what_became_of_it_in_words(sending: FakeEngine) -> None:
    view = view_of(sending)
    told = [(paint.what(entry, view), paint.outcome(entry, view)) for entry in view.snapshot.sent]
    assert told == [
        ("Entry: buy 0.51 ETH at market", ("filled: 0.51 at 3,098.10", "up")),
        ("Stop: sell 0.51 ETH once at 3,074.00", ("waiting", "text")),
        ("Target: sell 0.51 ETH once at 3,118.00", ("refused: price too far (-4131)", "attention")),
        ("Cancel the ETHUSDT order f-eth-S1", ("sent, no answer yet", "text")),
        ("Pause new trades", ("New trades are paused.", "text")),
        ("Change the mode to Live", ("Live needs keys.", "attention")),
        ("Block TIAUSDT until it is taken off", ("no answer yet", "attention")),
        (
            "Entry short SOLUSDT, Sweep-Return M15",
            ("refused: it would risk 0.62 % of the equity (2 times, last 14:32:06)", "attention"),
        ),
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (UnblockSymbol(1, "", "order_flow"), "Unblock Order Flow, every symbol"),
        (BlockSymbol(1, "TIAUSDT", NOW_MS + 3_600_000), "Block TIAUSDT until 15:32"),
        (SetPaused(1, False), "Resume new trades"),
        (ClosePosition(1, "p-ETHUSDT"), "Close ETHUSDT at market"),
        (ClosePosition(1, "p-gone"), "Close p-gone at market"),
        (ClosePosition(1, "p-ETHUSDT", Decimal("12.5")), "Close 12.5 % of ETHUSDT at market"),
        (KillSwitch(1, KillLevel.FLATTEN), "Kill switch 3: Close everything at market"),
        (Rearm(1), "Re-arm the kill switch"),
    ],
)
def test_every_command_has_words(engine: FakeEngine, command: object, words: str) -> None:
    book = SentBook()
    book.commanded(command)  # type: ignore[arg-type]
    assert paint.what(book.view()[0], view_of(engine)) == words


@pytest.mark.parametrize(("kind", "count"), [("orders", 3), ("cancels", 1), ("commands", 3), ("refused", 3)])
def test_kinds_filter_what_was_sent(sending: FakeEngine, kind: str, count: int) -> None:
    assert len(paint.sent_entries(view_of(sending), Filter(choice=paint.KINDS.index(kind)))) == count


def test_finding_dims_what_does_not_match_and_marks_what_does(sending: FakeEngine) -> None:
    view = view_of(sending)
    chosen = Filter(needle="STOP MOVED")
    rows = [paint.log_row(line, view, 118, chosen, selected=False) for line in paint.log_lines(view, chosen)]
    assert len(rows) == 6
    found = [row for row in rows if any(token == "title" for _, token in row)]
    assert len(found) == 1
    assert ("stop moved", "title") in found[0]
    others = [row for row in rows if row is not found[0]]
    assert all(token == "dim" for row in others for _, token in row)
    assert all(line_width(row) <= 118 for row in rows)


def test_search_takes_cyrillic_letters_as_their_keys() -> None:
    assert paint.matches("BTCUSDT is ready", "иес")
    assert not paint.matches("ETHUSDT is ready", "иес")


def test_levels_and_symbol_hide_lines(sending: FakeEngine) -> None:
    view = view_of(sending)
    levels = {severity: len(paint.log_lines(view, Filter(choice=at))) for at, severity in enumerate(paint.LEVELS)}
    assert levels == {Severity.INFO: 6, Severity.NOTICE: 2, Severity.WARNING: 1, Severity.ERROR: 0, Severity.DEBUG: 7}
    assert [line.symbol for line in paint.log_lines(view, Filter(symbol="ADAUSDT"))] == ["ADAUSDT"]


@pytest.mark.parametrize("width", [78, 118, 198])
def test_sent_rows_fit(sending: FakeEngine, width: int) -> None:
    view = view_of(sending)
    columns = paint.sent_columns(width)
    for entry in view.snapshot.sent:
        assert line_width(paint.sent_row(entry, view, columns, Filter("eth"), selected=True)) <= width


async def test_log_search_walks_through_matches_and_keeps_the_others(make_app: AppMaker, sending: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("f4")
        screen = app.screen
        assert isinstance(screen, FullLogScreen)
        await pilot.pause()
        await pilot.press("/", *"usdt", "enter")
        await pilot.pause()
        assert screen.records.hits == [0, 1, 2]
        assert '"usdt": 1 of 3' in screen_text(app)
        assert "reconnected after 2.1 s" in screen_text(app)
        await pilot.press("n", "т")
        assert screen.records.cursor_index == 2
        await pilot.press("n")
        assert screen.records.cursor_index == 0
        await pilot.press("N")
        assert screen.records.cursor_index == 2
        await pilot.press("s")
        assert "ADAUSDT" in screen_text(app)
        assert len(screen.records.items) == 1
        await pilot.press("s", "l", "l")
        assert [line.text for line in screen.records.items] == ["day loss at 10% of limit"]
        await pilot.press("l")
        await pilot.pause()
        assert "No line fits" in screen_text(app)


async def test_sent_entry_opens_with_its_ids_and_follows_the_news(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f6")
        assert isinstance(app.screen, OrdersScreen)
        await pilot.pause()
        assert "Nothing was sent yet" in screen_text(app)
        book = sent_book()
        engine.show(sent=book.view())
        app.pulse.beat()
        await pilot.press("l", "end", "enter")
        await pilot.pause()
        assert isinstance(app.screen, DetailScreen)
        text = screen_text(app)
        for part in ("f-eth-E1", "8801", "after 600 ms", "3,098.10", "p-ETHUSDT"):
            assert part in text


def test_detail_tells_a_refusal_in_full(sending: FakeEngine) -> None:
    view = view_of(sending)
    entry = next(item for item in view.snapshot.sent if item.client_id == "f-eth-T1")
    lines = paint.sent_detail(entry, ("a", "b")).boxes[0].lines(view, 60)
    text = "\n".join(line_text(line) for line in lines)
    assert "price too far (-4131)" in text
    assert "STOP_MARKET" in text


@pytest.mark.parametrize(("size", "shown"), [(FULL, "{day} {time}"), ((80, 24), "{day}")])
async def test_orders_of_earlier_runs_carry_their_date(
    make_app: AppMaker, engine: FakeEngine, size: tuple[int, int], shown: str
) -> None:
    book = SentBook()
    day_before = NOW_MS - 26 * 3_600_000
    book.answered(book.commanded(SetPaused(day_before, True)), "New trades are paused.", day_before)
    book.commanded(SetPaused(NOW_MS - 1_000, False))
    engine.show(sent=book.view())
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("f6")
        await pilot.pause()
        zone = app.store.read().zone
        day, time = day_time_text(day_before, zone).partition(" ")[0], time_text(day_before, zone)
        newest, earlier = [line for line in screen_text(app).splitlines() if "new trades" in line.lower()]
        assert shown.format(day=day, time=time) in earlier
        assert day not in newest
        assert time_text(NOW_MS - 1_000, zone) in newest
