"""From a raw REST request to the bytes of its answer: route, limits, key, signature, time, handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from futtui.exchange.simulator.core.refusals import ExchangeRefusal
from futtui.exchange.simulator.wire import signing
from futtui.exchange.simulator.wire.errors import WireError
from futtui.exchange.simulator.wire.frames import encode
from futtui.exchange.simulator.wire.rest import Call, Route, RouteTable, Security
from futtui.exchange.simulator.wire.rest_account import AccountRoutes
from futtui.exchange.simulator.wire.rest_market import MarketRoutes
from futtui.exchange.simulator.wire.rest_orders import OrderRoutes
from futtui.exchange.simulator.wire.venue import Venue


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came off the wire; query and body undecoded, header names in lower case."""

    method: str
    path: str
    query: str
    body: str
    key: str | None

    def values(self) -> dict[str, str]:
        """Its parameters."""
        return signing.parse_parameters(self.query, self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    content_type: str = "application/json"


class Answerer:
    """Answers REST requests of one exchange."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._table = RouteTable()
        for routes in (MarketRoutes(venue), OrderRoutes(venue), AccountRoutes(venue)):
            routes.register(self._table)

    @property
    def paths(self) -> list[tuple[str, str]]:
        """All (method, path) pairs that are served."""
        return sorted(self._table.routes)

    def answer(self, request: RawRequest) -> Answer:
        """The answer, whatever happens: refusals become error bodies."""
        route: Route | None = None
        try:
            route = self._table.find(request.method, request.path)
            body = encode(self._carry_out(route, request))
            status = 200
        except WireError as error:
            status, body = error.status, encode(error.body())
        except ExchangeRefusal as refused:
            status, body = refused.http_status, encode({"code": refused.code, "msg": refused.message})
        self._venue.tell_users()
        self._venue.hub.flush()
        return Answer(status, body, self._headers(route, status))

    def _carry_out(self, route: Route, request: RawRequest) -> object:
        venue = self._venue
        call = Call(request.method, request.path, request.values(), venue.clock.now_ms)
        venue.limits.spend(_weight(route, call), route.pool)
        if route.security is not Security.NONE:
            signing.check_key(request.key, venue.config.api_key)
            call = Call(request.method, request.path, call.values, venue.clock.now_ms, venue.config.api_key)
        if route.security is Security.SIGNED:
            signing.check_signature(call.values, request.query, request.body, venue.config.api_secret)
            factor = max(1.0, venue.clock.speed or 1.0)
            signing.check_timestamp(call.values, venue.clock.server_time_ms, factor)
        if route.orders[0]:
            venue.limits.spend_orders(*route.orders)
        return route.handler(call)

    def _headers(self, route: Route | None, status: int) -> dict[str, str]:
        orders = route is not None and route.orders[0] > 0
        made = self._venue.limits.headers(orders=orders, weight=route is None or route.pool != "funding")
        if status in (418, 429):
            made["Retry-After"] = str(self._venue.limits.retry_after_s())
        return made


def _weight(route: Route, call: Call) -> int:
    try:
        return route.weight_of(call)
    except WireError:
        return 1
