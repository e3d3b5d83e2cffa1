"""Zones belong to one symbol: what happens to another one changes nothing."""

from __future__ import annotations

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.indicators import Atr
from futtui.zones import ZoneRegistry
from tests.indicators.market import made_candles

BARS = 700


class Chart:
    """A registry with its own ATR, fed one candle at a time."""

    def __init__(self, symbol: str, candles: list[Candle]) -> None:
        self.registry, self._atr, self._candles = ZoneRegistry(symbol), Atr(), iter(candles)

    def step(self) -> tuple[object, ...]:
        bar = next(self._candles)
        self._atr.update(bar)
        self.registry.on_candle(Timeframe.M15, bar, self._atr.value)
        return self.registry.zones()


def test_zones_of_a_symbol_are_the_same_beside_any_other() -> None:
    alone = [Chart("AAAUSDT", made_candles(BARS, seed=1)), Chart("BBBUSDT", made_candles(BARS, seed=2))]
    apart = [[chart.step() for _ in range(BARS)] for chart in alone]
    together = [Chart("AAAUSDT", made_candles(BARS, seed=1)), Chart("BBBUSDT", made_candles(BARS, seed=2))]
    mixed = [[chart.step() for chart in together] for _ in range(BARS)]
    assert [list(each) for each in zip(*mixed, strict=True)] == apart
    for chart in together:
        assert chart.registry.zones()
        assert {zone.symbol for zone in chart.registry.zones()} == {chart.registry.symbol}
    first, second = ({zone.zone_id for zone in chart.registry.zones()} for chart in together)
    assert not first & second
