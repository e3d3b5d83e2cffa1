"""Zones belong to one symbol: what happens to another one, or how small a price is, changes nothing."""

from __future__ import annotations

from dataclasses import replace

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


def candles_of(seed: int, scale: float = 1.0) -> list[Candle]:
    def scaled(bar: Candle) -> Candle:
        prices = {name: getattr(bar, name) * scale for name in ("open", "high", "low", "close")}
        return replace(bar, **prices)

    return [scaled(bar) for bar in made_candles(BARS, seed=seed)]


def test_zones_of_a_symbol_are_the_same_beside_any_other() -> None:
    alone = [Chart("AAAUSDT", candles_of(1)), Chart("BBBUSDT", candles_of(2))]
    apart = [[chart.step() for _ in range(BARS)] for chart in alone]
    together = [Chart("AAAUSDT", candles_of(1)), Chart("BBBUSDT", candles_of(2))]
    mixed = [[chart.step() for chart in together] for _ in range(BARS)]
    assert [list(each) for each in zip(*mixed, strict=True)] == apart
    for chart in together:
        assert chart.registry.zones()
        assert {zone.symbol for zone in chart.registry.zones()} == {chart.registry.symbol}
    first, second = ({zone.zone_id for zone in chart.registry.zones()} for chart in together)
    assert not first & second


def test_zones_of_a_very_cheap_coin_have_ids_of_their_own() -> None:
    chart = Chart("TINYUSDT", candles_of(3, scale=1.2e-7))
    places: dict[str, tuple[float, float]] = {}
    for _ in range(BARS):
        zones = chart.registry.zones()
        assert len({zone.zone_id for zone in zones}) == len(zones)
        places.update({zone.zone_id: (zone.low, zone.high) for zone in zones})
        chart.step()
    assert len(places) > 3
    assert all(0.0 < low < high < 0.001 for low, high in places.values())
