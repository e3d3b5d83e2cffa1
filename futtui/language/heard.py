"""Short sentences of the engine in another language: found by their English text, told by the words of the screen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from futtui.language.catalogue import Language
from futtui.language.counting import filled
from futtui.language.screen import choices, preflight, said

_JOINED = "; "
_SHAPES = {"frame": r"\S+", "n": r"[\d.,]+", "r": r"[+-]?[\d.,]+", "level": r"\d", "done": r"\d+", "total": r"\d+"}
"""What may stand in a place; other places take anything."""
_TABLES: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: said.ENGLISH | preflight.ENGLISH | choices.ENGLISH,
    Language.UKRAINIAN: said.UKRAINIAN | preflight.UKRAINIAN | choices.UKRAINIAN,
    Language.RUSSIAN: said.RUSSIAN | preflight.RUSSIAN | choices.RUSSIAN,
}
MOST_KEPT = 512


def heard_in(text: str, language: Language) -> str:
    """What the engine said, in this language where the sentence is known; else as it came."""
    return text if language is Language.ENGLISH or not text else _heard(text, language)


@lru_cache(maxsize=MOST_KEPT)
def _heard(text: str, language: Language) -> str:
    for identity, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            places = {place: heard_in(part, language) for place, part in found.groupdict().items()}
            sentence = _TABLES[language][identity]
            return filled(sentence, places) if places else sentence
    if _JOINED in text:
        return _JOINED.join(heard_in(part, language) for part in text.split(_JOINED))
    return text


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(id, pattern) of every sentence, those without places first: a place would swallow them."""
    known = {identity: text for identity, text in _TABLES[Language.ENGLISH].items() if identity.startswith("said.")}
    sentences = sorted(known.items(), key=lambda item: item[1].count("{"))
    return tuple((identity, _pattern(text)) for identity, text in sentences)


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", text)
    return re.compile(
        "".join(
            f"(?P<{part}>{_SHAPES.get(part, '.+?')})" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
    )
