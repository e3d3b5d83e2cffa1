"""The REST client against a local server that answers by script."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.domain.candle import Candle
from futtui.domain.errors import ExchangeError, InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.budget import RequestBudget
from futtui.exchange.binance.errors import BadAnswer, Banned, NotSent, RateLimited, Refused, TimeoutUnknown, Unavailable
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.weights import klines_weight
from futtui.exchange.ports import Credentials, Endpoints
from tests.exchange.binance.recorded import fixture
from tests.exchange.binance.scripted_server import Answer, ScriptedServer, Seen

MINUTE = 60_000
NOW = 1_790_000_000_000
TIME = "GET /fapi/v1/time"
KLINES = "GET /fapi/v1/klines"
PREMIUM = "GET /fapi/v1/premiumIndex"
KIND_A = {"code": -1000, "msg": "Unknown error, please check your request or try again later."}
KIND_B = "Service Unavailable."
KIND_C = {"code": -1000, "msg": "Internal error; unable to process your request. Please try again."}
PRICE = {"symbol": "BTCUSDT", "markPrice": "100.5", "indexPrice": "100.4", "time": NOW, "lastFundingRate": "0.0001"}


async def no_sleep(_: float) -> None:
    return None


def client(server: ScriptedServer, **options: object) -> BinanceRest:
    return BinanceRest(server.endpoints, clock=lambda: NOW, sleep=no_sleep, **options)  # type: ignore[arg-type]


def kline_rows(seen: Seen, first_ms: int, now_ms: int) -> Answer:
    """Rows as the exchange gives them: from startTime, at most limit, the last one still open."""
    step = Timeframe.from_code(seen.query["interval"]).ms
    start = max(int(seen.query["startTime"]), first_ms)
    end = min(int(seen.query["endTime"]), now_ms)
    rows = []
    for open_ms in range(-(-start // step) * step, end + 1, step):
        if len(rows) == int(seen.query["limit"]):
            break
        rows.append([open_ms, "1", "3", "0.5", "2", "7", open_ms + step - 1, "14", 9, "4", "8", "0"])
    return Answer(rows)


async def ask(server: ScriptedServer, *answers: Answer, **options: object) -> object:
    server.say(PREMIUM, *answers)
    rest = client(server, **options)
    try:
        return await rest.premium_index("BTCUSDT")
    finally:
        await rest.close()


async def test_rest_reads_recorded_bodies_of_2026() -> None:
    bodies = {item["request"].split("?")[0]: item for item in fixture("live_2026_09/rest_responses.json")}
    async with ScriptedServer() as server:
        for call in (TIME, PREMIUM):
            server.say(call, Answer(bodies[call]["body"]))
        rest = client(server)
        assert await rest.server_time_ms() == 1789478299014
        price = (await rest.premium_index("BTCUSDT"))[0]
        assert (price.mark_price, price.index_price, price.funding_rate) == (76916.95122464, 76959.67847826, 0.00008972)
        await rest.close()


@pytest.mark.parametrize(
    ("source", "minimum"), [("live_2026_09/exchangeInfo_BTCUSDT.json", 1), ("cryptofeed_2021/exchangeInfo.json", 90)]
)
async def test_exchange_info_of_recorded_bodies_gives_exact_rules(source: str, minimum: int) -> None:
    body = fixture(source)
    async with ScriptedServer() as server:
        server.say("GET /fapi/v1/exchangeInfo", Answer(body.get("body", body)))
        rest = client(server)
        rules = await rest.exchange_info()
        await rest.close()
    assert len(rules) >= minimum
    assert all(symbol.endswith("USDT") for symbol in rules)
    if "live" in source:
        bitcoin = rules["BTCUSDT"]
        assert (bitcoin.tick_size, bitcoin.step_size, bitcoin.min_notional) == (
            Decimal("0.10"),
            Decimal("0.001"),
            Decimal(50),
        )
        assert bitcoin.market_max_quantity == 120
        assert bitcoin.base_asset == "BTC"


async def test_exchange_info_leaves_out_other_contracts_and_broken_entries() -> None:
    good = fixture("live_2026_09/exchangeInfo_BTCUSDT.json")["symbols"][0]
    others = [
        {**good, "symbol": "A", "status": "SETTLING"},
        {**good, "symbol": "B", "contractType": "CURRENT_QUARTER"},
        {**good, "symbol": "C", "quoteAsset": "USDC"},
        {**good, "symbol": "D", "filters": good["filters"][:1]},
        {**good, "symbol": "E", "contractType": "TRADIFI_PERPETUAL"},
    ]
    async with ScriptedServer() as server:
        server.say("GET /fapi/v1/exchangeInfo", Answer({"symbols": [*others, good]}))
        rest = client(server)
        assert list(await rest.exchange_info()) == ["BTCUSDT"]
        await rest.close()


async def test_listings_put_state_turnover_and_spread_together_and_leave_unknown_unknown() -> None:
    good = fixture("live_2026_09/exchangeInfo_BTCUSDT.json")["symbols"][0]
    end_ms = 1_790_000_000_000
    symbols = [good, {**good, "symbol": "LUNAUSDT", "status": "SETTLING", "deliveryDate": end_ms}]
    tickers = [{"symbol": "BTCUSDT", "quoteVolume": "5"}, {"symbol": "BTCUSD_PERP", "quoteVolume": "50"}]
    books = [{"symbol": "BTCUSDT", "bidPrice": "99.9", "askPrice": "100.1"}]
    async with ScriptedServer() as server:
        server.say("GET /fapi/v1/exchangeInfo", Answer({"symbols": symbols}))
        server.say("GET /fapi/v1/ticker/24hr", Answer(tickers))
        rest = client(server)
        server.say("GET /fapi/v1/ticker/bookTicker", Answer(books))
        bitcoin, luna = await rest.listings()
        assert (bitcoin.status, bitcoin.quote_volume, bitcoin.ends_ms) == ("TRADING", 5.0, None)
        assert bitcoin.spread_pct == pytest.approx(0.2)
        assert (luna.status, luna.ends_ms) == ("SETTLING", end_ms)
        assert (luna.quote_volume, luna.spread_pct) == (None, None)
        await rest.close()


@pytest.mark.parametrize(("limit", "weight"), [(1, 1), (99, 1), (100, 2), (499, 2), (500, 5), (1000, 5), (1001, 10)])
def test_klines_weight_follows_the_published_table(limit: int, weight: int) -> None:
    assert klines_weight(limit) == weight


async def test_klines_newest_are_closed_and_cost_the_cheapest_limit() -> None:
    exchange_now = NOW + 5_000  # our clock is five seconds behind
    async with ScriptedServer() as server:
        server.say(TIME, Answer({"serverTime": exchange_now}))
        server.compute(KLINES, lambda seen: kline_rows(seen, 0, exchange_now))
        rest = client(server)
        candles = await rest.klines("BTCUSDT", Timeframe.M15, limit=99)
        assert len(candles) == 99
        assert Timeframe.M15.end_ms(candles[-1].open_time_ms) <= exchange_now
        assert candles[-1].open_time_ms == Timeframe.M15.last_closed_open_ms(exchange_now)
        assert [seen.query["limit"] for seen in server.calls(KLINES)] == ["99"]
        assert candles[0] == Candle(candles[0].open_time_ms, 1.0, 3.0, 0.5, 2.0, 7.0, 14.0, 9, 4.0, 8.0)
        await rest.close()


async def test_klines_of_a_long_range_come_in_pages_without_gap_or_repeat() -> None:
    start = NOW - 4_000 * MINUTE
    async with ScriptedServer() as server:
        server.say(TIME, Answer({"serverTime": NOW}))
        server.compute(KLINES, lambda seen: kline_rows(seen, 0, NOW))
        rest = client(server)
        candles = await rest.klines("BTCUSDT", Timeframe.M1, start_ms=start, end_ms=NOW, limit=100_000)
        await rest.close()
        opens = [candle.open_time_ms for candle in candles]
        first = -(-start // MINUTE) * MINUTE
        assert opens == list(range(first, NOW // MINUTE * MINUTE, MINUTE))
        asked = [int(seen.query["limit"]) for seen in server.calls(KLINES)]
        assert sum(asked) == len(opens)
        assert asked[:-1] == [499] * (len(opens) // 499)


async def test_klines_of_young_coin_start_with_its_first_candle() -> None:
    listed = Timeframe.H1.open_ms(NOW) - 50 * Timeframe.H1.ms
    async with ScriptedServer() as server:
        server.say(TIME, Answer({"serverTime": NOW}))
        server.compute(KLINES, lambda seen: kline_rows(seen, listed, NOW))
        rest = client(server)
        candles = await rest.klines("NEWUSDT", Timeframe.H1, limit=2000)
        await rest.close()
    assert [candles[0].open_time_ms, len(candles)] == [listed, 50]


async def test_klines_with_ask_time_uses_the_exchanges_own_clock() -> None:
    virtual = 1_600_000_000_000
    async with ScriptedServer() as server:
        server.say(TIME, Answer({"serverTime": virtual}))
        server.compute(KLINES, lambda seen: kline_rows(seen, 0, virtual))
        rest = client(server, ask_time=True)
        candles = await rest.klines("BTCUSDT", Timeframe.H4, limit=3)
        assert candles[-1].open_time_ms == Timeframe.H4.last_closed_open_ms(virtual)
        asked = len(server.calls(TIME))
        old = Timeframe.H4.open_ms(virtual) - 10 * Timeframe.H4.ms
        assert len(await rest.klines("BTCUSDT", Timeframe.H4, end_ms=old, limit=2)) == 2
        assert len(server.calls(TIME)) == asked, "a range that is surely closed needs no time"
        await rest.close()


@pytest.mark.parametrize(
    "rows",
    [
        [[NOW, "1", "0.5", "0.7", "1", "1", 0, "1", 1, "1", "1", "0"]],
        [[5, "1", "1", "1", "1", "1", 0, "1", 1, "1", "1", "0"]],
        [["x"]],
    ],
)
async def test_klines_that_cannot_be_true_are_refused(rows: list[list[object]]) -> None:
    async with ScriptedServer() as server:
        server.say(TIME, Answer({"serverTime": NOW + 10 * MINUTE}))
        server.say(KLINES, Answer(rows))
        rest = client(server)
        with pytest.raises(BadAnswer):
            await rest.klines("BTCUSDT", Timeframe.M1, start_ms=NOW - MINUTE, limit=5)
        await rest.close()


async def test_clock_offset_is_the_median_of_five() -> None:
    async with ScriptedServer() as server:
        server.say(TIME, *(Answer({"serverTime": NOW + offset}) for offset in (700, 650, 99_000, 600, -90_000)))
        rest = client(server)
        assert await rest.clock_offset_ms() == 650
        assert rest.exchange_now_ms() == NOW + 650
        await rest.close()


class Pc:
    """A PC's clock beside the exchange's, both moved by the test."""

    def __init__(self, ahead_ms: int = 0) -> None:
        self.now_ms = NOW
        self.exchange_ms = NOW + ahead_ms

    def pass_ms(self, exchange_ms: int, pc_ms: int | None = None) -> None:
        self.exchange_ms += exchange_ms
        self.now_ms += exchange_ms if pc_ms is None else pc_ms

    def wire(self, server: ScriptedServer) -> BinanceRest:
        server.compute(TIME, lambda _: Answer({"serverTime": self.exchange_ms}))
        server.compute(KLINES, lambda seen: kline_rows(seen, 0, self.exchange_ms))
        return BinanceRest(server.endpoints, clock=lambda: self.now_ms, sleep=no_sleep)


async def newest_closed(rest: BinanceRest) -> int:
    bars = await rest.klines("BTCUSDT", Timeframe.M1, limit=3)
    return bars[-1].open_time_ms + MINUTE


async def test_klines_after_the_pc_slept_with_its_clock_standing_still_reach_the_present_again() -> None:
    async with ScriptedServer() as server:
        pc = Pc()
        rest = pc.wire(server)
        await newest_closed(rest)
        pc.pass_ms(8 * 60 * MINUTE, pc_ms=0)
        await rest.server_time_ms()
        pc.pass_ms(3 * MINUTE)
        assert pc.exchange_ms - await newest_closed(rest) < MINUTE + 1000
        await rest.close()


@pytest.mark.parametrize("drift", [1.001, 0.999])
async def test_klines_of_a_pc_whose_clock_drifts_for_days_are_closed_and_not_far_behind(drift: float) -> None:
    async with ScriptedServer() as server:
        pc = Pc(ahead_ms=-1500)
        rest = pc.wire(server)
        for _ in range(2 * 24 * 4):
            pc.pass_ms(15 * MINUTE, pc_ms=round(15 * MINUTE * drift))
            closed_ms = await newest_closed(rest)
            assert closed_ms <= pc.exchange_ms < closed_ms + MINUTE + 1000
        await rest.close()


async def test_depth_snapshot_of_fixture_and_refusal_of_illegal_size() -> None:
    async with ScriptedServer() as server:
        server.say("GET /fapi/v1/depth", Answer(fixture("nautilus_http/http_futures_market_depth.json")))
        rest = client(server)
        snapshot = await rest.depth("BTCUSDT", 1000)
        assert snapshot.last_update_id > 0
        assert snapshot.bids[0][0] < snapshot.asks[0][0]
        with pytest.raises(InvalidInputError, match="40"):
            await rest.depth("BTCUSDT", 40)
        assert len(server.seen) == 1
        await rest.close()


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(KIND_C, 503),
        Answer(KIND_B, 503),
        Answer(KIND_A, 503),
        Answer("<html>bad gateway</html>", 502),
        Answer({"code": -1007, "msg": "Timeout waiting for response from backend server."}, 408),
        Answer(cut=True),
    ],
)
async def test_question_after_transient_trouble_is_asked_again(trouble: Answer) -> None:
    async with ScriptedServer() as server:
        prices = await ask(server, trouble, trouble, Answer(PRICE))
        assert prices[0].mark_price == 100.5  # type: ignore[index]
        assert len(server.seen) == 3


async def test_question_in_lasting_trouble_is_asked_four_times_at_most() -> None:
    async with ScriptedServer() as server:
        with pytest.raises(Unavailable):
            await ask(server, Answer(KIND_C, 503))
        assert len(server.seen) == 4


async def test_question_that_hangs_ends_at_its_deadline() -> None:
    async with ScriptedServer() as server:
        with pytest.raises(Unavailable, match="in time"):
            await ask(server, Answer(hang=True), total_seconds=0.05)
        assert len(server.seen) == 4


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer({"code": -1121, "msg": "Invalid symbol."}, 400), Refused),
        (Answer({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, 401), Refused),
        (Answer("<html><h1>Forbidden</h1></html>", 403), Banned),
        (Answer("<html>login to the hotel network</html>"), BadAnswer),
        (Answer(""), BadAnswer),
        (Answer("nothing", 404), BadAnswer),
    ],
)
async def test_question_with_definite_answer_is_never_repeated(answer: Answer, error: type[ExchangeError]) -> None:
    async with ScriptedServer() as server:
        with pytest.raises(error) as caught:
            await ask(server, answer)
        assert type(caught.value) is error
        assert len(server.seen) == 1
        assert str(caught.value).endswith((".", "!"))


async def test_refusal_carries_code_message_and_hint() -> None:
    async with ScriptedServer() as server:
        with pytest.raises(Refused, match="does not know this symbol") as caught:
            await ask(server, Answer({"code": -1121, "msg": "Invalid symbol."}, 400))
    assert (caught.value.code, caught.value.message) == (-1121, "Invalid symbol.")


async def test_429_closes_the_gate_for_its_retry_time() -> None:
    async with ScriptedServer() as server:
        server.say(PREMIUM, Answer({"code": -1003, "msg": "Too many requests"}, 429, {"Retry-After": "17"}))
        rest = client(server)
        with pytest.raises(RateLimited) as caught:
            await rest.premium_index("BTCUSDT")
        assert caught.value.until_ms == NOW + 17_000 == rest.budget.closed_until_ms
        assert len(server.seen) == 1
        await rest.close()


async def test_418_silences_everything_until_the_time_in_its_text() -> None:
    until = NOW + 25 * MINUTE
    text = f"Way too many requests; IP(1.2.3.4) banned until {until}. Please use the websocket for live updates."
    async with ScriptedServer() as server:
        server.say(PREMIUM, Answer({"code": -1003, "msg": text}, 418, {"Retry-After": "60"}))
        rest = client(server, budget=RequestBudget(lambda: NOW, jitter=lambda: 0.5))
        ends = []
        for _ in range(3):
            with pytest.raises(Banned) as caught:
                await rest.premium_index("BTCUSDT")
            ends.append(caught.value.until_ms)
        assert ends == [until, until + 7_500, until + 7_500]
        assert len(server.seen) == 1
        await rest.close()


async def test_418_of_a_host_with_its_own_time_lasts_as_long_as_its_retry_header() -> None:
    text = f"Way too many requests; IP(127.0.0.1) banned until {NOW - 10**11}."
    async with ScriptedServer() as server:
        server.say(TIME, Answer({"code": -1003, "msg": text}, 418, {"Retry-After": "90"}))
        rest = client(server, ask_time=True)
        for earliest_ms in (0, 5_000):
            with pytest.raises(Banned) as caught:
                await rest.server_time_ms()
            assert earliest_ms <= caught.value.until_ms - NOW - 90_000 <= 2 * earliest_ms
        assert len(server.seen) == 1
        await rest.close()


async def test_used_weight_header_reaches_the_budget() -> None:
    async with ScriptedServer() as server:
        server.say(PREMIUM, Answer(PRICE, headers={"x-mbx-used-weight-1m": "812"}))
        rest = client(server)
        await rest.premium_index("BTCUSDT")
        assert (rest.budget.used, rest.budget.reserved) == (812, 0)
        await rest.close()


async def test_listen_key_calls_send_the_key_header_and_are_not_repeated() -> None:
    async with ScriptedServer() as server:
        server.say("POST /fapi/v1/listenKey", Answer({"listenKey": "abc"}), Answer(cut=True))
        server.say("PUT /fapi/v1/listenKey", Answer({"code": -1125, "msg": "This listenKey does not exist."}, 400))
        rest = client(server, credentials=Credentials("my-key", "my-secret"))
        assert await rest.create_listen_key() == "abc"
        with pytest.raises(Refused) as caught:
            await rest.keep_listen_key()
        assert caught.value.code == -1125
        with pytest.raises(TimeoutUnknown):
            await rest.create_listen_key()
        await rest.close()
        assert [seen.headers["X-MBX-APIKEY"] for seen in server.seen] == ["my-key"] * 3
        assert "my-secret" not in repr(server.seen)


async def test_rest_without_server_says_what_to_check_and_spends_nothing() -> None:
    rest = BinanceRest(Endpoints("http://127.0.0.1:9", "ws://127.0.0.1:9", "none"), clock=lambda: NOW, sleep=no_sleep)
    with pytest.raises(Unavailable, match="internet connection"):
        await rest.server_time_ms()
    assert (rest.budget.used, rest.budget.reserved) == (0, 0)
    await rest.close()
    with pytest.raises(Unavailable, match="closed"):
        await rest.server_time_ms()


@pytest.mark.parametrize(
    ("address", "proxy", "told"),
    [
        ("http://exchange.test", "http://127.0.0.1:9", "The proxy 127.0.0.1:9 does not answer"),
        ("http://exchange.test", "nonsense", "'nonsense' is no web address"),
        ("nonsense", "", "Correct exchange.rest_url"),
    ],
)
async def test_wrong_proxy_or_address_is_named_as_what_it_is(
    address: str, proxy: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, proxy)
    rest = BinanceRest(Endpoints(rest=address, stream="ws://exchange.test", label="test"), sleep=no_sleep)
    with pytest.raises(NotSent, match=told):
        await rest.server_time_ms()
    await rest.close()
