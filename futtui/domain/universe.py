"""Which symbols are watched: judged by turnover, spread, age and state, with a reason in words for each.

A border that decides in both directions would let a symbol flap. So a symbol comes in at the border, for some looks in
a row, and leaves only when it is clearly beyond it for more looks in a row. What has an open trade never leaves.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from hashlib import sha256

from futtui.domain.timeframe import DAY_MS
from futtui.language.counting import counted

STABLE_ASSETS = frozenset(
    {"USDC", "BUSD", "TUSD", "USDP", "FDUSD", "DAI", "EUR", "EURI", "USD1", "USDE", "PYUSD", "RLUSD", "BFUSD", "XUSD"}
)
TRADING, PERPETUAL, USDT = "TRADING", "PERPETUAL", "USDT"
MEMORY_MS = DAY_MS
"""What was seen longer ago says nothing about who has to wait for another look."""
RANK_SLACK = 1.2
"""A symbol stays among the most traded until so many times as many are traded more."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A symbol as the exchange lists it; what is not known is None."""

    symbol: str
    base_asset: str
    quote_asset: str = USDT
    contract: str = PERPETUAL
    status: str = TRADING
    listed_ms: int | None = None
    ends_ms: int | None = None
    quote_volume: float | None = None
    spread_pct: float | None = None

    def age_days(self, now_ms: int) -> float | None:
        """Days since it is traded."""
        return None if self.listed_ms is None else max(0.0, (now_ms - self.listed_ms) / DAY_MS)


@dataclass(frozen=True, slots=True)
class UniverseLimits:
    """What a symbol must be to be watched. `leave_share`: how far below the border it must fall to leave."""

    most: int = 50
    min_quote_volume: float = 10_000_000.0
    leave_share: float = 0.7
    max_spread_pct: float = 0.15
    min_age_days: float = 0.0
    looks_to_enter: int = 2
    looks_to_leave: int = 6
    always: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A short name that differs when any limit differs."""
        return sha256(repr(astuple(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a symbol is watched, and why. `looks`: for how many looks in a row the opposite has been due."""

    symbol: str
    inside: bool
    reason: str
    looks: int = 0


@dataclass(frozen=True, slots=True)
class UniverseMemory:
    """The standings of the look at `time_ms`, under limits named by `limits`."""

    time_ms: int
    limits: str
    standings: Mapping[str, Standing]

    def recalled(self, limits: UniverseLimits, now_ms: int) -> dict[str, Standing] | None:
        """The standings to go on from after a restart; None when other limits hold now or too much time has passed.

        A start is no look of its own, else a program that is started again and again would hurry symbols in and out.
        """
        fresh = 0 <= now_ms - self.time_ms <= MEMORY_MS
        if self.limits != limits.name or not fresh or not any(each.inside for each in self.standings.values()):
            return None
        return {symbol: replace(each, looks=max(0, each.looks - 1)) for symbol, each in self.standings.items()}


