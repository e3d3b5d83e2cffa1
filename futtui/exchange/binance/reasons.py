"""Why a connection failed, in words for people."""

from __future__ import annotations

import os
import socket


def plain_reason(error: BaseException) -> str:
    """What went wrong on the way to the exchange, without numbers and addresses of the operating system."""
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, socket.gaierror):
        return "its name was not found"
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, OSError) and type(cause).__module__ == "builtins":
        if cause.errno is not None:
            return os.strerror(cause.errno).lower()
        if str(cause).startswith("Multiple exceptions"):
            return "none of its addresses answered"
    return str(error) or type(error).__name__
