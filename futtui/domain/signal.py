"""Signals: what a strategy proposes, what the desk made of it, and the one place where levels are checked."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from math import inf

from futtui.domain.errors import InvalidLevelsError
from futtui.domain.packing import travels
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.timeframe import Timeframe

FOR_INFORMATION = "for-information"
"""Tag of signals that are followed but never traded."""
DISMISSED = "dismissed"
"""Tag of open signals that the user dismissed: followed as before, but never entered with money."""
TAKEN = "taken"
"""Tag of open signals that the user took by hand: the trade is a signal of its own, this one is only followed."""


class System(Enum):
    """The independent signal systems."""

    CORE = "CORE"
    ACTION_PRICE = "ACTION_PRICE"
    SR = "SR"
    DUAL = "DUAL"
    PLUGIN = "PLUGIN"
    """A user's own strategy."""
    __hash__ = object.__hash__  # members are single: the name's hash costs a Python call at every look-up


class Trigger(Enum):
    """When a raw signal enters: at the close that made it, or when price reaches its level inside a bar."""

    IMMEDIATE = "IMMEDIATE"
    ARMED = "ARMED"
    BY_HAND = "BY_HAND"
    """When the user takes another signal: its plan, entered at that moment."""


class SignalStatus(Enum):
    """Life of a signal. WAITING = armed, not reached yet."""

    WAITING = "WAITING"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    EXPIRED = "EXPIRED"
    REFUSED = "REFUSED"

    @property
    def is_open(self) -> bool:
        """Whether the signal still occupies its (system, strategy, symbol, side) place."""
        return self in (SignalStatus.WAITING, SignalStatus.ACTIVE)


@travels
@dataclass(frozen=True, slots=True)
class SignalPart:
    """One reason inside a signal: a component, modifier or filter.

    `points` is what it adds to the score. `valid` False means that the input was not available: then `points` is 0.
    """

    name: str
    points: float
    reason: str
    value: float | None = None
    valid: bool = True


@travels
@dataclass(frozen=True, slots=True)
class FilterCheck:
    """One filter that a signal met on its way, in order; after the first that refused, no further one was asked."""

    name: str
    passed: bool
    reason: str = ""


@travels
@dataclass(frozen=True, slots=True)
class Levels:
    """Entry, stop and targets of a plan, nearest target first. Build it with `check_levels`.

    `reasons`: why the stop and then each target lies where it does, in words; empty where nobody said it.
    """

    side: Side
    entry: float
    stop: float
    targets: tuple[float, ...]
    reasons: tuple[str, ...] = field(default=(), compare=False)

    @property
    def risk(self) -> float:
        """R: distance from entry to stop in price."""
        return abs(self.entry - self.stop)

    @property
    def main_target(self) -> int | None:
        """Index of the target whose reward stands for the plan: the second, or the only one; None without any."""
        return min(1, len(self.targets) - 1) if self.targets else None

    def reward_r(self, index: int) -> float:
        """Distance from entry to target `index` in R."""
        return abs(self.targets[index] - self.entry) / self.risk


def check_levels(levels: Levels, tick_size: float, *, min_ticks: int = 3) -> Levels:
    """The levels themselves when stop < entry < TP1 < TP2 < TP3 (mirrored for shorts).

    Raises InvalidLevelsError naming the first pair that is out of order, not positive, or closer than `min_ticks`.
    This is the only place where the order of levels is judged: every system passes through it.
    """
    sign = levels.side.sign
    if _climb(levels, sign, tick_size * (min_ticks - 1e-6)):
        return levels
    named = ((f"target {number}", price) for number, price in enumerate(levels.targets, start=1))
    ladder = (("stop", levels.stop), ("entry", levels.entry), *named)
    if not levels.targets:
        raise InvalidLevelsError("A plan needs at least one target.")
    for name, price in ladder:
        if not price > 0 or price == float("inf"):
            raise InvalidLevelsError(f"The {name} {price!r} is not a price above zero.")
    smallest = tick_size * (min_ticks - 1e-6)
    for (name_a, price_a), (name_b, price_b) in itertools.pairwise(ladder):
        if sign * (price_b - price_a) < smallest:
            relation = "above" if sign > 0 else "below"
            raise InvalidLevelsError(
                f"{levels.side.value}: the {name_b} {price_b:g} must lie at least {min_ticks} ticks {relation} "
                f"the {name_a} {price_a:g}."
            )
    return levels


