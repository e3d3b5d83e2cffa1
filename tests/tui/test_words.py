"""The text audit: every text comes from words.py, only allowed signs, no unused text, columns wide enough."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from futtui.domain.position import ExitReason, PositionStatus, TradeClass, TradingMode
from futtui.domain.regime import Bias, Regime
from futtui.domain.signal import SignalStatus, System
from futtui.language.catalogue import Language
from futtui.language.screen.tables import AREAS, screen_table
from futtui.tui import keys
from futtui.tui.glyphs import ALLOWED, plain_text
from futtui.tui.paint import market, performance, positions, signals, zone_browser, zones
from futtui.tui.words import has_word, speak, word

SOURCE = Path(__file__).resolve().parents[2] / "futtui" / "tui"
FILES = sorted(SOURCE.rglob("*.py"))
WORDS = screen_table(Language.ENGLISH)


def literals(path: Path) -> list[str]:
    """String constants of a file without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_literal_uses_allowed_signs_only(path: Path) -> None:
    strange = {
        sign for text in literals(path) for sign in text if sign not in ALLOWED and sign >= " " and sign != "\x7f"
    }
    assert strange == set()


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.name not in ("words.py", "futtui.tcss")],
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_no_sentence_is_written_outside_the_table_of_words(path: Path) -> None:
    sentences = [text for text in literals(path) if re.search(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", text)]
    assert sentences == []


def test_no_text_has_two_places() -> None:
    assert sum(len(area.ENGLISH) for area in AREAS) == len(WORDS)


def test_every_text_uses_allowed_signs_only() -> None:
    strange = {sign for text in WORDS.values() for sign in text if sign not in ALLOWED and sign >= " "}
    assert strange == set()


def test_plain_signs_are_ascii() -> None:
    for text in WORDS.values():
        assert plain_text(text).isascii()


def test_every_word_is_used() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in FILES if path.name != "words.py")
    prefixes = set(re.findall(r"""f["']([a-z_0-9.]+\.)\{""", source))
    prefixes.add("said.")  # found by their English text; test_languages looks whether the engine says them
    named = set(re.findall(r"""["']([a-z][\w.-]+)["']""", source))
    unused = [
        identity
        for identity in WORDS
        if identity not in named and not any(identity.startswith(prefix) for prefix in prefixes)
    ]
    assert unused == []


def test_every_named_word_exists() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    for identity in re.findall(r"""word\(\s*["']([a-z][\w.]+)["']""", source):
        assert has_word(identity), identity


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("regime", Regime),
        ("bias", Bias),
        ("mode", TradingMode),
        ("signal.status", SignalStatus),
        ("position.status", PositionStatus),
        ("exit", ExitReason),
        ("trade.class", TradeClass),
        ("system", System),
    ],
)
def test_every_member_of_the_domain_has_a_word(prefix: str, members: type) -> None:
    for member in members:  # type: ignore[attr-defined]
        assert has_word(f"{prefix}.{member.value}")


@pytest.mark.parametrize(
    ("place", "columns"),
    [
        ("market", market.COLUMNS),
        ("signals", signals.COLUMNS),
        ("positions", positions.COLUMNS),
        ("zones", zones.COLUMNS),
        ("performance", performance.COLUMNS),
        ("zone_browser", zone_browser.COLUMNS),
    ],
)
def test_every_heading_fits_its_column_and_is_explained(place: str, columns: tuple[object, ...]) -> None:
    for language in Language:
        speak(language)
        for column in columns:
            assert len(column.head) <= column.width, (language, column.id)  # type: ignore[attr-defined]
            assert has_word(f"explain.{place}.{column.id}")  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", Language)
def test_regime_words_fit_the_market_columns(language: Language) -> None:
    speak(language)
    assert all(len(word(f"regime.{member.value}")) <= 6 for member in Regime)


@pytest.mark.parametrize("language", Language)
def test_dialog_choices_fit_the_box(language: Language) -> None:
    speak(language)
    for level in (1, 2, 3, 4):
        widest = max(len(word(f"kill.{each}")) for each in (1, 2, 3, 4))
        assert 6 + widest + 2 + len(word(f"kill.note.{level}")) <= 62
    for text in (
        "mode.note.SIGNALS",
        "mode.note.PAPER",
        "mode.note.LIVE",
        "mode.note.live_embedded",
        "mode.note.pause",
    ):
        assert 6 + len(word("mode.resume")) + 2 + len(word(text)) <= 62


def test_no_exclamation_marks_but_the_sign() -> None:
    for identity, text in WORDS.items():
        for match in re.finditer("!", text):
            at = match.start()
            alone = (at == 0 or text[at - 1] == " ") and (at + 1 == len(text) or text[at + 1] in " :")
            assert alone, identity


def test_short_footer_words_exist() -> None:
    for names in keys.FOOTERS.values():
        for name in names:
            assert name in ("panels", "scroll", "pan") or has_word(f"action.{name}.short")
