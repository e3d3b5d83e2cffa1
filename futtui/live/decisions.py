"""What a run decided, in one short hash: equal for a backtest, a run over the wire and the replay of its journal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from futtui.domain.effects import Effect, RecordSignal, RecordTrade
from futtui.domain.position import Trade, TradingMode
from futtui.domain.signal import Signal


@dataclass(frozen=True, slots=True)
class Decisions:
    """How many signals and trades there were, and a hash of all they are."""

    signals: int
    trades: int
    hash: str


class DecisionBook:
    """Collects what a desk records; the newest state of each signal and trade counts."""

    def __init__(self) -> None:
        self._signals: dict[str, Signal] = {}
        self._trades: dict[tuple[TradingMode, str], Trade] = {}

    def note(self, effect: Effect) -> None:
        """Take in an effect of the desk; what is neither a signal nor a trade is left out."""
        if isinstance(effect, RecordSignal):
            self._signals[effect.signal.signal_id] = effect.signal
        elif isinstance(effect, RecordTrade):
            self._trades[effect.trade.mode, effect.trade.position_id] = effect.trade

    def decisions(self) -> Decisions:
        """What it all comes down to."""
        return decisions_of(self._signals.values(), self._trades.values())


def decisions_of(signals: Iterable[Signal], trades: Iterable[Trade]) -> Decisions:
    """The decisions behind the last states of signals and trades, whatever their order.

    A JSON line of each goes into the hash: times, levels, score with all parts and reasons, exits, fees, funding and
    results. Left out is which account traded, for the same trade on paper and on the exchange is the same decision;
    whether it was for information stays in.
    """
    known = signals if isinstance(signals, Sequence) else tuple(signals)
    places = sorted((one.raw.time_ms, one.signal_id, place) for place, one in enumerate(known))
    told = (known[place] for *_, place in places)  # one by one: all those of a year are much in memory
    done = sorted(trades, key=lambda one: (one.closed_ms, one.position_id))
    digest = hashlib.sha256()
    for line in chain(map(msgspec.to_builtins, told), map(_without_account, done)):
        digest.update(msgspec.json.encode(line, order="sorted") + b"\n")
    return Decisions(len(known), len(done), digest.hexdigest()[:16])


def _without_account(trade: Trade) -> dict[str, Any]:
    line: dict[str, Any] = msgspec.to_builtins(trade)
    line["mode"] = trade.mode is TradingMode.INFO
    return line
