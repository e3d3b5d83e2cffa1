"""Zones browser: every timeframe in one table, parts of a score, touches with outcomes, Enter to the chart."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEventKind, ZoneKind, ZoneParts, ZoneState
from futtui.domain.zone_words import zone_reasons
from futtui.language.catalogue import Language
from futtui.tui.paint import zone_browser as paint
from futtui.tui.paint.names import zone_letter, zone_mark
from futtui.tui.paint.table import head_line
from futtui.tui.paint.text import Line, line_text, line_width
from futtui.tui.paint.view import View
from futtui.tui.paint.zone_browser import SORTS, ZoneLook
from futtui.tui.screens.chart import ChartScreen
from futtui.tui.screens.zone_browser import ZoneBrowserScreen
from futtui.tui.words import has_word, speak
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import FakeEngine, zone_events
from tests.tui.golden import check_golden
from tests.tui.made_zones import show_zones, zones
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of

LOOK = ZoneLook("BTCUSDT")


def made_view(**changes: object) -> View:
    return view_of(show_zones(FakeEngine()), **changes)  # type: ignore[arg-type]


def table(view: View, look: ZoneLook, width: int) -> list[Line]:
    columns = paint.columns_for(width)
    found = paint.zones_of(look, view)
    return [head_line(columns), *(paint.zone_line(zone, look, view, columns, False) for zone in found)]


@pytest.mark.parametrize("width", [58, 73, 118])
def test_table_why_and_story_match_the_golden_text(width: int) -> None:
    view = made_view()
    first = paint.zones_of(ZoneLook("BTCUSDT", sort="score"), view)[0]
    lines = [
        *table(view, LOOK, width),
        (),
        *paint.why_lines(first, view, width),
        (),
        *paint.story_lines(zone_events(), "", view, width),
    ]
    assert max(line_width(line) for line in lines) <= width
    check_golden(f"zone-browser-{width}", lines)


def test_orders_do_what_they_say() -> None:
    view = made_view()
    found = {sort: paint.zones_of(ZoneLook("BTCUSDT", sort=sort), view) for sort in SORTS}
    price = view.by_symbol["BTCUSDT"].price
    gaps = [zone.gap_pct(price) for zone in found["away"]]
    assert gaps == sorted(gaps)
    scores = [zone.score for zone in found["score"]]
    assert scores == sorted(scores, reverse=True)
    middles = [zone.middle for zone in found["price"]]
    assert middles == sorted(middles, reverse=True)
    frames = [zone.timeframe.ms for zone in found["frame"]]
    assert frames == sorted(frames, reverse=True)
    assert all(set(each) == set(zones()) for each in found.values())


def test_timeframe_choice_leaves_the_others_out_and_says_when_it_has_none() -> None:
    view = made_view()
    assert {zone.timeframe for zone in paint.zones_of(replace(LOOK, frame=Timeframe.M15), view)} == {Timeframe.M15}
    assert paint.frames_of(LOOK, view) == [Timeframe.H4, Timeframe.H1, Timeframe.M15]
    none = replace(LOOK, frame=Timeframe.D1)
    assert "has no zones on D1 now" in line_text(paint.empty_lines(none, view, 70)[1])


def test_empty_states_say_what_is_missing() -> None:
    view = made_view()
    assert "Mark a symbol in Market first" in line_text(paint.empty_lines(ZoneLook(""), view, 90)[1])
    rows = tuple(replace(row, ready=False, state_text="loading candles") for row in view.snapshot.market)
    loading = view_of(replace(view.snapshot, market=rows, readings={}))
    assert "loading candles" in line_text(paint.empty_lines(LOOK, loading, 90)[1])
    assert line_text(paint.story_lines(None, "", view, 60)[0]).strip() == "Reading its touches."
    assert line_text(paint.story_lines((), "", view, 60)[0]).strip() == "No touch is on record yet."
    assert "stopped" in line_text(paint.story_lines(None, "The engine has stopped.", view, 60)[0])


def test_visits_give_each_touch_what_came_before_the_next_one() -> None:
    open_one, broken, held = paint.visits_of(zone_events())
    assert open_one.outcome is None
    assert broken.outcome is not None
    assert broken.outcome.kind is ZoneEventKind.BREAK
    assert [event.kind for event in broken.also] == [ZoneEventKind.FLIP]
    assert held.outcome is not None
    assert held.outcome.kind is ZoneEventKind.BOUNCE
    assert [event.kind for event in held.also] == [ZoneEventKind.SWEEP]
    other = tuple(replace(event, zone_id="other") for event in zone_events() if event.kind is ZoneEventKind.BREAK)
    mixed = [event for event in zone_events() if event.kind is not ZoneEventKind.BREAK]
    assert paint.visits_of([*mixed, *other])[1].outcome is None


def test_every_state_and_event_has_a_word() -> None:
    assert all(has_word(f"zone.life.{state.value}") for state in ZoneState)
    for kind in ZoneEventKind:
        ended = kind in (ZoneEventKind.BOUNCE, ZoneEventKind.BREAK)
        assert kind is ZoneEventKind.TOUCH or has_word(f"browser.also.{kind.value}")
        assert not ended or has_word(f"browser.ended.{kind.value}")


@pytest.mark.parametrize("language", [Language.UKRAINIAN, Language.RUSSIAN])
def test_reasons_of_a_score_are_told_in_the_language_of_the_screen(language: Language) -> None:
    view = made_view()
    reading = view.snapshot.readings["BTCUSDT"]
    some = [replace(zone, parts=parts) for zone in zones() for parts in PARTS_OF_ALL_KINDS]
    some += [replace(zones()[0], touches=count, bounces=held, parts=PARTS_OF_ALL_KINDS[0]) for count, held in EDGES]
    speak(language)
    try:
        for zone in some:
            for reason in zone_reasons(zone, reading):
                text = paint.told(reason)
                assert not re.search("[a-z]{3}", text.replace("VWAP", "")), text
    finally:
        speak(Language.ENGLISH)
    assert paint.told("last touch 8 h ago (7 of 17)") == "last touch 8 h ago"
    assert paint.told("also here: a VWAP, a round number (13 of 26)") == "also here: a VWAP, a round number"


PARTS_OF_ALL_KINDS = [
    ZoneParts(0.5, reactions, 0.5, confluence, 0.5)
    for reactions in (0.0, 0.2, 0.5, 0.9)
    for confluence in (0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0)
]
EDGES = ((0, 0), (1, 0), (1, 1))


def test_old_data_is_grey() -> None:
    view = made_view(engine_silence_s=9.0)
    assert {token for _, token in table(view, LOOK, 72)[1]} == {"dim"}


async def test_keys_walk_symbols_timeframes_and_orders_and_enter_opens_the_chart_at_the_zone(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    show_zones(engine)
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.press("down")  # BTC is not the first row of the market
        app.dashboard.select_symbol("BTCUSDT")  # type: ignore[union-attr]
        await pilot.pause()
        await pilot.press("Я")
        await pilot.pause()
        assert isinstance(app.screen, ZoneBrowserScreen)
        text = screen_text(app)
        assert "Zones  BTCUSDT  all timeframes" in text
        assert "nearest first" in text
        assert "5 touches in all, 3 of them on record" in text.replace("│", "")
        await pilot.press("s", "[")
        await pilot.pause()
        assert "Zones  BTCUSDT  H4" in screen_text(app)
        await pilot.press("[", "down")
        await pilot.pause()
        marked = app.screen.query_one("#zone-list").marked()  # type: ignore[attr-defined]
        assert engine.questions[-1] == ("zone", "BTCUSDT", marked.zone_id)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ChartScreen)
        assert app.screen.widget.timeframe is Timeframe.H1
        app.pulse.beat()
        assert app.screen.widget.look.cross_price == pytest.approx(marked.middle)
        assert app.screen.widget.look.cross_ms == Timeframe.H1.open_ms(marked.last_touch_ms)
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, ZoneBrowserScreen)
        await pilot.press("n")
        await pilot.pause()
        assert "Zones  ETHUSDT  H1" in screen_text(app)


async def test_enter_on_a_zone_of_the_dashboard_opens_the_browser_at_it(make_app: AppMaker, engine: FakeEngine) -> None:
    show_zones(engine)
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        app.dashboard.select_symbol("BTCUSDT")  # type: ignore[union-attr]
        await pilot.pause()
        for key, price in (("end", min(zone.low for zone in zones())), ("home", max(zone.high for zone in zones()))):
            await pilot.press("4", key, "enter")
            for _ in range(100):
                marked = app.screen.zones.marked() if isinstance(app.screen, ZoneBrowserScreen) else None
                if marked is not None and price in (marked.low, marked.high):
                    break
                await pilot.pause(0.02)
                app.pulse.beat()
            assert isinstance(app.screen, ZoneBrowserScreen)
            assert marked is not None
            assert price in (marked.low, marked.high)
            await pilot.press("escape")
            await pilot.pause()


@pytest.mark.parametrize(
    ("kind", "price", "passed"),
    [
        (ZoneKind.RESISTANCE, 111.0, True),
        (ZoneKind.RESISTANCE, 105.0, False),
        (ZoneKind.RESISTANCE, 99.0, False),
        (ZoneKind.SUPPORT, 99.0, True),
        (ZoneKind.SUPPORT, 111.0, False),
    ],
)
def test_zone_that_price_is_beyond_is_marked_and_explained(kind: ZoneKind, price: float, passed: bool) -> None:
    zone = replace(zones()[0], kind=kind, low=100.0, high=110.0, flipped=False, symbol="BTCUSDT")
    assert zone.is_passed_by(price) == passed
    letter = zone_letter(zone)
    assert zone_mark(zone, price) == (f"{letter}?" if passed else letter)
    snapshot = show_zones(FakeEngine())
    rows = tuple(replace(row, price=price) if row.symbol == "BTCUSDT" else row for row in snapshot.market)
    view = view_of(replace(snapshot, market=rows))
    columns = paint.columns_for(118)
    assert ("price beyond it" in line_text(paint.zone_line(zone, LOOK, view, columns, False))) == passed
    said = " ".join(line_text(line).strip() for line in paint.why_lines(zone, view, 118))
    name = "above this resistance" if kind is ZoneKind.RESISTANCE else "below this support"
    assert (f"Price is {name}" in said) == passed


@pytest.mark.parametrize("language", list(Language))
def test_no_line_about_a_zone_is_wider_than_its_panel(language: Language) -> None:
    zone = replace(zones()[0], purity=0.99, symbol="BTCUSDT")
    speak(language)
    view = view_of(show_zones(FakeEngine()))
    for width in (42, 78):
        assert max(line_width(line) for line in paint.why_lines(zone, view, width)) <= width
