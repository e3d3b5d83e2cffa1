"""WebSocket text frames and JSON bytes, made once and shared by every connection that gets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode
"""JSON bytes of a plain value."""


def text_frame(payload: bytes) -> bytes:
    """One unmasked, final text frame (RFC 6455, section 5.2): what a server sends."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def enveloped(stream: str, payload: bytes) -> bytes:
    """The event in the combined form: {"stream": name, "data": event}."""
    return b'{"stream":' + encode(stream) + b',"data":' + payload + b"}"
