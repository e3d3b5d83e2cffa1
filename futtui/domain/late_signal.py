"""Signals whose words are written when somebody reads them: of levels that no price comes near, nobody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from futtui.domain.signal import RawSignal, SignalPart


class SignalWords(NamedTuple):
    """What only a reader of a signal needs: nothing that says where it enters and ends."""

    parts: tuple[SignalPart, ...]
    summary: str
    inputs_hash: str


class LateSignal(RawSignal):
    """A signal without its words. Whoever reads them, packs it or compares it finds the plain signal that it becomes.

    Made by `late_signal`.
    """

    __slots__ = ()
    # Properties in front of the slots; that of the parts holds what writes the words.
    parts = property(lambda self: written(self).parts)
    summary = property(lambda self: written(self).summary)
    inputs_hash = property(lambda self: written(self).inputs_hash)

    def __eq__(self, other: object) -> bool:
        return written(self) == other

    def __hash__(self) -> int:
        return hash(written(self))

    def __repr__(self) -> str:
        return repr(written(self))


_become: Callable[[RawSignal, type], None] = vars(object)["__class__"].__set__
_slots: list[Any] = [vars(RawSignal)[name] for name in SignalWords._fields]


def late_signal(signal: RawSignal, write: Callable[[], SignalWords]) -> RawSignal:
    """The signal, which gets its words from `write` at the first look at them; those it has are forgotten.

    `write` must give the same whenever it is called, so it knows by value what it needs.
    """
    _slots[0].__set__(signal, write)
    _become(signal, LateSignal)
    return signal


def written(signal: RawSignal) -> RawSignal:
    """The signal itself, a plain one with its words from now on."""
    if type(signal) is LateSignal:
        words = _slots[0].__get__(signal)()
        _become(signal, RawSignal)
        for slot, value in zip(_slots, words, strict=True):
            slot.__set__(signal, value)
    return signal
