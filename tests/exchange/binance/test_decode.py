"""Decoding of recorded and documented stream events."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.candle import Candle, FormingCandle
from futtui.domain.orders import Fill, OrderStatus, OrderUpdate
from futtui.domain.side import OrderSide
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.decode import StreamDecoder, decode
from futtui.exchange.binance.messages import ControlAnswer, DepthMessage, ListenKeyExpiredMessage
from futtui.exchange.ports import (
    ACCOUNT_MODE_CHANGED,
    AccountMessage,
    AggregateTradeMessage,
    BarrierMessage,
    BookTickerMessage,
    KlineMessage,
    MarkPriceMessage,
)
from tests.exchange.binance.recorded import compact, event_files, fixture
from tests.shared_data import shared_path

NOT_USED = {"TRADE_LITE", "24hrTicker", "forceOrder", "trade"}


def only(payload: object) -> object:
    messages = decode(compact(payload), connection="c")
    assert len(messages) == 1
    return messages[0]


@pytest.mark.parametrize("folder", ["nautilus_ws", "nautilus_crate"])
def test_decoder_on_every_event_fixture_yields_messages_or_counts_the_event(folder: str) -> None:
    seen = 0
    for path in event_files(folder):
        if path.name.startswith("http_"):
            continue
        payload = json.loads(path.read_text(encoding="utf-8"))
        event = payload.get("data", payload)
        decoder = StreamDecoder("c")
        messages = decoder.decode(path.read_bytes())
        assert decoder.garbage == 0, path.name
        if event["e"] in NOT_USED:
            assert messages == ()
            assert decoder.ignored == {event["e"]: 1}
        else:
            assert messages, (path.name, decoder.ignored)
            symbol = event.get("s") or event.get("o", {}).get("s")
            if symbol:
                assert {message.symbol for message in messages} == {symbol}
            seen += 1
    assert seen >= 7


def test_decoder_on_recorded_session_yields_one_message_per_event() -> None:
    decoder = StreamDecoder("c")
    counted: Counter[type] = Counter()
    path = shared_path("fixtures/binance/cryptofeed_2021/ws_combined.jsonl")
    for line in path.read_text(encoding="utf-8").splitlines():
        for message in decoder.decode(compact(json.loads(line)["message"])):
            counted[type(message)] += 1
    assert counted == {DepthMessage: 764, BookTickerMessage: 613, AggregateTradeMessage: 91, KlineMessage: 67}
    assert not decoder.ignored
    assert decoder.garbage == 0


def test_kline_open_bar_is_forming_and_carries_no_closed_candle() -> None:
    message = only(fixture("live_2026_09/ws_kline.json")[0])
    assert message == KlineMessage(
        symbol="BTCUSDT",
        timeframe=Timeframe.M1,
        event_time_ms=1790771371858,
        closed=None,
        forming=FormingCandle(1790771340000, 83896.40, 83920.0, 83860.10, 83860.20, 114.602, 1790771371858),
    )


def test_kline_closed_bar_equals_candle_built_field_by_field() -> None:
    event = fixture("live_2026_09/ws_kline.json")[0]["data"]
    event["k"]["x"] = True
    message = only(event)
    expected = Candle(
        open_time_ms=1790771340000,
        open=83896.40,
        high=83920.00,
        low=83860.10,
        close=83860.20,
        volume=114.602,
        quote_volume=9615538.66780,
        trade_count=2239,
        taker_buy_volume=48.488,
        taker_buy_quote_volume=4068722.10360,
    )
    assert message == KlineMessage("BTCUSDT", Timeframe.M1, 1790771371858, expected, None)
    assert hash(message.closed) == hash(expected)


def test_kline_of_unused_interval_is_counted_and_left_out() -> None:
    event = fixture("live_2026_09/ws_kline.json")[0]["data"]
    event["k"]["i"] = "3m"
    decoder = StreamDecoder("c")
    assert decoder.decode(compact(event)) == ()
    assert sum(decoder.ignored.values()) == 1


def test_mark_price_array_keeps_ours_and_drops_coin_margined() -> None:
    ours = {"e": "markPriceUpdate", "E": 5, "s": "BTCUSDT", "p": "10.5", "i": "10.4", "r": "0.0001", "T": 9, "st": 1}
    coin = {**ours, "s": "BTCUSD_PERP", "st": 2}
    quarter = {**ours, "s": "BTCUSDT_270326", "r": "", "i": ""}
    expected = (
        MarkPriceMessage("BTCUSDT", 5, 10.5, 10.4, 0.0001, 9),
        MarkPriceMessage("BTCUSDT_270326", 5, 10.5, None, None, 9),
    )
    for payload in ([ours, coin, quarter], {"stream": "!markPrice@arr", "data": [ours, coin, quarter]}):
        decoder = StreamDecoder("c")
        assert decoder.decode(compact(payload)) == expected
        assert decoder.ignored == {"coin-margined": 1}


def test_order_trade_yields_fill_with_exact_amounts_then_update() -> None:
    event = fixture("nautilus_crate/user_data_json__order_update_trade.json")
    body = event["o"]
    fill, update = decode(compact(event), connection="c")
    assert isinstance(fill, Fill)
    assert fill.client_id == update.client_id == body["c"]
    assert fill.price == Decimal(body["L"])
    assert fill.quantity == Decimal(body["l"])
    assert fill.fee == Decimal(body["n"])
    assert fill.side is OrderSide(body["S"])
    assert fill.trade_id == str(body["t"])
    assert update.exchange_id == str(body["i"])


def test_order_with_undocumented_status_keeps_its_fill() -> None:
    event = fixture("nautilus_crate/user_data_json__order_update_trade.json")
    event["o"]["X"] = "SOMETHING_NEW"
    fill, update = decode(compact(event), connection="c")
    assert fill.quantity == Decimal(event["o"]["l"])
    assert update.status is OrderStatus.UNKNOWN


def test_order_with_fee_in_other_asset_says_so() -> None:
    event = fixture("nautilus_crate/user_data_json__order_update_trade.json")
    event["o"]["N"] = "BNB"
    assert decode(compact(event), connection="c")[0].fee_asset == "BNB"


def test_order_liquidation_with_quantity_is_a_fill_and_without_is_not() -> None:
    full = decode(compact(fixture("nautilus_ws/ws_futures_order_update_liquidation.json")), connection="c")
    assert [type(message) for message in full] == [Fill, OrderUpdate]
    assert full[0].quantity == Decimal("0.100")
    empty = decode(compact(fixture("nautilus_ws/ws_futures_order_update_liquidation_zero_qty.json")), connection="c")
    assert [type(message) for message in empty] == [OrderUpdate]


@pytest.mark.parametrize(
    ("name", "status", "exchange_id"),
    [
        ("nautilus_ws/ws_futures_algo_update_triggering.json", OrderStatus.TRIGGERED, "1000000033225453"),
        ("nautilus_ws/ws_futures_algo_update_triggered.json", OrderStatus.TRIGGERED, "88937381063"),
        ("nautilus_ws/ws_futures_algo_update_finished.json", OrderStatus.FILLED, "88937381063"),
        ("nautilus_ws/ws_futures_algo_update_finished_canceled.json", OrderStatus.CANCELED, "88937381064"),
        ("nautilus_crate/user_data_json__algo_update_new.json", OrderStatus.OPEN, "2148719"),
        ("nautilus_crate/user_data_json__algo_update_canceled.json", OrderStatus.CANCELED, "2148719"),
    ],
)
def test_algo_update_maps_to_status_and_engine_order(name: str, status: OrderStatus, exchange_id: str) -> None:
    event = fixture(name)
    message = only(event)
    assert isinstance(message, OrderUpdate)
    assert message.client_id == event.get("data", event)["o"]["caid"]
    assert (message.status, message.exchange_id) == (status, exchange_id)


def test_account_update_sums_position_sides_per_symbol() -> None:
    message = only(fixture("nautilus_crate/user_data_json__account_update.json"))
    assert message == AccountMessage(
        event_time_ms=1564745798939,
        reason="ORDER",
        balances={"USDT": Decimal("122624.12345678")},
        positions={"BTCUSDT": Decimal(10)},
        balance_change=Decimal("50.12345678"),
    )


def test_account_funding_names_the_symbol() -> None:
    event = {
        "e": "ACCOUNT_UPDATE",
        "E": 7,
        "T": 7,
        "a": {"m": "FUNDING_FEE", "B": [{"a": "USDT", "wb": "99.5", "cw": "99.5", "bc": "-0.5"}], "S": "BTCUSDT"},
    }
    message = only(event)
    assert message == AccountMessage(
        7, "FUNDING_FEE", {"USDT": Decimal("99.5")}, {}, funding_symbol="BTCUSDT", balance_change=Decimal("-0.5")
    )


def test_changed_leverage_names_its_symbol_and_a_changed_mode_none() -> None:
    event = {"e": "ACCOUNT_CONFIG_UPDATE", "E": 7, "T": 7, "ac": {"s": "BTCUSDT", "l": 25}}
    assert only(event) == AccountMessage(7, "LEVERAGE", {}, {}, leverages={"BTCUSDT": 25})
    mode = {"e": "ACCOUNT_CONFIG_UPDATE", "E": 7, "T": 7, "ai": {"j": True}}
    assert only(mode) == AccountMessage(7, ACCOUNT_MODE_CHANGED, {}, {})


def test_barrier_names_step_and_connection() -> None:
    event = {"e": "simBarrier", "E": 1700, "n": 42}
    expected = (BarrierMessage(step=42, event_time_ms=1700, connection="market-1"),)
    assert decode(compact(event), connection="market-1") == expected
    assert decode(compact({"stream": "!simBarrier", "data": event}), connection="market-1") == expected


def test_listen_key_expired_in_both_documented_forms() -> None:
    event = {"e": "listenKeyExpired", "E": 1736996475556, "listenKey": "k"}
    assert only(event) == ListenKeyExpiredMessage(1736996475556)
    assert only({"stream": "k", "data": event}) == ListenKeyExpiredMessage(1736996475556)


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        ({"result": None, "id": 3}, ControlAnswer(3)),
        ({"result": None, "id": "a-b"}, ControlAnswer("a-b")),
        ({"code": 2, "msg": "Invalid request: bad", "id": 4}, ControlAnswer(4, "Invalid request: bad (code 2)")),
        ({"error": {"code": 3, "msg": "Invalid JSON"}}, ControlAnswer(None, "Invalid JSON (code 3)")),
    ],
)
def test_control_answers_carry_id_and_error(payload: dict[str, object], answer: ControlAnswer) -> None:
    assert only(payload) == answer


def test_decoder_accepts_any_spacing_key_order_and_text_type() -> None:
    event = fixture("nautilus_crate/market_data_json__book_ticker_stream.json")
    reordered = dict(reversed(event.items()))
    expected = decode(compact(event), connection="c")
    assert decode(json.dumps(reordered, indent=2), connection="c") == expected
    assert decode(json.dumps({"data": reordered, "stream": "x"}, indent=1), connection="c") == expected


@given(st.binary(max_size=80) | st.text(max_size=80))
def test_decoder_on_any_text_never_raises(payload: bytes | str) -> None:
    StreamDecoder("c").decode(payload)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["e", "E", "s", "k", "o", "data", "stream", "id", "x"]), inner, max_size=5
            )
        ),
        max_leaves=12,
    )
)
def test_decoder_on_any_json_never_raises(value: object) -> None:
    decoder = StreamDecoder("c")
    decoder.decode(compact(value))


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-1", "1e300", "x"])
def test_decode_numbers_that_cannot_be_true_are_no_message(bad: str) -> None:
    decoder = StreamDecoder("c")
    depth = {"e": "depthUpdate", "E": 1, "s": "X", "U": 1, "u": 2, "pu": 0, "b": [["1", "2"]], "a": []}
    bar = {"t": 0, "i": "15m", "o": "1", "c": "1", "h": "1", "l": "1", "v": "1", "n": 1, "x": True, "q": "1"}
    kline = {"e": "kline", "E": 1, "s": "X", "k": {**bar, "V": "1", "Q": "1"}}
    mark = {"e": "markPriceUpdate", "E": 1, "s": "X", "p": "1"}
    assert all(len(decoder.decode(compact(good))) == 1 for good in (depth, kline, mark))
    wrong = (
        {**depth, "b": [[bad, "2"]]},
        {**depth, "a": [["1", bad]]},
        {**kline, "k": {**kline["k"], "c": bad}},
        {**kline, "k": {**kline["k"], "v": bad}},
        {**mark, "p": bad},
    )
    for event in wrong:
        assert decoder.decode(compact(event)) == (), event
    assert decoder.ignored.total() == len(wrong)


def test_decode_closed_candle_that_contradicts_itself_is_no_message_and_a_forming_one_is_only_shown() -> None:
    decoder = StreamDecoder("c")
    bar = {"t": 0, "i": "15m", "o": "5", "c": "5", "h": "4", "l": "6", "v": "1", "n": 1, "q": "1", "V": "1", "Q": "1"}
    assert decoder.decode(compact({"e": "kline", "E": 1, "s": "X", "k": {**bar, "x": True}})) == ()
    assert len(decoder.decode(compact({"e": "kline", "E": 1, "s": "X", "k": {**bar, "x": False}}))) == 1
