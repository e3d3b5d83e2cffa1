"""When recorded fundings are due: every eight hours, every four, every one, and where a record is missing."""

from __future__ import annotations

import numpy as np
import pytest

from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.simulator.market.funding_files import USUAL_RATE, FundingHistory


def history(hours: list[int], rate: float = 0.0003) -> FundingHistory:
    times = np.array([hour * HOUR_MS + 12 for hour in hours], dtype=np.int64)
    return FundingHistory({"AUSDT": (times, np.full(len(hours), rate))})


def due(known: FundingHistory, until: int) -> dict[int, tuple[float, float]]:
    found = {hour: known.due("AUSDT", hour * HOUR_MS) for hour in range(until)}
    return {hour: (one.rate, one.interval_hours) for hour, one in found.items() if one is not None}


def test_funding_without_a_record_is_the_usual_one_every_eight_hours():
    assert due(FundingHistory({}), 17) == dict.fromkeys((0, 8, 16), (USUAL_RATE, 8.0))
    assert FundingHistory({}).beat_hours("AUSDT") == 8


def test_funding_changes_from_eight_hours_to_four_to_one_at_its_recorded_times():
    times = [0, 8, 16, 20, 24, 28, 29, 30, 31]
    known = history(times)
    assert known.beat_hours("AUSDT") == 1
    found = due(known, 32)
    assert list(found) == times
    assert [hours for _, hours in found.values()] == [8, 8, 8, 4, 4, 4, 1, 1, 1]


def test_funding_missing_between_two_of_every_four_hours_is_half_the_usual_one():
    found = due(history([0, 4, 8, 16, 20, 24]), 25)
    assert list(found) == [0, 4, 8, 12, 16, 20, 24]
    assert found[12] == (pytest.approx(USUAL_RATE / 2), 4.0)


def test_funding_of_eight_hours_with_missing_records_goes_on_at_its_beat():
    known = history([0, 8, 32, 40])
    assert known.beat_hours("AUSDT") == 8
    assert due(known, 41)[24] == (USUAL_RATE, 8.0)


def test_funding_interval_named_in_the_file_counts(tmp_path):
    rows = [f"{hour * HOUR_MS},{hours},0.0002" for hour, hours in ((0, 8), (8, 8), (16, 4), (24, 4))]
    (tmp_path / "AUSDT.csv").write_text("\n".join(["calc_time,funding_interval_hours,last_funding_rate", *rows]) + "\n")
    found = due(FundingHistory.of_folder(tmp_path, ["AUSDT"]), 25)
    assert found[16] == (0.0002, 4.0)
    assert found[20] == (pytest.approx(USUAL_RATE / 2), 4.0)


def test_funding_record_names_what_was_used_and_nothing_else():
    usual = history([0, 8, 16, 24, 32])
    span = (8 * HOUR_MS, 16 * HOUR_MS)
    assert usual.record("AUSDT", *span) != history([0, 8, 16, 24, 32], 0.0004).record("AUSDT", *span)
    assert usual.record("AUSDT", *span) == history([0, 8, 16, 24, 32, 40]).record("AUSDT", *span)
