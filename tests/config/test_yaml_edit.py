"""Changing single values in a YAML text: everything else stays, letter by letter."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from futtui.config.yaml_edit import changed_text, yaml_text
from futtui.domain.errors import ConfigurationError

FILE = """\
# my settings
time_zone: Europe/Kyiv      # where I live

market:
  # only what I know
  symbols:
    - BTCUSDT      # the big one
    # the fast one
    - SOLUSDT
    - ETHUSDT
  top_count: 50  # plenty
screen: {theme: night, bell: true}   # flow style
logs:
telegram:
  # nothing here yet
"""


def test_a_value_changes_and_its_comment_stays() -> None:
    new = changed_text(FILE, {"market.top_count": 7, "time_zone": "Asia/Tokyo"})
    assert new == FILE.replace("top_count: 50", "top_count: 7").replace("Europe/Kyiv", "Asia/Tokyo")


def test_a_new_key_of_a_section_stands_behind_its_last_one() -> None:
    new = changed_text(FILE, {"market.max_spread_pct": 0.1})
    assert new == FILE.replace("top_count: 50  # plenty\n", "top_count: 50  # plenty\n  max_spread_pct: 0.1\n")


def test_new_sections_come_at_the_end_with_all_their_levels() -> None:
    new = changed_text(FILE.rstrip("\n"), {"desk.risk.caps.positions": 4})
    assert new.endswith("# nothing here yet\ndesk:\n  risk:\n    caps:\n      positions: 4\n")


def test_flow_sections_stay_in_their_line() -> None:
    new = changed_text(FILE, {"screen.theme": "light", "screen.pulse_hz": 4.0})
    assert "screen: {theme: light, bell: true, pulse_hz: 4.0}   # flow style\n" in new


def test_an_empty_section_gets_its_first_key() -> None:
    new = changed_text(FILE, {"logs.level": "DEBUG"})
    assert "logs:\n  level: DEBUG\ntelegram:\n" in new
    assert changed_text("logs: null  # none\n", {"logs.level": "DEBUG"}) == "logs: {level: DEBUG}  # none\n"


def test_an_empty_file_and_one_of_comments_only() -> None:
    assert changed_text("", {"screen.theme": "light"}) == "screen:\n  theme: light\n"
    assert changed_text("# nothing yet", {"time_zone": "UTC"}) == "# nothing yet\ntime_zone: UTC\n"


def test_items_that_stay_keep_their_lines_and_comments() -> None:
    new = changed_text(FILE, {"market.symbols": ["BTCUSDT", "SOLUSDT", "XRPUSDT"]})
    assert "    - BTCUSDT      # the big one\n    # the fast one\n    - SOLUSDT\n    - XRPUSDT\n  top_count" in new
    assert "symbols: []\n  top_count: 50  # plenty" in changed_text(FILE, {"market.symbols": []})


def test_windows_line_ends_stay() -> None:
    text = FILE.replace("\n", "\r\n")
    new = changed_text(text, {"market.top_count": 7, "market.max_spread_pct": 0.1, "desk.risk.x": 1})
    assert "\n" not in new.replace("\r\n", "")
    assert new.startswith(text[:40])


def test_a_key_without_value_gets_one() -> None:
    assert changed_text("a:\nb: 1\n", {"a": "x"}) == "a: x\nb: 1\n"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: &shared {b: 1}\nc: *shared\n", "c.b"),
        ("a: &shared 1\nc: *shared\n", "c"),
        ("a: 5\n", "a.b"),
    ],
)
def test_what_cannot_be_changed_safely_is_refused(text: str, path: str) -> None:
    with pytest.raises(ConfigurationError, match="by hand"):
        changed_text(text, {path: 2})


PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.sampled_from("aя#:{}[]'\"\\ -|>&*!%@`0tn~,?=.\n"), max_size=6),
    st.lists(st.sampled_from(["BTCUSDT", "true", "1", "a: b", "#x", "-"]), unique=True, max_size=4),
)
PATHS = st.sampled_from(
    ["time_zone", "market.symbols", "market.top_count", "screen.theme", "logs.level", "telegram.a.b", "x.y"]
)


@given(st.dictionaries(PATHS, PLAIN, max_size=4))
def test_any_change_reads_back_and_every_comment_stays(changes: dict[str, Any]) -> None:
    new = changed_text(FILE, changes)
    read = yaml.safe_load(new)
    for path, value in changes.items():
        found = read
        for key in path.split("."):
            found = found[key]
        assert found == value
    kept = ("# my settings", "# where I live", "# only what I know", "# plenty", "# flow style", "# nothing here yet")
    assert all(comment in new for comment in kept)


@pytest.mark.parametrize("value", [1e-05, -1e-05, 1e16, -3e22, 1.5e-7, 0.0])
def test_very_small_and_large_numbers_stay_numbers(value: float) -> None:
    assert yaml.safe_load(changed_text(FILE, {"market.max_spread_pct": value}))["market"]["max_spread_pct"] == value


@pytest.mark.parametrize("text", ["2024-02-31", "0x_", "0b_"])
def test_texts_that_look_like_impossible_dates_and_numbers_stay_texts(text: str) -> None:
    new = changed_text(FILE, {"screen.theme": text})
    assert yaml.safe_load(new)["screen"]["theme"] == text
    with pytest.raises(ConfigurationError, match="by hand"):
        changed_text(f"a: {text}\nb: 1\n", {"b": 2})


@given(PLAIN)
def test_a_value_in_one_line_reads_back(value: Any) -> None:
    text = yaml_text(value)
    assert "\n" not in text
    assert yaml.safe_load(text) == value
