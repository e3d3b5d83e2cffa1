"""Request weight, order counts and bans, counted as the exchange counts them.

Budgets: 2400 weight a minute, 300 orders per 10 s, 1200 a minute; /futures/data 1000 and the funding pool 500 requests
per 5 minutes. Whoever goes on after a 429 is banned (418) for two minutes, then longer each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from futtui.exchange.simulator.wire.clock import VirtualClock
from futtui.exchange.simulator.wire.errors import WireError

WEIGHT_PER_MINUTE = 2400
ORDERS_PER_10_S = 300
ORDERS_PER_MINUTE = 1200
REFUSALS_BEFORE_BAN = 10
FIRST_BAN_MS = 120_000
LONGEST_BAN_MS = 3 * 86_400_000

_POOLS = {"funding": (300_000, 500), "data": (300_000, 1000)}


@dataclass(slots=True)
class _Window:
    length_ms: int
    number: int = -1
    used: int = 0

    def at(self, now_ms: int) -> int:
        number = now_ms // self.length_ms
        if number != self.number:
            self.number = number
            self.used = 0
        return self.used

    def left_ms(self, now_ms: int) -> int:
        return self.length_ms - now_ms % self.length_ms


@dataclass(slots=True)
class RequestLimits:
    """Counters of one client address (all loopback clients share one, as behind one IP)."""

    clock: VirtualClock
    weight: _Window = field(default_factory=lambda: _Window(60_000))
    orders_10_s: _Window = field(default_factory=lambda: _Window(10_000))
    orders_minute: _Window = field(default_factory=lambda: _Window(60_000))
    banned_until_ms: int = 0
    _pools: dict[str, _Window] = field(default_factory=dict)
    _refusals: _Window = field(default_factory=lambda: _Window(60_000))
    _bans: int = 0

    def spend(self, weight: int, pool: str = "weight") -> None:
        """Count a request; raises WireError 418 while banned, 429 beyond the budget."""
        now_ms = self.clock.limit_time_ms()
        self._check_ban(now_ms)
        if pool != "weight":
            self._spend_pool(pool, now_ms)
            return
        self.weight.at(now_ms)
        self.weight.used += weight
        if self.weight.used > WEIGHT_PER_MINUTE:
            self._refuse(now_ms)

    def spend_orders(self, in_10_s: int, in_minute: int) -> None:
        """Count new orders; raises WireError -1015 (429) beyond the budget."""
        now_ms = self.clock.limit_time_ms()
        self.orders_10_s.at(now_ms)
        self.orders_minute.at(now_ms)
        self.orders_10_s.used += in_10_s
        self.orders_minute.used += in_minute
        if self.orders_10_s.used > ORDERS_PER_10_S:
            raise WireError(-1015, limit=f"{ORDERS_PER_10_S} orders per TEN_SECONDS")
        if self.orders_minute.used > ORDERS_PER_MINUTE:
            raise WireError(-1015, limit=f"{ORDERS_PER_MINUTE} orders per ONE_MINUTE")

    def headers(self, *, orders: bool, weight: bool = True) -> dict[str, str]:
        """Rate headers of an answer."""
        now_ms = self.clock.limit_time_ms()
        made: dict[str, str] = {}
        if weight:
            made["X-MBX-USED-WEIGHT-1M"] = str(self.weight.at(now_ms))
        if orders:
            made["X-MBX-ORDER-COUNT-10S"] = str(self.orders_10_s.at(now_ms))
            made["X-MBX-ORDER-COUNT-1M"] = str(self.orders_minute.at(now_ms))
        return made

    def retry_after_s(self) -> int:
        """Whole seconds until the window or the ban ends."""
        now_ms = self.clock.limit_time_ms()
        left_ms = max(self.weight.left_ms(now_ms), self.banned_until_ms - now_ms)
        return max(1, -(-left_ms // 1000))

    def _spend_pool(self, pool: str, now_ms: int) -> None:
        length_ms, limit = _POOLS[pool]
        window = self._pools.setdefault(pool, _Window(length_ms))
        window.at(now_ms)
        window.used += 1
        if window.used > limit:
            text = f"Too many requests; current limit is {limit} requests per 5 minutes."
            raise WireError(-1003, text)

    def _refuse(self, now_ms: int) -> None:
        self._refusals.at(now_ms)
        self._refusals.used += 1
        if self._refusals.used > REFUSALS_BEFORE_BAN:
            self.ban(min(LONGEST_BAN_MS, FIRST_BAN_MS * 4**self._bans))
            self._bans += 1
            self._check_ban(now_ms)
        raise WireError(
            -1003,
            f"Too many requests; current limit of IP(127.0.0.1) is {WEIGHT_PER_MINUTE} requests per minute. "
            "Please use the websocket for live updates to avoid polling the API.",
        )

    def ban(self, span_ms: int) -> None:
        """Ban the address for `span_ms` from now."""
        self.banned_until_ms = self.clock.limit_time_ms() + span_ms

    def ban_error(self, until_virtual_ms: int) -> WireError:
        """The 418 answer that names the end of the ban in exchange time."""
        return WireError(
            -1003,
            f"Way too many requests; IP(127.0.0.1) banned until {until_virtual_ms}. "
            "Please use the websocket for live updates to avoid bans.",
            status=418,
        )

    def _check_ban(self, now_ms: int) -> None:
        if now_ms < self.banned_until_ms:
            left_ms = self.clock.virtual_span_ms(self.banned_until_ms - now_ms)
            raise self.ban_error(self.clock.now_ms + left_ms)
