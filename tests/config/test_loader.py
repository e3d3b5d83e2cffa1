"""Configuration: what is not understood is refused with line, reason and suggestion; nothing is half loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated

import pytest
from annotated_types import Ge, Gt, Le

from futtui.config.loaded import Loaded
from futtui.config.loader import load_settings
from futtui.config.report import effective_lines, reference_text
from futtui.domain.errors import ConfigurationError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    enabled: bool = True
    """Whether it runs."""
    risk_pct: Annotated[float, Gt(0), Le(5)] = 1.0
    """Risk of one trade
    in percent."""


@dataclass(frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    """A section."""
    symbols: tuple[str, ...] = ()
    """Names."""
    count: Annotated[int, Ge(1)] = 3
    """How many."""
    colour: Colour = Colour.RED
    """Which."""


def load(tmp_path: Path, text: str, **overrides: tuple[object, str]) -> Loaded:
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return load_settings(Outer, file, overrides)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    return str(caught.value)


def test_load_settings_values_arrive_with_their_origin(tmp_path: Path) -> None:
    loaded = load(tmp_path, "inner:\n  risk_pct: 0.5\nsymbols: [BTCUSDT, ETHUSDT]\ncolour: blue\n")
    assert loaded.settings == Outer(Inner(risk_pct=0.5), ("BTCUSDT", "ETHUSDT"), 3, Colour.BLUE)
    assert loaded.origins["inner.risk_pct"].endswith("config.yaml, line 2")
    assert "count" not in loaded.origins


def test_load_settings_unknown_key_names_line_and_nearest_key(tmp_path: Path) -> None:
    text = refusal(tmp_path, "inner:\n  enabled: true\n  risk_pc: 1\n")
    assert "line 3" in text
    assert "`inner.risk_pc` is not a known setting" in text
    assert "Did you mean `risk_pct`?" in text


def test_load_settings_duplicate_key_names_both_lines(tmp_path: Path) -> None:
    text = refusal(tmp_path, "count: 2\ncolour: red\ncount: 4\n")
    assert "line 3" in text
    assert "first in line 1" in text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("inner: {risk_pct: 9}", ["`inner.risk_pct` is 9", "less than or equal to 5", "The default is 1.0"]),
        ("inner: {risk_pct: 0}", ["greater than 0"]),
        ("inner: {risk_pct: '0,5'}", ["is '0,5', which is not a number", "Write 0.5 with a point"]),
        ("inner: {risk_pct: 0,5}", ["line 1"]),
        ("count: many", ["`count` is 'many': write a whole number"]),
        ("count: yes", ["`count` is true: write a whole number"]),
        ("inner: {risk_pct: no}", ["`inner.risk_pct` is false: write a number"]),
        ("count:", ["`count` is empty: write a whole number"]),
        ("colour: green", ["Use one of: red, blue"]),
        ("inner: 5", ["`inner` is a section", "enabled, risk_pct"]),
        ("count: [1", ["line 2"]),
        ("\tcount: 1", ["line 1", "Indent with spaces"]),
        ("api_key: abc", ["Secrets are never read from YAML", ".env"]),
    ],
)
def test_load_settings_bad_value_is_refused_in_plain_words(tmp_path: Path, line: str, words: list[str]) -> None:
    text = refusal(tmp_path, line + "\n")
    for word in words:
        assert word in text, text


def test_load_settings_lists_every_problem_at_once(tmp_path: Path) -> None:
    text = refusal(tmp_path, "count: 0\ncolour: green\nnothing: 1\n")
    assert [f"line {number}" in text for number in (1, 2, 3)] == [True, True, True]


def test_load_settings_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_settings(Outer, tmp_path / "absent.yaml", {})


def test_load_settings_override_beats_the_file(tmp_path: Path) -> None:
    loaded = load(tmp_path, "count: 2\n", **{"count": (7, "command line"), "inner.enabled": ("false", "environment")})
    assert loaded.settings.count == 7
    assert loaded.settings.inner.enabled is False
    lines = list(effective_lines(loaded))
    assert any(line.startswith("count = 7") and line.endswith("(command line)") for line in lines)
    assert any(line.startswith("symbols = []") and line.endswith("(default)") for line in lines)


def test_load_settings_windows_line_ends_and_byte_order_mark_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xef\xbb\xbfcount: 5\r\ncolour: blue\r\n")
    assert load_settings(Outer, file, {}).settings.count == 5


def test_reference_text_loads_back_to_the_defaults(tmp_path: Path) -> None:
    text = reference_text(Outer, "All settings.")
    assert "# Risk of one trade in percent." in text
    assert load(tmp_path, text).settings == Outer()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("count: 2024-02-31\n", "line 1: `count` cannot be read"),
        ("symbols: [ok]\ncount: 0x_\n", "line 2: `count` cannot be read"),
        ("count: 3\x08\n", "signs that no text has"),
    ],
)
def test_load_settings_impossible_dates_numbers_and_signs_are_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)
