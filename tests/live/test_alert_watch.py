"""Price alerts in the engine: told once whatever is open, kept for the next start, never for a price that was not."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.effects import Severity
from futtui.domain.errors import FuttuiError
from futtui.domain.events import PriceUpdate, RemovePriceAlert, SetPaused, SetPriceAlert
from futtui.domain.price_alert import MOST_ALERTS, PriceAlert
from futtui.live.alert_watch import AlertWatch, alerts_file, read_alerts
from futtui.telegram.alerts import ALERT_TOPIC
from tests.live.engine_world import SYMBOLS, exchange, server_config, until
from tests.live.small_engine import SmallEngine, rules
from tests.live.test_engine_commands import SPEED, answer, threaded

SYMBOL = "ETHUSDT"


def watch_at(path: Path, price: float = 100.0) -> tuple[AlertWatch, list[str]]:
    """A watch whose market stands at `price`, and what it says."""
    engine, said = SmallEngine(SYMBOL), []
    engine.states[SYMBOL].tracker.last = price
    engine.say = lambda topic, text, severity, symbol: said.append(f"{topic} {severity.name} {symbol}: {text}")  # type: ignore[method-assign]
    engine.publish = lambda: None  # type: ignore[attr-defined]
    return AlertWatch(engine, path), said  # type: ignore[arg-type]


def moved(watch: AlertWatch, *prices: float, symbol: str = SYMBOL) -> None:
    """Price goes from one to the next."""
    for before, after in pairwise(prices):
        low, high = sorted((before, after))
        watch.on_price(PriceUpdate(symbol, 5, after, low, high), rules(symbol))


def test_alert_above_and_below_are_told_once_when_price_touches_them_even_between_two_looks(tmp_path: Path) -> None:
    watch, said = watch_at(tmp_path / "a.json")
    assert watch.obey(SetPriceAlert(1, SYMBOL, 105.0)) == (
        "Alert at 105.0 for ETHUSDT. It is told once, also after a restart."
    )
    watch.obey(SetPriceAlert(2, SYMBOL, 95.0))
    moved(watch, 100.0, 104.9, 95.1)
    moved(watch, 100.0, 200.0, 1.0, symbol="BTCUSDT")
    assert said == []
    watch.on_price(PriceUpdate(SYMBOL, 5, 101.0, 99.0, 105.0), rules(SYMBOL))
    assert said == [f"{ALERT_TOPIC} {Severity.NOTICE.name} ETHUSDT: ETHUSDT reached 105.0, your alert."]
    moved(watch, 101.0, 106.0, 90.0, 106.0)
    assert [line.split("reached ")[1] for line in said] == ["105.0, your alert.", "95.0, your alert."]
    assert watch.waiting == ()


@given(st.lists(st.floats(1.0, 1000.0), min_size=2, max_size=30), st.floats(1.0, 1000.0))
def test_an_alert_is_told_exactly_when_the_path_of_price_comes_to_it(path: list[float], price: float) -> None:
    alert = PriceAlert(SYMBOL, price, price > path[0])
    spans = [sorted(pair) for pair in pairwise(path)]
    told = any(alert.is_reached(low, high) for low, high in spans)
    came = max(path) >= price if alert.above else min(path) <= price
    assert told == came


def test_alerts_wait_for_the_next_start_without_what_was_taken_away_or_told(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    watch, _ = watch_at(path)
    for price in (90.0, 110.0, 120.0, 120.0):
        watch.obey(SetPriceAlert(1, SYMBOL, price))
    assert watch.obey(RemovePriceAlert(2, SYMBOL, 90.0)) == "Alert at 90.0 for ETHUSDT taken away."
    moved(watch, 100.0, 111.0)
    again, said = watch_at(path)
    assert again.waiting == watch.waiting == (PriceAlert(SYMBOL, 120.0, True),)
    moved(again, 119.0, 121.0)
    assert len(said) == 1
    assert json.loads(path.read_text()) == {"alerts": []}


def test_a_path_that_cannot_be_written_costs_the_next_start_only(tmp_path: Path) -> None:
    watch, said = watch_at(tmp_path / "missing" / "a.json")
    watch.obey(SetPriceAlert(1, SYMBOL, 105.0))
    moved(watch, 100.0, 106.0)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("symbol", "price", "words"),
    [("NOPEUSDT", 5.0, "no price of NOPEUSDT"), (SYMBOL, -1.0, "above zero"), (SYMBOL, float("inf"), "above zero")],
)
def test_alerts_that_could_never_be_told_are_refused_in_words(
    tmp_path: Path, symbol: str, price: float, words: str
) -> None:
    watch, _ = watch_at(tmp_path / "a.json")
    with pytest.raises(FuttuiError, match=words):
        watch.obey(SetPriceAlert(1, symbol, price))
    assert watch.obey(SetPaused(1, True)) is None


def test_more_alerts_than_anybody_reads_are_refused(tmp_path: Path) -> None:
    watch, _ = watch_at(tmp_path / "a.json")
    for number in range(MOST_ALERTS):
        watch.obey(SetPriceAlert(1, SYMBOL, 200.0 + number))
    with pytest.raises(FuttuiError, match="50 alerts are set"):
        watch.obey(SetPriceAlert(1, SYMBOL, 99.0))


@pytest.mark.parametrize(
    "kept", [5, "x", [3], [{"symbol": "A"}], [{"symbol": "A", "price": "1", "above": True}],
             [{"symbol": "A", "price": -1, "above": True}], [{"symbol": "A", "price": 1.0, "above": 1}]],
)  # fmt: skip
def test_damaged_alerts_are_left_out(kept: object, tmp_path: Path) -> None:
    path, good = tmp_path / "a.json", {"symbol": "B", "price": 2, "above": False}
    path.write_text(json.dumps({"alerts": kept}))
    assert read_alerts(path) == ()
    path.write_text(json.dumps({"alerts": [*(kept if isinstance(kept, list) else []), good]}))
    assert read_alerts(path) == (PriceAlert("B", 2.0, False),)


async def test_an_engine_without_a_screen_tells_an_alert_that_an_earlier_run_left(tmp_path: Path) -> None:
    alerts_file(tmp_path / "a.db").write_text(
        json.dumps({"alerts": [{"symbol": SYMBOLS[0], "price": 1e-6, "above": True}]})
    )
    async with exchange(server_config(speed=SPEED)) as world, threaded(world, tmp_path) as thread:
        await until(lambda: any(line.topic == ALERT_TOPIC for line in thread.snapshot().log))
        assert thread.snapshot().alerts == ()
        row = next(item for item in thread.snapshot().market if item.symbol == SYMBOLS[0])
        text = await answer(thread.send(SetPriceAlert(thread.exchange_time_ms(), row.symbol, row.price * 9)))
        assert text.startswith("Alert at ")
        assert [alert.symbol for alert in thread.snapshot().alerts] == [row.symbol]
        await until(lambda: thread.snapshot().sent[-1].answer == text)
