"""Every text of the screen by id, in the language that was chosen at start.

Texts say what happened and what futtui does next, in everyday words. The word "live" is kept for the trading mode.
The tables lie in `futtui/language/screen`.
"""

from __future__ import annotations

from collections.abc import Mapping

from futtui.language.catalogue import Language
from futtui.language.counting import filled
from futtui.language.screen.tables import screen_table

_tables: dict[Language, Mapping[str, str]] = {Language.ENGLISH: screen_table(Language.ENGLISH)}
_spoken: Mapping[str, str] = _tables[Language.ENGLISH]
_language = Language.ENGLISH


def speak(language: Language) -> None:
    """From now on `word` answers in `language`."""
    global _spoken, _language
    if language not in _tables:
        _tables[language] = screen_table(language)
    _spoken, _language = _tables[language], language


def spoken_language() -> Language:
    """The language in which `word` answers now."""
    return _language


def word(identity: str, **values: object) -> str:
    """The text with this id, its `{places}` filled; KeyError for an id that does not exist."""
    text = _spoken[identity]
    return filled(text, values) if values else text


def has_word(identity: str) -> bool:
    """Whether there is a text with this id."""
    return identity in _spoken
