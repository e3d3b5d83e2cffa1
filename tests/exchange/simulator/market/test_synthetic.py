"""The synthetic market: reproducible, independent of how it is asked, and with the habits of a real market."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, HOUR_MS, MINUTE_MS, Timeframe
from futtui.exchange.simulator.market.catalogue import DEFAULT_SYMBOLS, known_rules, symbol_names
from futtui.exchange.simulator.market.generator import Generator
from futtui.exchange.simulator.market.moods import MoodKind
from futtui.exchange.simulator.market.synthetic import DEFAULT_START_MS, SyntheticMarket
from tests.exchange.simulator.market.agreement import assert_market_agrees

FEW = ["BTCUSDT", "ETHUSDT", "DOGEUSDT"]


@pytest.fixture(scope="module")
def market() -> SyntheticMarket:
    return SyntheticMarket()


@pytest.fixture(scope="module")
def small() -> SyntheticMarket:
    return SyntheticMarket(FEW, history_days=3)


def history(market: SyntheticMarket, symbol: str) -> list[Candle]:
    return market.candles(symbol, Timeframe.M15, 0, market.start_ms, 0)


def returns(market: SyntheticMarket, symbol: str) -> np.ndarray:
    return np.diff(np.log([candle.close for candle in history(market, symbol)]))


def test_market_default_offers_the_twelve_majors_and_says_it_is_synthetic(market: SyntheticMarket) -> None:
    assert {spec.rules.symbol for spec in market.specs} == set(DEFAULT_SYMBOLS)
    assert len(market.specs) == 12
    assert market.synthetic
    assert "SYNTHETIC" in market.label
    assert market.end_ms is None
    assert market.start_ms == DEFAULT_START_MS
    rules = {spec.rules.symbol: spec.rules for spec in market.specs}
    assert (rules["BTCUSDT"].tick_size, rules["BTCUSDT"].step_size) == (Decimal("0.10"), Decimal("0.001"))
    assert (rules["BTCUSDT"].min_notional, rules["ETHUSDT"].min_notional) == (50, 20)


@pytest.mark.parametrize("timeframe", [Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.H4])
def test_candles_of_every_timeframe_agree_with_ticks(small: SyntheticMarket, timeframe: Timeframe) -> None:
    start = small.start_ms
    assert assert_market_agrees(small, timeframe, start - 4 * HOUR_MS, start + 8 * HOUR_MS) > 0


def test_candles_of_a_day_agree_with_ticks(small: SyntheticMarket) -> None:
    assert assert_market_agrees(small, Timeframe.D1, small.start_ms - DAY_MS, small.start_ms + DAY_MS) == 6


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3 * HOUR_MS), min_size=1, max_size=30), st.integers(-HOUR_MS, HOUR_MS))
def test_ticks_any_slicing_gives_the_same_ticks(slices: list[int], shift: int) -> None:
    whole_market, sliced_market = _SLICING[0], _SLICING[1]
    start = whole_market.start_ms + shift
    found, now = [], start
    for length in slices:
        found += sliced_market.ticks(now, now + length)
        now += length
    assert found == whole_market.ticks(start, now)


_SLICING = (SyntheticMarket(FEW, history_days=2), SyntheticMarket(FEW, history_days=2))


def test_ticks_are_ordered_by_time_then_symbol_on_the_grid(small: SyntheticMarket) -> None:
    ticks = small.ticks(small.start_ms, small.start_ms + 15_000)
    assert [(tick.time_ms - small.start_ms, tick.symbol) for tick in ticks] == [
        (offset, symbol) for offset in (5_000, 10_000, 15_000) for symbol in sorted(FEW)
    ]
    for tick in ticks:
        rules = known_rules(tick.symbol, 0)
        assert rules is not None
        assert rules.is_on_tick(Decimal(str(tick.price)))
        assert rules.is_on_step(Decimal(str(tick.volume)))


def test_ticks_far_forward_asked_at_once_equal_those_reached_step_by_step() -> None:
    jumping, walking = SyntheticMarket(FEW, history_days=2), SyntheticMarket(FEW, history_days=2)
    target = jumping.start_ms + 30 * DAY_MS
    for day in range(30):
        walking.ticks(walking.start_ms + day * DAY_MS, walking.start_ms + day * DAY_MS + MINUTE_MS)
    assert jumping.ticks(target, target + HOUR_MS) == walking.ticks(target, target + HOUR_MS)


def test_market_seed_decides_everything() -> None:
    first, again, other = (SyntheticMarket(FEW, seed=seed, history_days=2) for seed in (7, 7, 8))
    span = (first.start_ms, first.start_ms + HOUR_MS)
    assert first.ticks(*span) == again.ticks(*span)
    assert history(first, "ETHUSDT") == history(again, "ETHUSDT")
    assert history(first, "ETHUSDT") != history(other, "ETHUSDT")
    assert first.funding_rate("ETHUSDT", first.start_ms) == again.funding_rate("ETHUSDT", first.start_ms)


def test_market_a_symbol_moves_the_same_whichever_others_are_listed() -> None:
    many, few = SyntheticMarket(history_days=2), SyntheticMarket(["ETHUSDT"], history_days=2)
    assert history(many, "ETHUSDT") == history(few, "ETHUSDT")


def test_candles_limit_gives_the_oldest_and_only_complete_bars(small: SyntheticMarket) -> None:
    start = small.start_ms
    for timeframe in (Timeframe.M1, Timeframe.M15, Timeframe.H1):
        whole = small.candles("BTCUSDT", timeframe, start - DAY_MS, start, 0)
        assert small.candles("BTCUSDT", timeframe, start - DAY_MS, start, 5) == whole[:5]
        almost = small.candles("BTCUSDT", timeframe, start - DAY_MS, start - 1, 0)
        assert almost == whole[:-1]
        assert len(whole) == DAY_MS // timeframe.ms


def test_candles_history_is_complete_and_quote_volumes_add_up(market: SyntheticMarket) -> None:
    candles = history(market, "SOLUSDT")
    assert len(candles) == 200 * 96
    assert all(later.open == earlier.close for earlier, later in pairwise(candles))
    days = market.candles("SOLUSDT", Timeframe.D1, 0, market.start_ms, 0)
    assert len(days) == 200
    assert days[0].volume == pytest.approx(sum(candle.volume for candle in candles[:96]), rel=1e-9)
    quotes = [candle.quote_volume for candle in candles[:96]]
    assert days[0].quote_volume == pytest.approx(sum(quote for quote in quotes if quote is not None), rel=1e-9)
    minutes = market.candles("SOLUSDT", Timeframe.M1, days[0].open_time_ms, days[0].open_time_ms + HOUR_MS, 0)
    assert sum(minute.trade_count or 0 for minute in minutes) == sum(c.trade_count or 0 for c in candles[:4])
    for candle in candles[:200]:
        assert candle.quote_volume is not None
        assert candle.low <= candle.quote_volume / candle.volume <= candle.high


def test_market_returns_have_fat_tails_and_clustered_volatility(market: SyntheticMarket) -> None:
    for symbol in DEFAULT_SYMBOLS:
        moves = returns(market, symbol)
        kurtosis = float(np.mean((moves - moves.mean()) ** 4) / moves.var() ** 2)
        assert 6.0 < kurtosis < 300.0, symbol
        size = np.abs(moves)
        for lag, least in ((1, 0.08), (4, 0.05), (20, 0.02)):
            assert np.corrcoef(size[:-lag], size[lag:])[0, 1] > least, (symbol, lag)
        assert abs(np.corrcoef(moves[:-1], moves[1:])[0, 1]) < 0.10, symbol
        assert 0.25 < moves.std() * np.sqrt(96 * 365) < 1.6, symbol


def test_market_symbols_move_with_bitcoin_but_not_in_step(market: SyntheticMarket) -> None:
    leader = returns(market, "BTCUSDT")
    for symbol in DEFAULT_SYMBOLS[1:]:
        assert 0.35 < np.corrcoef(leader, returns(market, symbol))[0, 1] < 0.95, symbol


@pytest.mark.parametrize("seed", [1, 7, 99])
def test_market_prices_stay_sane_over_months(seed: int) -> None:
    market = SyntheticMarket(seed=seed, history_days=400)
    for symbol in DEFAULT_SYMBOLS:
        closes = np.array([candle.close for candle in market.candles(symbol, Timeframe.H4, 0, market.start_ms, 0)])
        assert closes.min() > 0
        assert closes.max() / closes.min() < 8.0, symbol
        daily = np.log(closes[6::6] / closes[:-6:6])
        assert abs(daily.mean()) < 0.004, symbol


def test_market_volume_follows_size_of_moves_and_takers_their_sign(market: SyntheticMarket) -> None:
    for symbol in ("BTCUSDT", "SOLUSDT", "TRXUSDT"):
        candles = history(market, symbol)
        moves = np.array([candle.close / candle.open - 1.0 for candle in candles])
        volumes = np.array([candle.volume for candle in candles])
        shares = np.array([(candle.taker_buy_volume or 0.0) / candle.volume for candle in candles])
        assert np.corrcoef(np.abs(moves), volumes)[0, 1] > 0.4
        assert np.corrcoef(moves, shares)[0, 1] > 0.4
        assert ((shares > 0.0) & (shares < 1.0)).all()
        hours = np.array([candle.open_time_ms // HOUR_MS % 24 for candle in candles])
        assert volumes[hours == 14].mean() > 1.3 * volumes[hours == 5].mean()


def test_market_flushes_come_now_and_then_and_are_partly_bought_back(market: SyntheticMarket) -> None:
    flushes, recoveries = 0, []
    for symbol in DEFAULT_SYMBOLS:
        candles = history(market, symbol)
        index = 4
        while index < len(candles) - 24:
            before, low = candles[index - 4].close, candles[index].low
            if low / before - 1.0 < -0.05:
                flushes += 1
                bottom = min(candle.low for candle in candles[index : index + 6])
                later = max(candle.high for candle in candles[index : index + 24])
                recoveries.append((later - bottom) / (before - bottom))
                index += 96
            index += 1
    assert 40 <= flushes <= 400
    assert np.median(recoveries) > 0.3


@pytest.mark.parametrize("seed", [7, 21])
def test_generator_goes_through_all_moods_and_stays_in_each_for_a_while(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    plain = Generator.next_block

    def watched(self: Generator) -> object:
        block = plain(self)
        seen.append(self.moods[0])
        return block

    monkeypatch.setattr(Generator, "next_block", watched)
    SyntheticMarket(["BTCUSDT"], seed=seed, history_days=365)
    assert {mood.kind for mood in seen} >= {MoodKind.TREND_UP, MoodKind.TREND_DOWN, MoodKind.RANGE, MoodKind.SQUEEZE}
    assert all(24 <= mood.end - mood.start <= 380 for mood in seen)


def test_market_days_have_trends_and_quiet_ranges(market: SyntheticMarket) -> None:
    """Efficiency of two days (net move over path): real coins show both near 0 and well above it."""
    closes = np.array([candle.close for candle in market.candles("BTCUSDT", Timeframe.H1, 0, market.start_ms, 0)])
    logs = np.log(closes)
    net = np.abs(logs[48:] - logs[:-48])
    path = np.array([np.abs(np.diff(logs[i : i + 49])).sum() for i in range(len(logs) - 48)])
    efficiency = net / path
    assert (efficiency > 0.3).mean() > 0.05
    assert (efficiency < 0.1).mean() > 0.15
    daily_range = path.reshape(-1)[::48]
    assert np.percentile(daily_range, 90) > 1.6 * np.percentile(daily_range, 10)


def test_funding_rate_is_small_and_varies_around_the_usual(market: SyntheticMarket) -> None:
    rates = [
        market.funding_rate(symbol, market.start_ms - step * 8 * HOUR_MS)
        for symbol in DEFAULT_SYMBOLS
        for step in range(300)
    ]
    assert max(map(abs, rates)) <= 0.003
    assert -0.0001 < float(np.mean(rates)) < 0.0003
    assert len(set(rates)) > 1000


def test_market_two_hundred_and_forty_symbols_work() -> None:
    market = SyntheticMarket(symbol_names(240), history_days=2)
    assert len(market.specs) == 240
    ticks = market.ticks(market.start_ms, market.start_ms + MINUTE_MS)
    assert len(ticks) == 240 * 12
    for spec in market.specs:
        rules = spec.rules
        for candle in market.candles(rules.symbol, Timeframe.M15, 0, market.start_ms, 8):
            candle.check()
            assert rules.is_on_tick(Decimal(str(candle.close)))
            assert rules.min_price < Decimal(str(candle.close)) < rules.max_price
        assert rules.refusal(rules.round_price(candle.close), rules.min_quantity, market=True, reduce_only=True) is None


def test_market_two_hundred_days_of_twelve_symbols_are_complete_on_every_timeframe() -> None:
    market = SyntheticMarket()
    for spec in market.specs:
        for timeframe in ANALYSIS_TIMEFRAMES:
            wanted = min(1500, 200 * DAY_MS // timeframe.ms)
            first_ms = market.start_ms - wanted * timeframe.ms
            found = market.candles(spec.rules.symbol, timeframe, first_ms, market.start_ms, 1500)
            assert [candle.open_time_ms for candle in found] == list(range(first_ms, market.start_ms, timeframe.ms))


@pytest.mark.parametrize("names", [[], ["BTCUSDT", "BTCUSDT"], ["btcusdt"], ["USDT"], ["BTC"], ["../USDT"]])
def test_market_bad_symbols_are_refused(names: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        SyntheticMarket(names, history_days=1)


def test_market_unknown_symbol_or_too_late_time_is_refused_in_words(small: SyntheticMarket) -> None:
    with pytest.raises(InvalidInputError, match=r"no symbol XRPUSDT.*BTCUSDT"):
        small.candles("XRPUSDT", Timeframe.M15, 0, small.start_ms, 1)
    with pytest.raises(InvalidInputError, match="3650 days"):
        small.ticks(small.start_ms + 4000 * DAY_MS, small.start_ms + 4000 * DAY_MS + 5000)


def test_market_before_its_history_has_nothing(small: SyntheticMarket) -> None:
    begin = small.start_ms - 3 * DAY_MS
    assert small.ticks(0, begin) == []
    assert small.candles("BTCUSDT", Timeframe.H1, 0, begin, 0) == []
    assert len(small.ticks(begin - HOUR_MS, begin + MINUTE_MS)) == 3 * 12


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 180), st.integers(1, 60), st.sampled_from([Timeframe.M1, Timeframe.M5]))
def test_candles_fine_ones_asked_one_by_one_equal_those_asked_together(
    first_minute: int, minutes: int, timeframe: Timeframe
) -> None:
    market = _SLICING[0]
    begin = timeframe.open_ms(market.start_ms + first_minute * MINUTE_MS)
    end = begin + minutes * timeframe.ms
    together = market.candles("ETHUSDT", timeframe, begin, end, 0)
    single = [
        candle
        for open_ms in range(begin, end, timeframe.ms)
        for candle in market.candles("ETHUSDT", timeframe, open_ms, open_ms + timeframe.ms, 1)
    ]
    assert together == single
