"""Looks up a text by its id in the chosen language."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from futtui.language.counting import filled
from futtui.language.english import ENGLISH
from futtui.language.russian import RUSSIAN
from futtui.language.ukrainian import UKRAINIAN


class Language(Enum):
    """Languages that futtui speaks."""

    ENGLISH = "en"
    UKRAINIAN = "uk"
    RUSSIAN = "ru"

    @property
    def own_name(self) -> str:
        """What its speakers call it."""
        return _OWN_NAMES[self]


_OWN_NAMES = {Language.ENGLISH: "English", Language.UKRAINIAN: "Українська", Language.RUSSIAN: "Русский"}
TABLES: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: ENGLISH,
    Language.UKRAINIAN: UKRAINIAN,
    Language.RUSSIAN: RUSSIAN,
}


class Texts:
    """All texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._table = TABLES[language]

    def __call__(self, key: str, **values: object) -> str:
        """The text `key` with its {places} filled in. Raises KeyError for an id that no table has."""
        return filled(self._table[key], values) if values else self._table[key]

    def known(self, key: str, otherwise: str) -> str:
        """The text `key`, or `otherwise` where there is none, as for the name of a strategy from a plug-in."""
        return self._table.get(key, otherwise)
