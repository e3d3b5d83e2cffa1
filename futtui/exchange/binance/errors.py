"""What the exchange can answer instead of what was asked, as typed errors with sentences for the reader.

Source of codes and kinds of 503: the futures API's general information and error-code pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from futtui.domain.errors import ExchangeError
from futtui.exchange.binance.error_hints import hint_for

MINUTE_MS = 60_000
FALLBACK_BAN_MS = 5 * MINUTE_MS
FIREWALL_PAUSE_MS = 2 * MINUTE_MS
SHORTEST_BAN_MS = 2 * MINUTE_MS
LONGEST_BAN_MS = 3 * 24 * 60 * MINUTE_MS
"""Source of both: the exchange's general information ("from 2 minutes to 3 days")."""
MOST_DIGITS = 9
TOO_MANY_REQUESTS = -1003
TOO_MANY_ORDERS = -1015
STATE_UNKNOWN_CODES = frozenset({-1000, -1001, -1006, -1007})
_BAN_PATTERN = re.compile(r"banned until (\d{13})")


class RateLimited(ExchangeError):  # noqa: N818 - the name says what happened
    """HTTP 429: too many requests, or too many `orders`; `until_ms` is when asking may go on."""

    def __init__(self, until_ms: int, *, orders: bool = False) -> None:
        what = "new orders in a short time (-1015)" if orders else "requests in this minute (429)"
        super().__init__(
            f"The exchange says: too many {what}. futtui waits until {utc_text(until_ms)} UTC and then goes on by "
            "itself; if this repeats, close other programs that use the exchange from this network."
        )
        self.until_ms = until_ms
        self.orders = orders


class Banned(ExchangeError):  # noqa: N818
    """HTTP 418, or the firewall's 403: this address may not ask anything before `until_ms`."""

    def __init__(self, until_ms: int, *, firewall: bool = False) -> None:
        cause = "The exchange's firewall refused us (403)" if firewall else "The exchange has banned this address (418)"
        super().__init__(
            f"{cause} until {utc_text(until_ms)} UTC. futtui sends nothing until then, streams and the stops "
            "already on the exchange keep working. Close other programs that use the exchange from this network."
        )
        self.until_ms = until_ms
        self.firewall = firewall


class Refused(ExchangeError):  # noqa: N818
    """A definite no: nothing was changed on the exchange. `code` as in its error table, `hint` for the reader."""

    def __init__(self, code: int, message: str, *, http_status: int = 400) -> None:
        self.code = code
        self.message = message
        self.hint = hint_for(code)
        self.http_status = http_status
        super().__init__(f"The exchange refused the request: {message} (code {code}). {self.hint}")


class Unavailable(ExchangeError):  # noqa: N818
    """The exchange or the way to it failed, and the request certainly had no effect (or was only a question)."""


class NotSent(Unavailable):
    """No connection came about: the request never left this computer."""


class BadAnswer(ExchangeError):  # noqa: N818
    """Something came back that is no answer of the exchange's interface (a web page, an empty or broken body)."""