def choose_universe(
    listings: Iterable[Listing],
    limits: UniverseLimits,
    now_ms: int,
    before: Mapping[str, Standing] | None = None,
    held: Collection[str] = (),
) -> dict[str, Standing]:
    """The standing of every listed symbol, the most traded first.

    `before` is the last look's result: None at the first, where whatever is good enough comes in at once. Symbols of
    `held` have open trades and stay whatever happens; so do those that vanished from the list.
    """
    listed = sorted(listings, key=lambda item: (-(item.quote_volume or 0.0), item.symbol))
    known = before or {}
    ranks = _ranks(listed, limits, known, now_ms)
    found: dict[str, Standing] = {}
    for item in listed:
        last = known.get(item.symbol)
        inside = last is not None and last.inside
        verdict = _verdict(item, limits, inside, ranks.get(item.symbol), now_ms)
        found[item.symbol] = _settle(item.symbol, verdict, last, limits, item.symbol in held, before is None)
    for symbol in sorted(set(held) - found.keys()):
        found[symbol] = Standing(symbol, True, "a trade on it is open; the exchange does not list it any more")
    return found


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one look says. `final`: nothing has to be seen twice."""

    good: bool
    reason: str
    final: bool = False


def _settle(
    symbol: str, verdict: _Verdict, last: Standing | None, limits: UniverseLimits, held: bool, first: bool
) -> Standing:
    """The new standing: a change waits until it was due often enough."""
    inside = last is not None and last.inside
    if held:
        reason = verdict.reason if verdict.good else f"a trade on it is open, else it would leave: {verdict.reason}"
        return Standing(symbol, True, reason)
    if verdict.good == inside:
        return Standing(symbol, inside, verdict.reason)
    needed = limits.looks_to_leave if inside else limits.looks_to_enter
    looks = (last.looks if last is not None else 0) + 1
    if first or verdict.final or looks >= needed:
        return Standing(symbol, verdict.good, verdict.reason)
    what = "leaves" if inside else "comes in"
    return Standing(symbol, inside, f"{verdict.reason} (look {looks} of {needed} before it {what})", looks)


def _verdict(item: Listing, limits: UniverseLimits, inside: bool, rank: int | None, now_ms: int) -> _Verdict:
    closed = _closed_reason(item, limits)
    if closed is not None:
        return _Verdict(False, closed, final=True)
    if item.symbol in limits.always:
        return _Verdict(True, "on your list of symbols that are always watched", final=True)
    reason = _short_of(item, limits, inside, now_ms)
    if reason is not None:
        return _Verdict(False, reason)
    most = math.ceil(limits.most * RANK_SLACK) if inside else limits.most
    if rank is None or rank > most:
        return _Verdict(False, f"number {rank} by turnover; the {limits.most} most traded are watched")
    return _Verdict(True, f"number {rank} by turnover, {_turnover(item)}")


def _closed_reason(item: Listing, limits: UniverseLimits) -> str | None:
    """Why it cannot be watched at all."""
    if item.symbol in limits.never:
        return "on your list of symbols that are never watched"
    if item.contract != PERPETUAL:
        return f"not a perpetual contract on a coin ({item.contract or 'kind unknown'})"
    if item.quote_asset != USDT:
        return f"settled in {item.quote_asset or 'something unknown'}, not in USDT"
    if item.status != TRADING:
        return f"not open for trading ({item.status or 'state unknown'})"
    if item.base_asset in STABLE_ASSETS:
        return f"{item.base_asset} is a stablecoin or a currency"
    return None


def _short_of(item: Listing, limits: UniverseLimits, inside: bool, now_ms: int) -> str | None:
    """Which limit it misses; a symbol that is inside only has to stay clear of the border."""
    share = limits.leave_share if inside else 1.0
    floor = limits.min_quote_volume * share
    if item.quote_volume is None:
        if not inside:
            return "its 24 hour turnover is not known"
    elif item.quote_volume < floor:
        return f"{_turnover(item)}, below {_millions(floor)}"
    widest = limits.max_spread_pct / share
    if item.spread_pct is not None and item.spread_pct > widest:
        return f"spread of {item.spread_pct:.3f} % between bid and ask, above {widest:.3f} %"
    if limits.min_age_days and not inside:
        age = item.age_days(now_ms)
        if age is None:
            return "its age is not known"
        if age < limits.min_age_days:
            return f"traded for {counted(round(age), 'day')} only; {limits.min_age_days:.0f} are asked for"
    return None


def _ranks(
    listed: Iterable[Listing], limits: UniverseLimits, known: Mapping[str, Standing], now_ms: int
) -> dict[str, int]:
    """Place by turnover among those that miss no other limit; those that are always watched take no place."""
    ranks: dict[str, int] = {}
    for item in listed:
        last = known.get(item.symbol)
        inside = last is not None and last.inside
        if item.symbol in limits.always or _closed_reason(item, limits) is not None:
            continue
        if _short_of(item, limits, inside, now_ms) is None:
            ranks[item.symbol] = len(ranks) + 1
    return ranks


def _turnover(item: Listing) -> str:
    if item.quote_volume is None:
        return "24 hour turnover not known"
    return f"24 hour turnover {_millions(item.quote_volume)}"


def _millions(amount: float) -> str:
    return f"{amount / 1e6:,.1f} million USDT"
