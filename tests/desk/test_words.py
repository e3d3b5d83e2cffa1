"""Lines for people: true in every mode, in the singular and in the plural."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

import futtui.desk
from futtui.desk import words
from futtui.domain.events import ChangeMode, FundingPaid
from futtui.domain.position import TradingMode
from futtui.domain.signal import SignalStatus
from tests.desk.world import SYMBOL, World, wide_settings


@pytest.mark.parametrize(
    ("mode", "told"), [(TradingMode.SIGNALS, "not traded"), (TradingMode.PAPER, "on paper"), (TradingMode.LIVE, "")]
)
def test_words_of_a_trade_say_whether_it_was_real(mode: TradingMode, told: str) -> None:
    world = World(wide_settings(), mode=mode)
    if mode is TradingMode.LIVE:
        world.desk._state.accounts[mode].reported_wallet = world.desk._state.accounts[mode].start_equity
    world.enter()
    world.price(98.5)
    found, opened = world.lines()[0], world.lines()[1]
    closed = next(line for line in world.lines() if "closed:" in line)
    assert (told in opened and told in closed) if told else not any(word in closed for word in ("paper", "not traded"))
    assert ("without an order" in found) is (mode is TradingMode.SIGNALS)
    active = [item for item in world.signals.values() if item.status is SignalStatus.CLOSED]
    assert len(active) == 1


def test_words_of_a_trade_name_funding_only_where_there_was_some() -> None:
    for funding in (False, True):
        world = World()
        world.enter()
        if funding:
            world.send(FundingPaid(world.now_ms + 1, SYMBOL, TradingMode.SIGNALS, Decimal("0.5")))
        world.price(98.5)
        assert any("after fees and funding" in line for line in world.lines()) is funding


def test_words_numbers_agree_with_their_nouns() -> None:
    world = World()
    world.enter()
    world.send(ChangeMode(world.now_ms, TradingMode.PAPER))
    assert "1 open position stays as it is" in world.lines()[-1]
    assert words.refusals_merged(15, Counter(paused=1)) == "1 more signal skipped in 15 minutes: trading paused 1"


def test_words_every_kind_of_refusal_is_told_in_plain_words() -> None:
    folder = Path(futtui.desk.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))]
    kinds = {kind for text in texts for kind in re.findall(r'Refusal\(\s*"([^"]+)"', text)}
    assert len(kinds) > 15
    assert kinds <= set(words._KIND)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("", "no reason given"),
        ("-2021 Order would immediately trigger.", "-2021 Order would immediately trigger"),
        ("The exchange is overloaded (Service Unavailable.). futtui tries again later; nothing was changed.",
         "the exchange is overloaded (Service Unavailable.)"),
        ("API key refused.", "API key refused"),
    ],
)  # fmt: skip
def test_words_reason_from_outside_becomes_part_of_a_sentence(reason: str, told: str) -> None:
    assert words.because(reason) == told
