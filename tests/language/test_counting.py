"""A noun fits the number before it: in lines of the program, and in every text of every language."""

from __future__ import annotations

import re

import pytest

from futtui.language.catalogue import TABLES, Language
from futtui.language.counting import counted, filled
from futtui.language.screen.tables import screen_table

UKRAINIAN = "{n:|угода|угоди|угод}"
RUSSIAN = "{n:|сделка|сделки|сделок}"
PLACE = re.compile(r"\{(\w+):\|([^{}]*)\}")
FORMS = {Language.ENGLISH: 2, Language.UKRAINIAN: 3, Language.RUSSIAN: 3}


def texts(language: Language) -> dict[str, str]:
    return {**screen_table(language), **{f"phone: {key}": text for key, text in TABLES[language].items()}}


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 trades"), (1, "1 trade"), (2, "2 trades"), (21, "21 trades"), (1200, "1,200 trades")]
)
def test_counted_english_says_one_only_of_one(count: int, told: str) -> None:
    assert counted(count, "trade") == told
    assert filled("{n:|trade|trades}", {"n": f"{count:,}"}) == told


def test_counted_irregular_noun_has_its_own_plural() -> None:
    assert [counted(count, "loss", "losses") for count in (1, 3)] == ["1 loss", "3 losses"]


@pytest.mark.parametrize(
    ("count", "form"),
    [
        *((count, 0) for count in (1, 21, 101, 1001)),
        *((count, 1) for count in (2, 3, 4, 22, 34, 102)),
        *((count, 2) for count in (0, 5, 9, 10, 11, 12, 13, 14, 19, 20, 25, 100, 111, 112, 114)),
    ],
)
def test_filled_slavic_nouns_follow_the_last_digits(count: int, form: int) -> None:
    assert filled(UKRAINIAN, {"n": count}) == f"{count} {('угода', 'угоди', 'угод')[form]}"
    assert filled(RUSSIAN, {"n": count}) == f"{count} {('сделка', 'сделки', 'сделок')[form]}"


def test_filled_fraction_takes_the_form_of_parts() -> None:
    assert filled("{n:|день|дні|днів}", {"n": "2.5"}) == "2.5 дні"
    assert filled("{n:|day|days}", {"n": "1.0"}) == "1.0 days"


def test_filled_other_places_are_filled_as_ever() -> None:
    text = "{n:|trade|trades} on {days:|day|days}: {share:.0f} of 100, {name}"
    assert filled(text, {"n": 1, "days": 1, "share": 62.4, "name": "BTC"}) == "1 trade on 1 day: 62 of 100, BTC"


@pytest.mark.parametrize("language", list(Language), ids=lambda language: language.value)
def test_every_counted_text_has_the_forms_of_its_language(language: Language) -> None:
    wrong = {
        key: forms
        for key, text in texts(language).items()
        for _, forms in PLACE.findall(text)
        if len([form for form in forms.split("|") if form.strip()]) != FORMS[language]
    }
    assert wrong == {}


def test_every_english_count_of_the_screen_is_right_for_one() -> None:
    nouns = "trades|days|signals|candidates|symbols|positions|candles|lines|touches|reasons|messages|processes"
    bare = re.compile(rf"(?<!of )\{{(?:n|days|candles)\}} (?:\w+ )?(?:{nouns})\b")
    told = {key: text for key, text in texts(Language.ENGLISH).items() if bare.search(text)}
    assert {key for key in told if not key.startswith("said.")} == set(), "write {n:|trade|trades}"
