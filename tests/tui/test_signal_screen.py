"""Signal detail: odds, track record with n and interval, the ladder around the plan, and the walk through the list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.past_signals import PastTally, SimilarSignals
from futtui.domain.signal import Signal, SignalPart
from futtui.signals.confidence import PART_NAME
from futtui.tui.answers import AGAIN_BEATS, Answer
from futtui.tui.paint import past
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.detail import DetailScreen
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import FakeEngine, signals, similar_signals, zone
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of


def answered(found: SimilarSignals) -> Answer[SimilarSignals]:
    answer: Answer[SimilarSignals] = Answer()
    engine = FakeEngine()
    engine.similar = found
    answer.look(1, lambda: engine.similar_signals(signals()[0]))
    return answer


def record(signal: Signal, found: SimilarSignals, width: int = 118) -> str:
    return "\n".join(line_text(line) for line in past.record_lines(signal, answered(found), view_of(), width))


def test_odds_part_has_the_name_that_the_scorer_gives_it() -> None:
    assert past.ODDS == PART_NAME


def test_record_tells_n_and_interval_and_warns_of_a_small_sample() -> None:
    text = record(signals()[0], similar_signals())
    assert "LINK, same setup" in text
    assert "n 2  won 50% [9-91]  +0.14R each" in text
    assert "n 4  won 50% [15-85]" in text
    assert "Small sample" in text
    assert "price did not come" in text
    large = replace(similar_signals(), frame=PastTally(150, 80, 5, 40, 12.0))
    assert "Small sample" not in record(signals()[0], large)


def test_record_without_trades_says_so_and_shows_no_rate() -> None:
    text = record(signals()[0], SimilarSignals("", PastTally(3), PastTally(9)))
    assert "no closed trade yet (3 signals)" in text
    assert "%" not in text
    assert "No closed trade of this kind yet" in text


def test_odds_are_told_with_their_words_and_missing_ones_with_the_reason() -> None:
    known = SignalPart(PART_NAME, 0.0, "such signals won about 6 of 10 (n = 412)", 0.6)
    signal = replace(signals()[0], parts=(known,))
    assert "Odds: such signals won about 6 of 10 (n = 412)." in record(signal, similar_signals())
    unknown = replace(known, valid=False, reason="too few trades to learn from")
    assert "No odds: too few trades to learn from." in record(replace(signal, parts=(unknown,)), similar_signals())


@pytest.mark.parametrize("width", [46, 58, 96])
def test_ladder_is_ordered_by_price_and_leaves_far_zones_out(width: int) -> None:
    signal = signals()[0]
    view = view_of()
    reading = view.snapshot.readings["LINKUSDT"]
    zones = (zone("LINKUSDT", "S", 13.80, 13.86, 88), zone("LINKUSDT", "R", 14.3, 14.35, 70))
    far = zone("LINKUSDT", "S", 9.0, 9.1, 90)
    readings = {**view.snapshot.readings, "LINKUSDT": replace(reading, zones=(*zones, far))}
    view = view_of(replace(view.snapshot, readings=readings))
    lines = past.ladder_lines(signal, view, width)
    texts = [line_text(line) for line in lines]
    first = [text.split()[0] for text in texts]
    assert first[:3] == ["TP3", "R", "TP2"]
    assert first[-2:] == ["S", "Stop"]
    assert not any("9.0" in text.split("score")[0] for text in texts)
    assert max(line_width(line) for line in lines) <= width


def test_answer_is_asked_again_after_a_while_and_at_once_for_another_question() -> None:
    engine = FakeEngine()
    answer: Answer[SimilarSignals] = Answer()

    def look(key: int) -> None:
        answer.look(key, lambda: engine.similar_signals(signals()[key]))

    for _ in range(AGAIN_BEATS):
        look(0)
    assert len(engine.questions) == 1
    look(0)
    assert len(engine.questions) == 2
    look(1)
    assert len(engine.questions) == 3
    engine.refuse_candles = "The engine has stopped."
    look(2)
    assert (answer.value, answer.trouble) == (None, "The engine has stopped.")


async def test_n_walks_the_list_that_the_signal_was_opened_from(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("2", "enter")
        await pilot.pause()
        assert "Dashboard › Signals › LINKUSDT long" in screen_text(app)
        assert engine.questions[-2] == ("similar", signals()[0].signal_id)
        await pilot.press("т")
        await pilot.pause()
        assert "Dashboard › Signals › SOLUSDT short" in screen_text(app)
        assert engine.questions[-2] == ("similar", signals()[1].signal_id)
        engine.show_desk(signals=(signals()[0], signals()[1], signals()[3]))  # the third left the list meanwhile
        app.pulse.beat()
        await pilot.press("n")
        await pilot.pause()
        assert "Dashboard › Signals › ADAUSDT short" in screen_text(app)
        await pilot.press("N", "N")
        await pilot.pause()
        assert "Dashboard › Signals › LINKUSDT long" in screen_text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, DashboardScreen)


async def test_n_on_a_log_line_says_that_there_is_nothing_next_to_it(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("5", "enter", "n")
        await pilot.pause()
        assert isinstance(app.screen, DetailScreen)
        assert "There is nothing next to it in the list" in screen_text(app)
