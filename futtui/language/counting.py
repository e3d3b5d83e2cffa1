"""Numbers with the noun that fits them: `1 trade`, `5 trades`; `1 угода`, `2 угоди`, `5 угод`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_COUNTED = re.compile(r"\{(\w+):\|([^{}]+)\}")
_MARK = ":|"


def counted(count: int, singular: str, plural: str = "") -> str:
    """A number with its English noun, as in `1 position` or `2,000 positions`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def filled(text: str, values: Mapping[str, object]) -> str:
    """`text` with its {places} filled in.

    `{n:|trade|trades}` becomes the number and the noun that fits it: two forms for English, three for Ukrainian and
    Russian (after 1, after 2, after 5). The number may be a text already, as `1,200`.
    """
    if _MARK in text:
        text = _COUNTED.sub(lambda found: _with_noun(found, values), text)
    return text.format(**values)


def _with_noun(found: re.Match[str], values: Mapping[str, object]) -> str:
    name, forms = found[1], found[2].split("|")
    return f"{{{name}}} {forms[_form(str(values[name]), len(forms))]}"


def _form(number: str, forms: int) -> int:
    """Which of the forms goes with the number."""
    digits = number.replace(",", "").replace("\u00a0", "").lstrip("+-")
    if not digits.isdecimal():
        return 1
    count = int(digits)
    if forms == 2:
        return 0 if count == 1 else 1
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else 2
