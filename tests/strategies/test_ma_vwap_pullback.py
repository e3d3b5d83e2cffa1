"""MA/VWAP Pullback: what must signal, what must not, the mirror, and real candles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum

import pytest

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading, StrategyVerdict
from futtui.domain.regime import Bias, Regime, RegimeReading
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, Trigger, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import StrategyContext
from futtui.strategies.levels import StopSettings
from futtui.strategies.ma_vwap_pullback import MaVwapPullback
from futtui.strategies.pullback_setup import MaVwapPullbackSettings
from tests.strategies.crafted import START_MS, mirror_candle, part
from tests.strategies.real import assert_decides_alike_upside_down, assert_sound_on_real_candles

H1, H4 = Timeframe.H1, Timeframe.H4
TURN = (102.9, 103.6, 102.5, 103.5)
FREE = StopSettings(round_trip_cost_pct=0.0, stop_max_pct=50.0, stop_push_atr=0.2)


@dataclass
class Market:
    """A quiet day at 100, a leg from 99.4 to 106 and a way back; averages stand where the test says."""

    rows: list[tuple[float, float, float, float, float]]
    ema_20: float | None = 102.6
    ema_50: float | None = 101.5
    slope: float | None = 0.3
    adx: float | None = 30.0
    regime: Regime = Regime.TREND_UP
    bias: Bias = Bias.BULLISH
    late: bool = False
    flow: float | None = 0.1
    long_average: float | None = 90.0
    atr: float | None = 1.0
    with_4h: bool = True

    @property
    def bars(self) -> list[Candle]:
        return [Candle(START_MS + number * H1.ms, *row) for number, row in enumerate(self.rows)]

    def context(self, upside_down: bool = False) -> StrategyContext:
        def turn(price: float | None) -> float | None:
            return 200.0 - price if upside_down and price is not None else price

        def change(figure: float | None) -> float | None:
            return -figure if upside_down and figure is not None else figure

        bars = [mirror_candle(bar, 200.0) if upside_down else bar for bar in self.bars]
        time_ms, close = H1.end_ms(bars[-1].open_time_ms), bars[-1].close
        biases = {Bias.BULLISH: Bias.BEARISH, Bias.BEARISH: Bias.BULLISH, Bias.NEUTRAL: Bias.NEUTRAL}
        regime = self.regime.mirrored if upside_down else self.regime
        bias = biases[self.bias] if upside_down else self.bias
        own = FrameReading(
            H1,
            time_ms,
            close,
            atr=self.atr,
            ema_20=turn(self.ema_20),
            ema_50=turn(self.ema_50),
            ema_200=turn(self.long_average),
            flow=change(self.flow),
        )
        four_hours = FrameReading(
            H4,
            H4.open_ms(time_ms),
            close,
            adx=self.adx,
            ema_200=turn(self.long_average),
            regime=RegimeReading(regime, 0.8, bias, self.late),
        )
        frames = {H1: own, H4: four_hours} if self.with_4h else {H1: own}
        source = tuple(bars)
        return StrategyContext(
            "TESTUSDT",
            time_ms,
            frames,
            lambda _, count: source[-count:],
            tick_size=0.01,
            indicator_source=lambda *_: (change(self.slope),),
        )


def rows(
    turn: Sequence[float] = TURN, quiet: int = 300, back: Sequence[float] = (105, 104, 103.4, 102.9), volume: float = 50
) -> list[tuple[float, float, float, float, float]]:
    """Quiet hours, a leg in six bars, a way back with the closes of `back`, and the bar that turns."""
    found = [(100.0, 100.3, 99.7, 100.0, 100.0)] * quiet + [(100.0, 100.1, 99.4, 99.7, 100.0)]
    price = 99.7
    for close in (100.8, 101.9, 103.0, 104.1, 105.2, 105.8):
        found.append((price, close + 0.2, price - 0.1, close, 200.0))
        price = close
    for close in back:
        found.append((price, price + 0.1, close - 0.2, close, volume))
        price = close
    return [*found, (*turn, volume)]


def ask(market: Market, settings: MaVwapPullbackSettings | None = None, upside_down: bool = False):
    return MaVwapPullback("TESTUSDT", settings).evaluate(market.context(upside_down))


def signal(market: Market, settings: MaVwapPullbackSettings | None = None, upside_down: bool = False) -> RawSignal:
    found = ask(market, settings, upside_down)
    assert isinstance(found, RawSignal), found.reason
    return found


def reason(market: Market, settings: MaVwapPullbackSettings | None = None) -> str:
    found = ask(market, settings)
    assert isinstance(found, StrategyVerdict)
    return found.reason


def test_pullback_first_turn_at_the_average_signals_long():
    found = signal(Market(rows()))
    assert (found.side, found.trigger, found.timeframe, found.time_stop_bars) == (Side.LONG, Trigger.IMMEDIATE, H1, 24)
    assert found.levels.entry == 103.5
    assert found.levels.stop == pytest.approx(102.5 - 0.2)
    assert found.levels.targets[0] == pytest.approx(103.5 + 1.2 * 1.2)
    assert found.levels.targets[1] == pytest.approx(99.4 + 1.272 * 6.6)
    assert found.levels.targets[2] == pytest.approx(99.4 + 1.618 * 6.6)
    assert found.base_score == fsum(each.points for each in found.parts)
    assert "gave back 53%" in found.summary
    check_levels(found.levels, 0.01)


def test_pullback_first_target_is_the_end_of_the_leg_where_that_is_nearer():
    found = signal(Market(rows()), MaVwapPullbackSettings(target_1_r=4.0))
    assert found.levels.targets[0] == pytest.approx(106.0)
    assert "end of the leg" in found.levels.reasons[1]


def test_pullback_is_measured_on_the_leg_that_led_to_the_high_not_on_the_range_of_the_window():
    """PB-2: a deep low long before the leg must not stretch the retracement."""
    market = rows()
    market[40] = (100.0, 100.3, 80.0, 100.0, 100.0)
    assert part(signal(Market(market)), "setup").value == pytest.approx((106.0 - 102.5) / 6.6)


def test_pullback_upside_down_gives_the_mirrored_short():
    long, short = signal(Market(rows())), signal(Market(rows()), upside_down=True)
    assert short.side is Side.SHORT
    turned = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
    assert turned == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
    assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])


SHALLOW = rows((104.4, 105.0, 104.0, 104.9), back=(105.4, 105, 104.7, 104.4))
DEEP = rows((101.4, 102.2, 101.0, 102.1), back=(105, 104, 102.6, 101.4))
HEAVY_START = [(*row[:4], 4_000.0) if number in (300, 301) else row for number, row in enumerate(rows())]
"""So much volume at the start of the leg that its VWAP stays far below."""


@pytest.mark.parametrize(
    ("market", "told"),
    [
        (Market(rows(), regime=Regime.RANGE), "no trend to follow"),
        (Market(rows(), regime=Regime.TREND_DOWN), "does not slope"),
        (Market(rows(), regime=Regime.UNKNOWN), "not known yet"),
        (Market(rows(), with_4h=False), "not known yet"),
        (Market(rows(), bias=Bias.BEARISH), "bias stands against"),
        (Market(rows(), adx=19.0), "4h ADX is 19"),
        (Market(rows(), adx=None), "ADX of 4h is not available"),
        (Market(rows(), slope=None), "slope of EMA 50 of 4h is not available"),
        (Market(rows(), slope=0.0), "does not slope"),
        (Market(rows(), atr=None), "1h ATR is not available"),
        (Market(rows(quiet=100)), "waiting for"),
        (Market(rows(), atr=2.5), "no leg of at least 3 ATR"),
        (Market(SHALLOW), "38% is the least"),
        (Market(DEEP), "62% is the most"),
        (Market(rows((102.9, 103.0, 102.4, 102.5))), "has not turned yet"),
        (Market(HEAVY_START, ema_20=105.0, ema_50=99.0), "did not touch"),
        (Market(rows(back=())), "no pullback yet"),
    ],
)
def test_pullback_each_rule_refuses_with_its_reason(market: Market, told: str):
    assert told in reason(market)


def test_pullback_line_that_the_close_did_not_hold_does_not_count():
    """PB-3: a touch alone was enough; the close must come back above the line."""
    assert "did not touch and hold" in reason(Market(HEAVY_START, ema_20=103.6, ema_50=104.0))


def test_pullback_vwap_of_the_leg_is_a_line_too():
    bars = rows()
    bars = [(*row[:4], 4_000.0 if number in (302, 303) else row[4]) for number, row in enumerate(bars)]
    market = Market(bars, ema_20=None, ema_50=None)
    assert "VWAP of the leg" in part(signal(market, MaVwapPullbackSettings(touch_atr=1.5)), "lines touched").reason


def test_pullback_second_turn_is_not_traded():
    again = [*rows()[:-1], (102.9, 103.6, 102.5, 103.5, 50.0), (103.5, 103.6, 102.8, 102.9, 50.0)]
    again.append((102.9, 103.7, 102.8, 103.65, 50.0))
    assert "turned before" in reason(Market(again))


def test_pullback_that_makes_a_new_low_may_turn_again():
    again = [*rows()[:-1], (102.9, 103.6, 102.5, 103.5, 50.0), (103.5, 103.6, 102.2, 102.9, 50.0)]
    again.append((102.9, 103.7, 102.1, 103.65, 50.0))
    assert signal(Market(again)).levels.stop == pytest.approx(102.1 - 0.2)


def three_pullbacks() -> list[tuple[float, float, float, float, float]]:
    """Three legs of four ATR that each give back half."""
    found = [(100.0, 100.3, 99.7, 100.0, 100.0)] * 300 + [(100.0, 100.1, 99.4, 99.7, 100.0)]
    price = 99.7
    for _ in range(3):
        for step in (0.9, 0.9, 0.9, 0.9, 0.5):
            found.append((price, price + step + 0.05, price - 0.05, price + step, 200.0))
            price += step
        for step in (0.5, 0.5, 0.5, 0.5):
            found.append((price, price + 0.02, price - step - 0.05, price - step, 50.0))
            price -= step
    return [*found, (price, price + 0.7, price - 0.2, price + 0.6, 50.0)]


def test_pullback_number_three_of_a_trend_is_tired_and_may_be_allowed():
    market = Market(three_pullbacks())
    market.ema_20 = market.rows[-1][3] - 0.6
    assert "tired" in reason(market)
    allowed = signal(market, MaVwapPullbackSettings(max_pullbacks=3))
    assert part(allowed, "which pullback").value == 3.0


def test_pullback_squeeze_is_good_enough_while_it_is_allowed():
    market = Market(rows(), regime=Regime.SQUEEZE, adx=16.0)
    assert signal(market).regime is Regime.SQUEEZE
    assert "no trend to follow" in reason(market, MaVwapPullbackSettings(allow_squeeze=False))


def test_pullback_whose_end_is_too_near_is_refused():
    close_by = rows((102.9, 105.4, 102.5, 105.3))
    assert "0.8 R is the least" in reason(Market(close_by))


def test_pullback_stop_has_its_limits():
    assert "no place for a stop" in reason(Market(rows()), MaVwapPullbackSettings(levels=replace(FREE, stop_max_atr=1)))


def test_pullback_every_part_can_change_the_score():
    """PB-4: bonuses that were never supplied."""
    best = signal(Market(rows(), ema_50=102.4))
    weaker = {
        "lines touched": Market(HEAVY_START, ema_50=90.0),
        "leg": Market(rows(), ema_50=102.4, atr=1.4),
        "quiet pullback": Market(rows(volume=300), ema_50=102.4),
        "taker flow": Market(rows(), ema_50=102.4, flow=None),
        "higher timeframes": Market(rows(), ema_50=102.4, long_average=None),
        "4h bias": Market(rows(), ema_50=102.4, bias=Bias.NEUTRAL),
        "age of the trend": Market(rows(), ema_50=102.4, late=True),
    }
    for name, market in weaker.items():
        free = MaVwapPullbackSettings(levels=replace(FREE, stop_min_atr=0.1))
        found = signal(market, free)
        assert part(found, name).points < part(best, name).points, name
    assert set(weaker) == {each.name for each in best.parts} - {"setup", "which pullback"}


@pytest.mark.slow
def test_pullback_fires_on_real_candles_and_knows_nothing_of_the_future():
    assert_sound_on_real_candles(MaVwapPullback, ("ADAUSDT", "DOGEUSDT"), least=2)


def test_pullback_real_candles_upside_down_give_the_mirrored_signals():
    assert_decides_alike_upside_down(lambda: MaVwapPullback("X", MaVwapPullbackSettings(levels=FREE)), "DOGEUSDT")
