"""Error answers that the wire itself gives (the core has its own refusals): HTTP status, code and text.

Source: the error-code page of the futures API and recorded bodies (reference sheet, sections 3 and 10).
"""

from __future__ import annotations

TEXTS: dict[int, tuple[int, str]] = {
    -1003: (429, "Too many requests; current limit is {limit} requests per minute."),
    -1007: (408, "Timeout waiting for response from backend server. Send status unknown; execution status unknown."),
    -1008: (
        503,
        "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again.",
    ),
    -1015: (429, "Too many new orders; current limit is {limit}."),
    -1021: (400, "Timestamp for this request is outside of the recvWindow."),
    -1022: (400, "Signature for this request is not valid."),
    -1102: (400, "Mandatory parameter '{name}' was not sent, was empty/null, or malformed."),
    -1120: (400, "Invalid interval."),
    -1121: (400, "Invalid symbol."),
    -1125: (400, "This listenKey does not exist."),
    -1130: (400, "Data sent for parameter '{name}' is not valid."),
    -2014: (401, "API-key format invalid."),
    -2015: (401, "Invalid API-key, IP, or permissions for action."),
    -4021: (400, "Not valid depth limit"),
    -5000: (404, "Path {path}, Method {method} is invalid"),
}


class WireError(Exception):
    """An answer that refuses a request: HTTP `status`, exchange `code`, `text`."""

    def __init__(self, code: int, text: str | None = None, *, status: int | None = None, **fields: object) -> None:
        known_status, known_text = TEXTS.get(code, (400, "Request rejected."))
        self.code = code
        self.status = known_status if status is None else status
        self.text = known_text.format(**fields) if text is None else text
        super().__init__(f"{self.code}: {self.text}")

    def body(self) -> dict[str, object]:
        """The JSON body of the answer."""
        return {"code": self.code, "msg": self.text}
