"""Prices that the paper account is told in one: right after a change, and with the money that single prices give."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from futtui.domain.events import PriceUpdate
from futtui.domain.orders import OrderType
from futtui.exchange.simulator.paper import BrokerNews, PaperBroker
from tests.exchange.simulator.core.helpers import BTC, START_MS, btc_rules
from tests.exchange.simulator.test_paper import BUY, SELL, broker, intent, moved, stop_loss, target

ETH = "ETHUSDT"
LATER_MS = START_MS + 900_000


def two_markets(balance: str = "10000") -> PaperBroker:
    """An account with 0.01 BTC at 50,000 and as much ETH, opened last."""
    paper = broker(balance=balance)
    paper.set_rules(replace(btc_rules(), symbol=ETH))
    paper.on_price(PriceUpdate(ETH, START_MS + 1, 50_000.0, 50_000.0, 50_000.0))
    paper.place(intent("b", BUY), START_MS + 2)
    paper.place(intent("e", BUY, symbol=ETH), START_MS + 3)
    return paper


def test_prices_can_be_passed_by_right_after_a_fill_on_any_symbol() -> None:
    paper = two_markets()
    paper.place(stop_loss("s", SELL, "49000"), START_MS + 4)
    assert paper.stays_calm(BTC, 49_900.0, 50_100.0, LATER_MS)
    assert paper.stays_calm(ETH, 49_900.0, 50_100.0, LATER_MS)
    assert not paper.stays_calm(BTC, 49_000.0, 50_100.0, LATER_MS), "the stop is reached"


def test_prices_cannot_be_passed_by_while_a_stop_that_rested_is_due() -> None:
    paper = two_markets()
    paper.place(stop_loss("s", SELL, "49000"), START_MS + 4)
    paper.on_price(moved(48_900.0, START_MS + 5), lambda client_id: client_id != "s")
    assert not paper.stays_calm(BTC, 48_800.0, 49_950.0, LATER_MS)
    assert paper.quantity(BTC) > 0, "asking changes nothing"
    paper.on_price(moved(48_900.0, START_MS + 6))
    assert paper.quantity(BTC) == 0


def test_prices_that_use_up_the_margin_cannot_be_passed_by() -> None:
    paper = two_markets("60")
    assert paper.stays_calm(BTC, 49_990.0, 50_010.0, LATER_MS)
    assert not paper.stays_calm(BTC, 46_000.0, 50_010.0, LATER_MS)


@pytest.mark.parametrize("seed", range(6))
def test_prices_passed_by_where_that_is_possible_lead_to_the_same_news_and_money(seed: int) -> None:
    draws = Random(seed)
    quick, plain = two_markets("120"), two_markets("120")
    told: list[list[BrokerNews]] = [[], []]
    price, passed, width = {BTC: 50_000.0, ETH: 50_000.0}, 0, 0.001 if seed % 2 else 0.004
    for step in range(400):
        time_ms, symbol = START_MS + 10_000 * (step + 1), draws.choice((BTC, ETH))
        if draws.random() < 0.15:
            side = draws.choice((BUY, SELL))
            make = draws.choice((stop_loss, target)) if draws.random() < 0.7 else None
            level = f"{price[BTC] * draws.uniform(0.99, 1.01):.1f}"
            asked = intent(f"o{step}", side, OrderType.MARKET) if make is None else make(f"o{step}", side, level)
            for news, paper in zip(told, (quick, plain), strict=True):
                news += paper.place(asked, time_ms)
        way = [round(price[symbol] * (1 + draws.gauss(0, width)), 1) for _ in range(3)]
        price[symbol] = way[-1]
        steps = [(time_ms + place, each) for place, each in enumerate(way, start=1)]
        updates = [PriceUpdate(symbol, moment_ms, each, each, each) for moment_ms, each in steps]
        told[1] += [news for update in updates for news in plain.on_price(update)]
        if quick.stays_calm(symbol, min(way), max(way), steps[-1][0]):
            quick.pass_by(symbol, steps)
            passed += 1
        else:
            told[0] += [news for update in updates for news in quick.on_price(update)]
    assert passed > 300
    assert told[0] == told[1]
    assert (quick.wallet_balance(), quick.positions()) == (plain.wallet_balance(), plain.positions())
