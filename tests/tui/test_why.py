"""Why no signals: gates in words, sentences for every state, and the keys of the screen."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from futtui.domain.silence import ENTRY_ORDER, WhyNoSignals
from futtui.domain.timeframe import DAY_MS
from futtui.tui.paint import why
from futtui.tui.paint.text import Line, line_text, line_width
from futtui.tui.paint.view import View
from futtui.tui.paint.why import WhyLook
from futtui.tui.screens.chart import ChartScreen
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.why import WhyScreen
from futtui.tui.words import has_word
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine, snapshot, why_no_signals
from tests.tui.golden import check_golden
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of

DESK = Path(__file__).resolve().parents[2] / "futtui" / "desk"


def told(lines: list[Line]) -> str:
    return " ".join(" ".join(line_text(line).split()) for line in lines)


def every_gate() -> set[str]:
    """Names of gates as the desk writes them: those that it yields, and the kinds of the last one."""
    named: set[str] = set()
    for path in DESK.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'yield\s*\(?\s*"([^"]+)",', text)) | set(
            re.findall(r'return "([^"]+)", None if', text)
        )
        named |= {f"price, size and limits at the entry ({kind})" for kind in re.findall(r'Refusal\("([^"]+)"', text)}
    return named - {f"price, size and limits at the entry ({kind})" for kind in ELSEWHERE}


ELSEWHERE = ("not ready", "conflict", "place", "hours", "front run", "duplicate")
"""Kinds whose gate always comes before the entry, so that they have that gate's name, or none."""


def test_every_gate_of_the_desk_has_a_name_and_says_what_would_have_to_change() -> None:
    gates = every_gate() | {ENTRY_ORDER}
    assert len(gates) > 35
    for gate in gates:
        assert why.gate_name(gate) != gate, gate
        assert why.gate_change(gate), gate
    assert why.gate_name("a gate of a later program") == "a gate of a later program"
    assert why.gate_change("a gate of a later program") == ""


@pytest.mark.parametrize("width", [46, 58, 96])
def test_boxes_of_a_busy_day_match_the_golden_text(width: int) -> None:
    look = WhyLook("", 1, why_no_signals())
    view = view_of(snapshot())
    lines: list[Line] = []
    for painter in (why.short_lines, why.nearly_lines, why.refusal_lines, why.silence_lines):
        lines += [*painter(look, view, width), ()]
    assert max(line_width(line) for line in lines) <= width
    check_golden(f"why_{width}", lines)


def stopped(**changes: object) -> View:
    desk = replace(snapshot().desk, **changes)  # type: ignore[type-var]
    return view_of(replace(snapshot(), desk=desk))


def test_short_says_first_what_stops_every_signal() -> None:
    look = WhyLook("TIAUSDT", 1, WhyNoSignals("TIAUSDT", 0))
    text = told(why.short_lines(look, stopped(paused=True, pause_reason="paused by you", kill_level=2), 70))
    assert text.index("kill switch is on (level 2)") < text.index("New trades are paused (paused by you)")
    assert "TIAUSDT is blocked until 15:00" in text
    assert "Nothing was looked at in this time" in text
    calm = told(why.short_lines(WhyLook("BTCUSDT", 1, why_no_signals()), view_of(snapshot()), 70))
    assert calm.startswith("Nothing stops new trades as such.")
    every = told(why.short_lines(WhyLook("", 1, why_no_signals()), view_of(snapshot()), 70))
    assert every.startswith("Nothing stops new trades as such.")  # one blocked symbol does not stop the others
    assert "Blocked symbols: 1." in every


def test_short_counts_levels_that_wait_and_names_the_nearest_of_the_symbol_or_of_all() -> None:
    every = told(why.short_lines(WhyLook("", 1, why_no_signals()), view_of(snapshot()), 90))
    assert "Levels that wait in the market for price: 1. The nearest: SOL" in every
    assert "0.3% away" in every
    other = told(why.short_lines(WhyLook("BTCUSDT", 1, why_no_signals()), view_of(snapshot()), 90))
    assert "Levels that wait" not in other
    assert "Levels that wait" not in told(
        why.short_lines(WhyLook("", 1, None), view_of(replace(snapshot(), desk=None)), 90)
    )


def test_every_box_has_a_sentence_while_loading_in_trouble_and_when_there_is_nothing() -> None:
    view = view_of(snapshot())
    nothing = WhyNoSignals("", 0, looks=3)
    for painter in (why.short_lines, why.nearly_lines, why.refusal_lines, why.silence_lines):
        assert "Reading what was refused." in told(painter(WhyLook("", 1, None), view, 60))
        assert "The engine has stopped." in told(painter(WhyLook("", 1, None, "The engine has stopped."), view, 60))
        assert told(painter(WhyLook("", 1, nothing), view, 60))


@pytest.mark.parametrize("key", ["W", "Ц"])
async def test_key_opens_all_symbols_and_keys_choose_symbol_and_period(
    make_app: AppMaker, engine: FakeEngine, key: str
) -> None:
    app = make_app()
    today_ms = NOW_MS // DAY_MS * DAY_MS
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, WhyScreen)
        assert engine.questions[-1] == ("why", "", today_ms)
        assert "Dashboard › Why no signals › all symbols › today (UTC)" in screen_text(app)
        await pilot.press("a", "[", "]", "]")
        assert engine.questions[-1] == ("why", "LINKUSDT", today_ms - 6 * DAY_MS)
        await pilot.press("n")
        assert engine.questions[-1] == ("why", "TIAUSDT", today_ms - 6 * DAY_MS)
        await pilot.press("c")
        assert isinstance(app.screen, ChartScreen)
        assert app.screen.subject.symbol == "TIAUSDT"
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, WhyScreen)  # the one below the chart comes back
        assert "TIAUSDT › 7 days" in screen_text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, DashboardScreen)


async def test_refused_question_shows_the_reason(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.refuse_candles = "The engine is still starting. Try again in a moment."
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("W")
        await pilot.pause()
        assert "The engine is still starting. Try again in a moment." in screen_text(app)


def test_words_for_help_exist() -> None:
    for term in ("candidate", "gate", "refused", "expired", "silence", "nearly"):
        assert has_word(f"term.{term}.means")
