"""Messages of this room that stay inside it: book differences, control answers, the end of a listen key."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from futtui.exchange.ports import StreamMessage


class DepthMessage(msgspec.Struct, frozen=True, gc=False):
    """A book difference: levels are (price, absolute quantity), 0 removes the level.

    `first_update_id` U, `final_update_id` u, `previous_final_update_id` pu of the wire. A struct, because it is made
    in a fifth of the time of a frozen dataclass and there is one for each change of a book.
    """

    symbol: str
    event_time_ms: int
    first_update_id: int
    final_update_id: int
    previous_final_update_id: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """Answer to SUBSCRIBE and the like; `error` empty = accepted."""

    request_id: int | str | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ListenKeyExpiredMessage:
    """The account stream is dead although its connection stays open."""

    event_time_ms: int


WireMessage = StreamMessage | DepthMessage | ControlAnswer | ListenKeyExpiredMessage
