"""The same physical key on the English, Ukrainian and Russian layouts."""

from __future__ import annotations

from collections.abc import Iterable

TWINS: dict[str, tuple[str, ...]] = {
    "q": ("й",), "w": ("ц",), "e": ("у",), "r": ("к",), "t": ("е",), "y": ("н",), "u": ("г",), "i": ("ш",),
    "o": ("щ",), "p": ("з",), "[": ("х",), "]": ("ї", "ъ"), "a": ("ф",), "s": ("і", "ы"), "d": ("в",), "f": ("а",),
    "g": ("п",), "h": ("р",), "j": ("о",), "k": ("л",), "l": ("д",), ";": ("ж",), "'": ("є", "э"), "z": ("я",),
    "x": ("ч",), "c": ("с",), "v": ("м",), "b": ("и",), "n": ("т",), "m": ("ь",), ",": ("б",), "/": (".",),
}  # fmt: skip


def twins_of(key: str) -> tuple[str, ...]:
    """The same physical key on the Ukrainian and Russian layouts; capitals and Ctrl chords included."""
    modifier, plus, letter = key.rpartition("+")
    prefix = f"{modifier}{plus}"
    if len(letter) != 1:
        return ()
    if letter.isupper():
        return tuple(prefix + twin.upper() for twin in TWINS.get(letter.lower(), ()))
    return tuple(prefix + twin for twin in TWINS.get(letter, ()))


def with_twins(keys: Iterable[str]) -> tuple[str, ...]:
    """The keys, each followed by its twins."""
    result: list[str] = []
    for key in keys:
        result += [key, *twins_of(key)]
    return tuple(dict.fromkeys(result))


def latin_text(text: str) -> str:
    """Text typed on a Cyrillic layout as the Latin letters of the same keys: `иес` becomes `btc`."""
    back = {twin: latin for latin, twins in TWINS.items() for twin in twins if latin.isalpha()}
    return "".join(back.get(letter.lower(), letter) for letter in text)


def cyrillic_texts(text: str) -> tuple[str, ...]:
    """Text typed on a Latin layout as the letters of the same keys: `hbyjr` is `ринок`, in Russian `hsyjr` `рынок`."""
    return tuple("".join(TWINS.get(letter.lower(), (letter,))[at] for letter in text) for at in (0, -1))
