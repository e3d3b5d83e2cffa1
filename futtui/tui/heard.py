"""Short sentences of the engine in the language of the screen."""

from __future__ import annotations

import re
from functools import lru_cache

from futtui.language.catalogue import Language
from futtui.language.screen import choices, preflight, said
from futtui.tui.words import spoken_language, word

_JOINED = "; "
_SHAPES = {"frame": r"\S+", "n": r"[\d.,]+", "r": r"[+-]?[\d.,]+", "level": r"\d", "done": r"\d+", "total": r"\d+"}
"""What may stand in a place; other places take anything."""
MOST_KEPT = 512


def heard(text: str) -> str:
    """What the engine said, in the language that was chosen where the sentence is known; else as it came."""
    language = spoken_language()
    return text if language is Language.ENGLISH or not text else _heard(text, language)


@lru_cache(maxsize=MOST_KEPT)
def _heard(text: str, language: Language) -> str:
    for name, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return word(f"said.{name}", **{place: heard(part) for place, part in found.groupdict().items()})
    if _JOINED in text:
        return _JOINED.join(heard(part) for part in text.split(_JOINED))
    return text


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(name, pattern) of every sentence, those without places first: a place would swallow them."""
    chosen = {name: text for name, text in choices.ENGLISH.items() if name.startswith("said.")}
    known = said.ENGLISH | preflight.ENGLISH | chosen
    sentences = sorted(known.items(), key=lambda item: item[1].count("{"))
    return tuple((identity.partition(".")[2], _pattern(text)) for identity, text in sentences)


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", text)
    return re.compile(
        "".join(
            f"(?P<{part}>{_SHAPES.get(part, '.+?')})" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
    )
