"""Pictures of the engine as bytes: the first one whole, each later one as what is new in it.

Parts that did not change are the same objects in the next picture, on both sides. So a row that stands still costs a
number and keeps what the screen has drawn of it. Everything is plain msgpack that is checked against our own types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from futtui.domain.events import Command
from futtui.domain.sent import Sent
from futtui.domain.snapshot import DeskSnapshot, EngineSnapshot

T = TypeVar("T")
SINGLE = (str, int, float, bool, type(None))
COMMANDS: dict[str, type[Any]] = {cls.__name__: cls for cls in get_args(Command)}
SENT_FIELDS = tuple(item.name for item in fields(Sent) if item.name != "command")
_encode = msgspec.msgpack.Encoder().encode


def command_bytes(command: Command) -> tuple[str, msgspec.Raw]:
    """Name and content of a command."""
    return type(command).__name__, msgspec.Raw(_encode(command))


def command_of(name: str, content: msgspec.Raw) -> Command:
    """The command again; raises msgspec.MsgspecError for what is none."""
    if name not in COMMANDS:
        raise msgspec.ValidationError("There is no such command.")
    command: Command = msgspec.msgpack.decode(content, type=COMMANDS[name])
    return command


class _SentCoder:
    """`Sent` holds one of many kinds of commands, which msgspec tells apart by name only."""

    def __init__(self) -> None:
        hints = get_type_hints(Sent)
        self._shape = msgspec.msgpack.Decoder(tuple[tuple(hints[name] for name in SENT_FIELDS)])  # type: ignore[misc]

    def encode(self, sent: Sent) -> bytes:
        rest = msgspec.Raw(_encode([getattr(sent, name) for name in SENT_FIELDS]))
        return _encode((rest, None if sent.command is None else command_bytes(sent.command)))

    def decode(self, data: msgspec.Raw) -> Sent:
        rest, told = msgspec.msgpack.decode(data, type=tuple[msgspec.Raw, tuple[str, msgspec.Raw] | None])
        values = dict(zip(SENT_FIELDS, self._shape.decode(rest), strict=True))
        return Sent(**values, command=None if told is None else command_of(*told))


class _Coder:
    """Any other type."""

    def __init__(self, kind: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind)

    def encode(self, value: Any) -> bytes:
        return _encode(value)

    def decode(self, data: msgspec.Raw) -> Any:
        return self._decoder.decode(data)


class _Whole:
    """A part that is sent again whenever it is another object."""

    def __init__(self, kind: Any) -> None:
        self._coder = _Coder(kind)

    def news(self, old: Any, new: Any) -> bytes:
        return self._coder.encode(new)

    def taken(self, old: Any, data: msgspec.Raw) -> Any:
        return self._coder.decode(data)


class _Row:
    """Many records in order: those that were there before are told by their place in the old row."""

    def __init__(self, kind: Any) -> None:
        self._coder = _SentCoder() if kind is Sent else _Coder(kind)
        self._frame = msgspec.msgpack.Decoder(list[int | tuple[msgspec.Raw]])

    def news(self, old: Sequence[Any] | None, new: Sequence[Any]) -> bytes:
        places = {id(item): place for place, item in enumerate(old or ())}
        encode = self._coder.encode
        return _encode([_place_or_content(places, item, encode) for item in new])

    def taken(self, old: Sequence[Any] | None, data: msgspec.Raw) -> tuple[Any, ...]:
        known, decode = old or (), self._coder.decode
        return tuple(known[item] if isinstance(item, int) else decode(item[0]) for item in self._frame.decode(data))


class _Table:
    """The same for records with names."""

    def __init__(self, kind: Any) -> None:
        self._coder = _Coder(kind)
        self._frame = msgspec.msgpack.Decoder(dict[str, tuple[msgspec.Raw] | None])

    def news(self, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bytes:
        before, encode = old or {}, self._coder.encode
        return _encode(
            {
                name: None if name in before and before[name] is item else (msgspec.Raw(encode(item)),)
                for name, item in new.items()
            }
        )

    def taken(self, old: Mapping[str, Any] | None, data: msgspec.Raw) -> dict[str, Any]:
        known, decode = old or {}, self._coder.decode
        return {
            name: known[name] if item is None else decode(item[0]) for name, item in self._frame.decode(data).items()
        }


def _place_or_content(places: Mapping[int, int], item: Any, encode: Any) -> int | tuple[msgspec.Raw]:
    place = places.get(id(item))
    return (msgspec.Raw(encode(item)),) if place is None else place


class _Record(Generic[T]):
    """A record whose fields are parts: only those that changed are sent."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._parts = {name: _part(hint) for name, hint in get_type_hints(kind).items()}
        self._frame = msgspec.msgpack.Decoder(dict[str, msgspec.Raw] | None)

    def news(self, old: T | None, new: T | None) -> bytes:
        if new is None:
            return _encode(None)
        return _encode(
            {
                name: msgspec.Raw(part.news(None if old is None else getattr(old, name), getattr(new, name)))
                for name, part in self._parts.items()
                if old is None or not _is_same(getattr(old, name), getattr(new, name))
            }
        )

    def taken(self, old: T | None, data: bytes | msgspec.Raw) -> T | None:
        frame = self._frame.decode(data)
        if frame is None:
            return None
        return self._kind(
            **{
                name: part.taken(None if old is None else getattr(old, name), frame[name])
                if old is None or name in frame
                else getattr(old, name)
                for name, part in self._parts.items()
            }
        )


def _part(hint: Any) -> _Whole | _Row | _Table | _Record[Any]:
    inner = get_args(hint)
    if get_origin(hint) is tuple and len(inner) == 2 and inner[1] is Ellipsis and is_dataclass(inner[0]):
        return _Row(inner[0])
    if get_origin(hint) is Mapping and inner[0] is str:
        return _Table(inner[1])
    if hint == DeskSnapshot | None:
        return _Record(DeskSnapshot)
    return _Whole(hint)


def _is_same(old: Any, new: Any) -> bool:
    return old is new or (isinstance(new, SINGLE) and type(old) is type(new) and bool(old == new))


class PictureWriter:
    """Makes the bytes of each picture for one reader; remembers what that reader has."""

    def __init__(self) -> None:
        self._record = _Record(EngineSnapshot)
        self.sent: EngineSnapshot | None = None

    def write(self, picture: EngineSnapshot) -> bytes:
        """What `picture` has that the reader does not."""
        data = self._record.news(self.sent, picture)
        self.sent = picture
        return data


class PictureReader:
    """Makes the pictures again."""

    def __init__(self) -> None:
        self._record = _Record(EngineSnapshot)
        self._last: EngineSnapshot | None = None

    def read(self, data: bytes | msgspec.Raw) -> EngineSnapshot:
        """The next picture; raises msgspec.MsgspecError, KeyError or IndexError for bytes that make none."""
        picture = self._record.taken(self._last, data)
        if picture is None:
            raise msgspec.ValidationError("There is no picture in these bytes.")
        self._last = picture
        return picture
