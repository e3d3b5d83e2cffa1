"""A recording gives back what passed, in this process and in another, changed only where a change is given."""

from __future__ import annotations

import pickle
from pathlib import Path

from futtui.backtest.recording import Playback, Recorder, Recording, regime_at
from futtui.domain.reading import AnalysisResult
from futtui.domain.timeframe import Timeframe
from tests.desk.world import raw_signal, reading

STEP_MS = 900_000
SYMBOLS = ("AUSDT", "BUSDT")


def made(symbol: str, time_ms: int) -> AnalysisResult:
    return AnalysisResult(reading(symbol, time_ms=time_ms), (raw_signal(symbol=symbol, time_ms=time_ms),))


class Made:
    """Answers of two symbols, four closes a stretch."""

    def __init__(self) -> None:
        self.stopped = False

    def ask(self, until_ms: int) -> None:
        self._until_ms = until_ms

    def answers(self):
        times = [self._until_ms - STEP_MS * back for back in (3, 2, 1, 0)]
        return {symbol: [(time_ms, made(symbol, time_ms)) for time_ms in times] for symbol in SYMBOLS}

    def stop(self) -> None:
        self.stopped = True


def recorded(tmp_path: Path) -> tuple[Recording, list[dict]]:
    made, recording = Made(), Recording(tmp_path / "answers")
    recorder, seen = Recorder(made, recording), []
    recorder.ask(4 * STEP_MS)
    for number in range(1, 13):
        found = recorder.answers()
        seen.append(found)
        recorder.ask((number + 1) * 4 * STEP_MS)
    recorder.stop()
    assert made.stopped
    return recording, seen


def test_playback_equals_what_was_recorded_and_travels(tmp_path: Path):
    recording, seen = recorded(tmp_path)
    for each in (recording, pickle.loads(pickle.dumps(recording))):
        playback = Playback(each, SYMBOLS)
        for number, expected in enumerate(seen, start=1):
            playback.ask(number * 4 * STEP_MS)
            assert playback.answers() == expected


def test_playback_passes_answers_through_the_change(tmp_path: Path):
    recording, seen = recorded(tmp_path)
    playback = Playback(recording, ("AUSDT",), lambda symbol, answers: answers[:1])
    playback.ask(4 * STEP_MS)
    assert playback.answers() == {"AUSDT": seen[0]["AUSDT"][:1]}


def test_recording_finds_closes_across_stretches_and_lists_them_in_short(tmp_path: Path):
    recording, seen = recorded(tmp_path)
    found = recording.between("BUSDT", 3 * STEP_MS, 6 * STEP_MS)
    assert [time_ms // STEP_MS for time_ms, _ in found] == [4, 5, 6]
    assert len(recording.moments["AUSDT"]) == sum(len(each["AUSDT"]) for each in seen)
    moment = recording.moments["AUSDT"][0]
    assert (moment.price, moment.ready, regime_at(moment)) == (100.0, True, "RANGE")
    assert regime_at(moment, Timeframe.H4) is None
