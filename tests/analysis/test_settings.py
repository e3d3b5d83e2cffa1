"""AnalysisSettings: picklable, sound by default, and refusing nonsense when read through pydantic."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from pydantic import TypeAdapter, ValidationError

from futtui.analysis.settings import AnalysisSettings

READER = TypeAdapter(AnalysisSettings)


def test_analysis_settings_defaults_survive_pickle_and_validation():
    settings = AnalysisSettings()
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert READER.validate_python({}) == settings


def test_analysis_settings_user_values_are_taken():
    settings = READER.validate_python({"strategies": {"break_retest": {"entry": "armed", "levels": {"target_3_r": 5}}}})
    defaults = AnalysisSettings().strategies.break_retest
    assert settings.strategies.break_retest.entry == "armed"
    assert settings.strategies.break_retest.levels == replace(defaults.levels, target_3_r=5.0)


@pytest.mark.parametrize(
    "values",
    [
        {"break_retest": {"break_close_atr": 0}},
        {"break_retest": {"entry": "limit"}},
        {"break_retest": {"retest_min_bars": 30}},
        {"break_retest": {"leave_atr": 0.2}},
        {"break_retest": {"levels": {"stop_min_atr": 5}}},
        {"atr_momentum": {"pullback_level": 0.7}},
        {"atr_momentum": {"levels": {"target_1_r": 2.5}}},
        {"atr_momentum": {"time_stop_bars": 0}},
    ],
)
def test_analysis_settings_out_of_range_is_refused(values: dict):
    with pytest.raises(ValidationError):
        READER.validate_python({"strategies": values})
