"""Key, signature and timestamp checks of signed requests.

Source: general rules of the futures API. The signature is an HMAC-SHA256 over the raw query string, directly
followed by the raw body, without the `signature` parameter.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from futtui.exchange.simulator.wire.errors import WireError

DEFAULT_RECV_WINDOW_MS = 5000
MAX_AHEAD_MS = 1000


def parse_parameters(raw_query: str, raw_body: str) -> dict[str, str]:
    """Parameters of query and form body together; where a name stands in both, the query wins."""
    values = dict(parse_qsl(raw_body, keep_blank_values=True)) if raw_body else {}
    if raw_query:
        values.update(parse_qsl(raw_query, keep_blank_values=True))
    return values


def signed_payload(raw_query: str, raw_body: str) -> str:
    """The text that a client signs: both parts as sent, `signature` taken out."""
    return _without_signature(raw_query) + _without_signature(raw_body)


def sign(payload: str, secret: str) -> str:
    """HMAC-SHA256 of `payload`, as lower-case hex."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def check_key(header: str | None, api_key: str) -> None:
    """Raises WireError -2014 for a missing or malformed key, -2015 for a wrong one."""
    if not header:
        raise WireError(-2014)
    if header != api_key:
        raise WireError(-2015)


def check_signature(parameters: Mapping[str, str], raw_query: str, raw_body: str, secret: str) -> None:
    """Raises WireError -1102 without a signature, -1022 for a wrong one."""
    given = parameters.get("signature", "")
    if not given:
        raise WireError(-1102, name="signature")
    expected = sign(signed_payload(raw_query, raw_body), secret)
    if not hmac.compare_digest(given.lower().encode(), expected.encode()):
        raise WireError(-1022)


def check_timestamp(parameters: Mapping[str, str], server_time_ms: int, tolerance_factor: float = 1.0) -> None:
    """Raises WireError -1021 unless timestamp < server + 1000 and server - timestamp <= recvWindow.

    `tolerance_factor` widens both bounds: at 60 times real time a second of network delay is a minute.
    """
    timestamp_ms = _whole(parameters, "timestamp", None)
    window_ms = _whole(parameters, "recvWindow", DEFAULT_RECV_WINDOW_MS)
    if window_ms <= 0:
        raise WireError(-1130, name="recvWindow")
    if timestamp_ms >= server_time_ms + MAX_AHEAD_MS * tolerance_factor:
        raise WireError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if server_time_ms - timestamp_ms > window_ms * tolerance_factor:
        raise WireError(-1021)


def _whole(parameters: Mapping[str, str], name: str, default: int | None) -> int:
    text = parameters.get(name, "")
    if not text:
        if default is None:
            raise WireError(-1102, name=name)
        return default
    try:
        return int(text)
    except ValueError:
        raise WireError(-1130, name=name) from None


def _without_signature(raw: str) -> str:
    if "signature=" not in raw:
        return raw
    return "&".join(part for part in raw.split("&") if not part.startswith("signature="))
