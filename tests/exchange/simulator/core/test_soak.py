"""Long seeded scripts that reach what short random ones seldom do: liquidation, insurance, rejections, funding."""

from __future__ import annotations

import random
from collections import Counter

from tests.exchange.simulator.core.helpers import ALT, BTC, D, new_core, story
from tests.exchange.simulator.core.test_properties import Books, act, check

KINDS = ["tick"] * 6 + ["market"] * 3 + ["limit", "algo"] * 2 + ["trail", "cancel", "leverage", "margin", "time"]


def random_step(rng: random.Random) -> tuple:
    kind, symbol, side = rng.choice(KINDS), rng.choice([BTC, ALT]), rng.choice(["BUY", "SELL"])
    size, offset = int(900 ** rng.random()), rng.randint(-400, 400)
    return {
        "tick": ("tick", symbol, rng.randint(-900, 900), rng.randint(1, 40_000)),
        "market": ("market", symbol, side, size, rng.random() < 0.2),
        "limit": ("limit", symbol, side, size, offset, rng.random() < 0.3),
        "algo": ("algo", symbol, side, size, offset, rng.choice(["close", "reduce", "open"])),
        "trail": ("trail", symbol, side, size, rng.randint(1, 30)),
        "cancel": ("cancel", symbol),
        "leverage": ("leverage", symbol, rng.choice([5, 20, 50, 75])),
        "margin": ("margin", symbol, rng.choice(["CROSSED", "ISOLATED"])),
        "time": ("time", rng.randint(1, 30_000_000)),
    }[kind]


def test_long_scripts_keep_the_books_and_quiet_ticks_hide_nothing() -> None:
    rng = random.Random(3)
    seen: Counter[str] = Counter()
    for _ in range(150):
        balance = rng.choice(["300", "1000", "10000"])
        quick, close = new_core(balance=balance, flat=True), new_core(balance=balance, flat=True)
        books = Books(D(balance))
        for _ in range(rng.randint(10, 80)):
            step = random_step(rng)
            act(quick, step)
            for market in close._state.markets.values():
                market.watch_everything()
            act(close, step)
            events = quick.drain_events()
            assert events == close.drain_events()
            books.read(events)
            check(quick, books)
            seen.update(story(events))
    wanted = {"CALCULATED FILLED", "ACCOUNT INSURANCE_CLEAR", "ALGO REJECTED", "ALGO EXPIRED", "EXPIRED EXPIRED"}
    assert {word for word in wanted if seen[word] < 10} == set()
    assert seen["ACCOUNT FUNDING_FEE"] > 50
