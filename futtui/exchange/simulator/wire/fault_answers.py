"""Answers that a fault rule gives instead of the exchange: limits, bans, server errors, pages of others in between."""

from __future__ import annotations

from futtui.exchange.simulator.wire.answers import Answer
from futtui.exchange.simulator.wire.errors import TEXTS, WireError
from futtui.exchange.simulator.wire.fault_rules import FaultRule
from futtui.exchange.simulator.wire.frames import encode
from futtui.exchange.simulator.wire.venue import Venue

FIREWALL_PAGE = (
    b"<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>"
    b"<p>Request blocked by the embedded exchange.</p></body></html>"
)
PROXY_PAGE = (
    b"<!DOCTYPE html><html><head><title>Proxy Authentication Required</title></head><body>"
    b"<h1>Proxy Authentication Required</h1><p>Sign in to use the network.</p></body></html>"
)
_SERVER_ERRORS = {
    "A": (-1000, "Unknown error, please check your request or try again later."),
    "B": (-1000, "Service Unavailable."),
    "C": (-1001, "Internal error; unable to process your request. Please try again."),
    "D": (-1008, TEXTS[-1008][1]),
}


def fault_answer(rule: FaultRule, venue: Venue) -> Answer:
    """The answer of a `reject` or `respond` rule. 503 kinds A to D are those of the documentation."""
    headers = venue.limits.headers(orders=False)
    if rule.action == "reject":
        error = WireError(rule.code, rule.message or None, status=rule.status or None, limit="0", name="", path="")
        return Answer(error.status, encode(error.body()), headers)
    if rule.status == 403:
        return Answer(403, FIREWALL_PAGE, {}, "text/html")
    if rule.status == 407:
        return Answer(407, PROXY_PAGE, {}, "text/html")
    if rule.status == 418:
        span_ms = round(rule.ban_s * 1000)
        venue.limits.ban(span_ms)
        banned = venue.limits.ban_error(venue.clock.now_ms + venue.clock.virtual_span_ms(span_ms))
        return Answer(418, encode(banned.body()), {**headers, "Retry-After": str(venue.limits.retry_after_s())})
    if rule.status == 429:
        text = "Too many requests; current limit of IP(127.0.0.1) is 2400 requests per minute."
        body = encode({"code": -1003, "msg": rule.message or text})
        return Answer(429, body, {**headers, "Retry-After": str(venue.limits.retry_after_s())})
    if rule.status == 408:
        return Answer(408, encode(WireError(-1007).body()), headers)
    code, text = _SERVER_ERRORS[rule.kind]
    return Answer(rule.status, encode({"code": code, "msg": rule.message or text}), headers)
