"""Action Price on real candles: it fires, its signals are sound, and the future does not matter."""

from __future__ import annotations

from math import fsum

import pytest

from futtui.domain.signal import RawSignal, check_levels
from futtui.strategies.action_price.engine import ActionPrice
from tests.analysis.markets import at, real_quarters
from tests.strategies.action_price.real import contexts

FROM, CUT, TO = "2024-03-01", "2024-03-10", "2024-03-21"


def found(symbol: str, to: str) -> list[RawSignal]:
    engine = ActionPrice(symbol)
    answers = (engine.evaluate(each) for each in contexts(symbol, real_quarters(symbol, "2023-11-01", to), at(FROM)))
    return [answer for answer in answers if isinstance(answer, RawSignal)]


@pytest.mark.parametrize("symbol", ["ETHUSDT", "DOGEUSDT"])
def test_action_price_fires_on_real_candles_and_knows_nothing_of_the_future(symbol: str):
    whole = found(symbol, TO)
    assert len(whole) >= 2
    for signal in whole:
        check_levels(signal.levels, 0.0)
        assert signal.base_score == fsum(part.points for part in signal.parts) >= 3.0
    before = [signal for signal in whole if signal.time_ms <= at(CUT)]
    assert found(symbol, CUT) == before
