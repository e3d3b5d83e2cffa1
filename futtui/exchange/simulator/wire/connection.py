"""One client connection to the streams: what it asked for, and the control messages it may send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from futtui.exchange.simulator.wire.frames import encode, text_frame
from futtui.exchange.simulator.wire.streams import StreamAddress

if TYPE_CHECKING:
    from futtui.exchange.simulator.wire.hub import Hub

MAX_STREAMS = 1024
MAX_MESSAGES_PER_SECOND = 10
MAX_UNSENT_BYTES = 32 * 1024 * 1024
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class ControlError(Exception):
    """A control message that is answered with an error; `code` 0 unknown property ... 3 invalid JSON."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(text)


class StreamConnection:
    """A WebSocket client. Frames are collected by `put` and leave together with `flush`, in order."""

    def __init__(self, number: int, address: StreamAddress, transport: asyncio.Transport, hub: Hub) -> None:
        self.number = number
        self.route = address.route
        self.combined = address.combined
        self.events = address.events
        self.names: dict[str, None] = {}
        self.swapped: bytes | None = None
        self.opened_real_s = 0.0
        self.opened_ms = 0
        self._transport = transport
        self._hub = hub
        self._unsent: list[bytes] = []
        self._second = -1
        self._messages = 0

    @property
    def is_open(self) -> bool:
        """Whether frames can still be written."""
        return not self._transport.is_closing()

    def put(self, frame: bytes) -> None:
        """Queue a frame; one that waits to be overtaken follows it."""
        self._unsent.append(frame)
        if self.swapped is not None:
            self._unsent.append(self.swapped)
            self.swapped = None

    def put_mark(self, frame: bytes) -> None:
        """Queue a frame that is no message: one that waits to be overtaken waits on."""
        self._unsent.append(frame)

    def flush(self) -> None:
        """Write all queued frames in one go; a client that does not read is cut off."""
        if not self._unsent:
            return
        data, self._unsent = b"".join(self._unsent), []
        if self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.abort()

    def abort(self) -> None:
        """Cut the connection without a close frame."""
        self._transport.abort()

    def is_too_fast(self, real_s: float) -> bool:
        """Count a client message; True beyond 10 in one second."""
        second = int(real_s)
        if second != self._second:
            self._second, self._messages = second, 0
        self._messages += 1
        return self._messages > MAX_MESSAGES_PER_SECOND

    def handle_control(self, text: str | bytes) -> None:
        """Carry out a control message and answer it."""
        identity: Any = None
        try:
            message = _parsed(text)
            identity = message["id"]
            answer = {"result": self._carry_out(message), "id": identity}
        except ControlError as error:
            answer = {"code": error.code, "msg": error.text}
            if identity is not None:
                answer = {"error": answer, "id": identity}
        self.put_mark(text_frame(encode(answer)))
        self.flush()

    def subscribe(self, names: list[str]) -> None:
        """Add streams; unknown names and names of another route stay silent."""
        if len(self.names) + len(names) > MAX_STREAMS:
            raise ControlError(2, f"Invalid request: too many parameters, at most {MAX_STREAMS} streams")
        for name in names:
            if name not in self.names:
                self.names[name] = None
                self._hub.add(self, name)

    def _carry_out(self, message: dict[str, Any]) -> Any:
        method, parameters = message["method"], message.get("params", [])
        if method == "LIST_SUBSCRIPTIONS":
            return list(self.names)
        if not isinstance(parameters, list):
            raise ControlError(2, "Invalid request: invalid type for params, expected a sequence")
        if method == "SET_PROPERTY":
            return self._set_property(parameters)
        if method == "GET_PROPERTY":
            if parameters[:1] != ["combined"]:
                raise ControlError(0, "Unknown property")
            return self.combined
        if not parameters or not all(isinstance(name, str) for name in parameters):
            raise ControlError(2, "Invalid request: missing field params")
        if method == "SUBSCRIBE":
            self.subscribe(parameters)
        else:
            for name in parameters:
                if name in self.names:
                    del self.names[name]
                    self._hub.remove(self, name)
        return None

    def _set_property(self, parameters: list[Any]) -> None:
        if parameters[:1] != ["combined"]:
            raise ControlError(0, "Unknown property")
        if len(parameters) < 2 or not isinstance(parameters[1], bool):
            raise ControlError(1, "Invalid value type: expected Boolean")
        self.combined = parameters[1]


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        message = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ControlError(3, f"Invalid JSON: {error}") from None
    if not isinstance(message, dict):
        raise ControlError(2, "Invalid request: expected an object")
    if message.get("method") not in _METHODS:
        raise ControlError(2, f"Invalid request: unknown variant, expected one of {', '.join(_METHODS)}")
    identity = message.get("id")
    if isinstance(identity, bool) or not isinstance(identity, int | str):
        raise ControlError(2, "Invalid request: request ID must be an unsigned integer or a text")
    return message