class TimeoutUnknown(ExchangeError):  # noqa: N818
    """The request may or may not have been carried out; only asking the exchange can tell."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"No clear answer came from the exchange ({detail}), so it is unknown whether the request was carried out. "
            "futtui does not send it again but looks it up on the exchange."
        )


class ErrorBody(msgspec.Struct):
    """`{"code": -1121, "msg": "Invalid symbol."}`"""

    code: int
    msg: str = ""


def error_from_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now_ms: int,
    changes_state: bool,
    trust_ban_text: bool = True,
) -> ExchangeError | None:
    """The typed error of an answer, or None if it is a success.

    `changes_state` False (a mere question) turns "unknown whether done" into Unavailable, which may be repeated.
    `trust_ban_text` False: `now_ms` is not the exchange's time, so a ban lasts as long as Retry-After says.
    """
    if 200 <= status < 300:
        return None
    text = body.decode("utf-8", "replace")
    if status == 418 or (status < 500 and _BAN_PATTERN.search(text)):
        return Banned(ban_end_ms(text if trust_ban_text else "", headers, now_ms))
    parsed = _parse(body)
    code = parsed.code if parsed else 0
    if status == 429 or code in (TOO_MANY_REQUESTS, TOO_MANY_ORDERS):
        if code == TOO_MANY_ORDERS:
            return RateLimited(_orders_go_on_ms(text, now_ms), orders=True)
        return RateLimited(retry_after_ms(headers, now_ms) or next_minute_ms(now_ms))
    if status == 403 and parsed is None:
        return Banned(now_ms + FIREWALL_PAUSE_MS, firewall=True)
    if status >= 500 or status == 408:
        return _server_error(status, text, parsed, changes_state)
    if parsed is None:
        return BadAnswer(_not_an_answer(status, text))
    if parsed.code in STATE_UNKNOWN_CODES:
        return _doubtful(f"code {parsed.code}: {parsed.msg}", changes_state)
    return Refused(parsed.code, parsed.msg, http_status=status)


def ban_end_ms(text: str, headers: Mapping[str, str], now_ms: int) -> int:
    """When a ban ends: from the text, else from Retry-After, else five minutes from now.

    A text whose time is over already while the exchange still refuses us shows a wrong clock on our side: then the
    shortest ban of the exchange counts; a time later than its longest ban says the same, and the longest one counts.
    """
    match = _BAN_PATTERN.search(text)
    if match:
        until_ms = int(match.group(1))
        return min(until_ms, now_ms + LONGEST_BAN_MS) if until_ms > now_ms else now_ms + SHORTEST_BAN_MS
    return retry_after_ms(headers, now_ms) or now_ms + FALLBACK_BAN_MS


def retry_after_ms(headers: Mapping[str, str], now_ms: int) -> int | None:
    """The moment that a Retry-After header (in seconds) names; None without a usable one."""
    value = headers.get("Retry-After", "").strip()
    if not (value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS and int(value) > 0):
        return None
    return now_ms + min(int(value) * 1000, LONGEST_BAN_MS)


def next_minute_ms(now_ms: int) -> int:
    """The first millisecond of the next minute."""
    return (now_ms // MINUTE_MS + 1) * MINUTE_MS


def _orders_go_on_ms(text: str, now_ms: int) -> int:
    """The end of the window that is full: the minute if the text says so, else ten seconds."""
    return next_minute_ms(now_ms) if "MINUTE" in text.upper() else (now_ms // 10_000 + 1) * 10_000


def bad_json(body: bytes) -> BadAnswer:
    """The error for a success status with an unusable body."""
    return BadAnswer(_not_an_answer(200, body.decode("utf-8", "replace")))


def _server_error(status: int, text: str, parsed: ErrorBody | None, changes_state: bool) -> ExchangeError:
    message = parsed.msg if parsed else text.strip()[:120]
    certainly_failed = (
        message.startswith(("Service Unavailable", "Internal error; unable to process"))
        or (parsed is not None and parsed.code == -1008)
    ) and status == 503
    if certainly_failed:
        return Unavailable(
            f"The exchange is overloaded and did not carry out the request ({message}). "
            "futtui tries again later; nothing was changed."
        )
    return _doubtful(f"HTTP {status}: {_first_words(message)}", changes_state)


def _doubtful(detail: str, changes_state: bool) -> ExchangeError:
    if changes_state:
        return TimeoutUnknown(detail)
    return Unavailable(f"The exchange could not answer a question ({detail}). futtui asks again later.")


def _parse(body: bytes) -> ErrorBody | None:
    try:
        return msgspec.json.decode(body, type=ErrorBody, strict=False)
    except msgspec.MsgspecError:
        return None


def _not_an_answer(status: int, text: str) -> str:
    what = "an empty page" if not text.strip() else f"something else than data: {_first_words(text)!r}"
    return (
        f"Instead of an answer the exchange's address returned {what} (HTTP {status}). Often a proxy, a firewall or "
        "maintenance is in the way; futtui tries again later. Check the network and the exchange's address."
    )


def _first_words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())[:80] or "no text"


def utc_text(time_ms: int) -> str:
    """The time of day of an epoch time, as in 12:34:56."""
    seconds = time_ms // 1000 % 86_400
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