def _climb(levels: Levels, sign: int, smallest: float) -> bool:
    """Whether all is in order: nearly always, and then no price needs a name."""
    before = levels.stop
    if not levels.targets or not 0.0 < before < inf:
        return False
    for price in (levels.entry, *levels.targets):
        if not 0.0 < price < inf or sign * (price - before) < smallest:
            return False
        before = price
    return True


@travels
@dataclass(frozen=True, slots=True)
class PlanLimits:
    """Where a plan asks for other limits than the risk settings, because its geometry is another; None = as set.

    `max_stop_atr`: largest stop distance. `min_reward_r`: smallest reward to the first target.
    """

    max_stop_atr: float | None = None
    min_reward_r: float | None = None


@travels
@dataclass(frozen=True, slots=True)
class RawSignal:
    """A strategy's proposal, made from closed candles only; immutable.

    `time_ms` is the close time of the deciding candle. For ARMED signals `levels.entry` is the waiting level and
    `valid_until_ms` its end; for IMMEDIATE ones `valid_until_ms` bounds how late an entry may still happen.
    A `standing` ARMED one is renewed at every close and becomes a signal only once price reaches its level.
    """

    symbol: str
    system: System
    strategy: str
    timeframe: Timeframe
    side: Side
    trigger: Trigger
    time_ms: int
    valid_until_ms: int
    levels: Levels
    atr: float
    base_score: float
    regime: Regime
    parts: tuple[SignalPart, ...]
    summary: str
    inputs_hash: str = ""
    volume_ratio: float | None = None
    flow: float | None = None
    time_stop_bars: int = 12
    standing: bool = False
    limits: PlanLimits | None = None

    @property
    def signal_id(self) -> str:
        """Deterministic id: the same proposal has the same id in live, replay and backtest."""
        return _id_of(
            self.symbol, self.system, self.strategy, self.timeframe, self.side, self.time_ms, self.is_by_hand
        )  # fmt: skip

    @property
    def is_by_hand(self) -> bool:
        """Whether the user took it, so that no strategy proposed it at its time."""
        return self.trigger is Trigger.BY_HAND

    @property
    def place(self) -> tuple[System, str, str, Side]:
        """(system, strategy, symbol, side): at most one open signal may hold it."""
        return (self.system, self.strategy, self.symbol, self.side)


@lru_cache(maxsize=1_024)
def _id_of(
    symbol: str, system: System, strategy: str, timeframe: Timeframe, side: Side, time_ms: int, by_hand: bool
) -> str:
    """The id of a proposal; every room asks for it anew."""
    text = f"{symbol}|{system.value}|{strategy}|{timeframe.code}|{side.value}|{time_ms}"
    return hashlib.blake2b(f"{text}|by hand".encode() if by_hand else text.encode(), digest_size=8).hexdigest()


@travels
@dataclass(frozen=True, slots=True)
class Signal:
    """A scored signal as the desk keeps and shows it. `score` equals the sum of all parts' points.

    `needed_score`: the threshold it was measured by, as each system scores on a scale of its own; None if unknown.
    """

    raw: RawSignal
    score: float
    parts: tuple[SignalPart, ...]
    status: SignalStatus
    status_reason: str
    updated_ms: int
    completeness: float = 1.0
    position_id: str = ""
    tags: tuple[str, ...] = field(default=())
    checks: tuple[FilterCheck, ...] = field(default=())
    needed_score: float | None = None

    @property
    def is_for_information(self) -> bool:
        """Whether it is only shown and followed, not traded."""
        return FOR_INFORMATION in self.tags

    @property
    def is_set_aside(self) -> bool:
        """Whether the user is done with it: dismissed, or taken by hand. It is followed, and entered with no money."""
        return DISMISSED in self.tags or TAKEN in self.tags

    @property
    def signal_id(self) -> str:
        """Id of the raw signal."""
        return self.raw.signal_id
