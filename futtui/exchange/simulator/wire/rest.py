"""REST requests: a call, its parameters, and the table of routes that the handlers fill."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from futtui.exchange.simulator.wire.errors import WireError

MAX_BATCH_TEXT = 10_000
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")


class Security(Enum):
    """What a request must show: nothing, the key header, or key and signature."""

    NONE = "NONE"
    KEY = "KEY"
    SIGNED = "SIGNED"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its parameters (query and body together), the virtual time, the account's key."""

    method: str
    path: str
    values: Mapping[str, str]
    now_ms: int
    api_key: str = ""

    def text(self, name: str) -> str:
        """A parameter that must be there; raises WireError -1102."""
        value = self.values.get(name, "")
        if not value:
            raise WireError(-1102, name=name)
        return value

    def optional(self, name: str) -> str | None:
        """A parameter, None if it was not sent."""
        return self.values.get(name) or None

    def symbol(self) -> str:
        """The parameter `symbol`."""
        return self.text("symbol").upper()

    def whole(self, name: str) -> int | None:
        """A whole number, None if it was not sent; raises WireError -1130 for anything else."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            return int(value)
        except ValueError:
            raise WireError(-1130, name=name) from None

    def limit(self, default: int, largest: int) -> int:
        """The parameter `limit`; raises WireError -1130 outside 1 to `largest`."""
        value = self.whole("limit")
        if value is None:
            return default
        if not 1 <= value <= largest:
            raise WireError(-1130, name="limit")
        return value

    def decimal(self, name: str) -> Decimal | None:
        """A number, None if it was not sent; raises WireError -1130 for anything that is no plain decimal."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise WireError(-1130, name=name) from None
        if not number.is_finite() or not _DECIMAL.fullmatch(f"{abs(number):f}"):
            raise WireError(-1130, name=name)
        return number

    def flag(self, name: str) -> bool | None:
        """A boolean in any case; raises WireError -1130 for anything else."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        lower = value.lower()
        if lower not in ("true", "false"):
            raise WireError(-1130, name=name)
        return lower == "true"

    def with_values(self, values: Mapping[str, str]) -> Call:
        """The same call with other parameters (an element of a batch)."""
        return Call(self.method, self.path, values, self.now_ms, self.api_key)


Handler = Callable[[Call], Any]
Weight = int | Callable[[Call], int]


@dataclass(frozen=True, slots=True)
class Route:
    """What a path costs and demands, and who answers it. `orders` = counts per 10 s and per minute."""

    handler: Handler
    weight: Weight = 1
    security: Security = Security.NONE
    orders: tuple[int, int] = (0, 0)
    pool: str = "weight"

    def weight_of(self, call: Call) -> int:
        """The request weight of this call."""
        return self.weight if isinstance(self.weight, int) else self.weight(call)


@dataclass(slots=True)
class RouteTable:
    """All paths that the exchange knows."""

    routes: dict[tuple[str, str], Route] = field(default_factory=dict)

    def add(self, method: str, path: str, handler: Handler, weight: Weight = 1, **more: Any) -> None:
        """Register a handler."""
        self.routes[(method, path)] = Route(handler, weight, **more)

    def find(self, method: str, path: str) -> Route:
        """The route; raises WireError -5000 (404) for an unknown path or method."""
        route = self.routes.get((method, path))
        if route is None:
            raise WireError(-5000, path=path, method=method)
        return route


def with_or_without_symbol(one: int, all_symbols: int) -> Callable[[Call], int]:
    """A weight that depends on whether the call names a symbol."""
    return lambda call: one if call.values.get("symbol") else all_symbols
