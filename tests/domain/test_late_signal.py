"""Signals whose words come late: whoever reads, packs, copies or compares one finds the plain signal."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any

import pytest

from futtui.domain.late_signal import LateSignal, SignalWords, late_signal, written
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, System, Trigger
from futtui.domain.timeframe import Timeframe

WORDS = SignalWords((SignalPart("setup", 5.0, "far below"),), "Waits far below.", "aa.bb")
LEVELS = Levels(Side.LONG, 90.0, 60.0, (92.0,))
PLAIN = RawSignal(
    "BTCUSDT", System.CORE, "liquidity_flush", Timeframe.M15, Side.LONG, Trigger.ARMED, 900_000, 1_800_000, LEVELS,
    1.0, 5.0, Regime.RANGE, *WORDS[:2], inputs_hash=WORDS.inputs_hash, standing=True,
)  # fmt: skip


def _late(write: Callable[[], SignalWords] = lambda: WORDS) -> RawSignal:
    return late_signal(replace(PLAIN, parts=(), summary="", inputs_hash=""), write)


@pytest.mark.parametrize(
    "look",
    [
        lambda signal: signal.parts, lambda signal: signal.summary, lambda signal: signal.inputs_hash,
        lambda signal: signal, repr, hash, asdict, written, pickle.dumps, deepcopy,
        lambda signal: replace(signal, atr=2.0),
    ],
)  # fmt: skip
def test_late_signal_looked_at_gives_what_the_plain_one_gives(look: Callable[[RawSignal], Any]) -> None:
    signal = _late()
    assert look(signal) == look(replace(PLAIN))
    assert type(signal) is RawSignal
    assert signal == PLAIN
    assert type(pickle.loads(pickle.dumps(_late()))) is RawSignal


def test_late_signals_are_compared_by_what_they_say() -> None:
    other = _late(lambda: WORDS._replace(summary="Waits."))
    assert _late() == _late()
    assert _late() == PLAIN
    assert _late() != other
    assert other != PLAIN
    assert [PLAIN, other] == [_late(), other]  # the plain one on the left, too
    assert _late() != "a word"
    assert len({PLAIN, _late(), other}) == 2


def test_plan_of_a_late_signal_is_read_without_words_and_words_are_written_once() -> None:
    asked: list[int] = []
    signal = _late(lambda: asked.append(1) or WORDS)  # type: ignore[func-returns-value]
    plan = signal.levels, signal.standing, signal.place, signal.signal_id, signal.valid_until_ms
    assert plan == (LEVELS, True, PLAIN.place, PLAIN.signal_id, 1_800_000)
    assert not asked
    assert isinstance(signal, LateSignal)
    assert (signal.summary, signal.parts) == (WORDS.summary, WORDS.parts)
    assert len(asked) == 1
