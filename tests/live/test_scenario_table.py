"""Which test covers which fault scenario of orders, account and machine; each test exists."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
TABLE: dict[str, tuple[str, str]] = {
    "FS-01": ("live/test_order_scenarios.py", "test_fs01_entry_whose_answer_is_lost"),
    "FS-02": ("live/test_order_scenarios.py", "test_fs02_entry_that_was_never_created"),
    "FS-03": ("live/test_takeover_scenarios.py", "test_fs03_same_id_sent_again"),
    "FS-04": ("live/test_takeover_scenarios.py", "test_fs04_entry_that_was_written_down"),
    "FS-05": ("live/test_takeover_scenarios.py", "test_fs05_crash_between_fill_and_stop"),
    "FS-06": ("live/test_order_scenarios.py", "test_fs06_stop_refused"),
    "FS-07": ("live/test_outside_scenarios.py", "test_fs07_stop_that_vanished"),
    "FS-08": ("live/test_order_scenarios.py", "test_fs08_old_stop_whose_cancel_fails"),
    "FS-09": ("live/test_order_scenarios.py", "test_fs09_first_target"),
    "FS-10": ("live/test_order_scenarios.py", "test_fs10_position_too_small"),
    "FS-11": ("live/test_takeover_scenarios.py", "test_fs11_stop_partly_done"),
    "FS-12": ("live/test_outside_scenarios.py", "test_fs12_position_closed_by_hand"),
    "FS-13": ("live/test_outside_scenarios.py", "test_fs13_position_increased_by_hand"),
    "FS-14": ("live/test_outside_scenarios.py", "test_fs14_stop_cancelled_by_hand"),
    "FS-15": ("live/test_outside_scenarios.py", "test_fs15_liquidation"),
    "FS-16": ("live/test_outside_scenarios.py", "test_fs16_difference_without_executions"),
    "FS-17": ("live/test_takeover_scenarios.py", "test_fs17_position_without_any_record"),
    "FS-36": ("live/test_order_scenarios.py", "test_fs36_futtui_that_is_closed"),
    "FS-37": ("live/test_machine_scenarios.py", "test_fs37_screen_that_looks_at_nothing"),
    "FS-38": ("live/test_takeover_scenarios.py", "test_fs38_entry_is_refused"),
    "FS-39": ("live/test_order_scenarios.py", "test_fs39_database_that_is_gone"),
    "FS-40": ("live/test_machine_scenarios.py", "test_fs40_database_of_a_newer_version"),
    "FS-41": ("live/test_machine_scenarios.py", "test_fs41_strategy_that_raises"),
    "FS-42": ("live/test_machine_scenarios.py", "test_fs42_configuration_edited"),
    "FS-43": ("live/test_going_live.py", "test_fs43_second_futtui"),
    "FS-44": ("live/test_machine_scenarios.py", "test_fs44_telegram_that_is_down"),
    "FS-45": ("live/test_machine_scenarios.py", "test_fs45_panic_pressed_twice"),
    "FS-46": ("live/test_listing_scenarios.py", "test_fs46_"),
    "FS-47": ("live/test_listing_scenarios.py", "test_fs47_"),
    "FS-48": ("live/test_order_scenarios.py", "test_fs48_price_that_jumps"),
    "FS-49": ("live/test_machine_scenarios.py", "test_fs49_funding_that_comes_more_often"),
    "FS-50": ("live/test_order_scenarios.py", "test_fs50_entry_without_margin"),
    "FS-51": ("live/test_machine_scenarios.py", "test_fs51_memory_that_grows"),
    "FS-52": ("live/test_kill_switch.py", "test_fs52_kill_switch"),
}


def test_every_scenario_of_this_part_is_in_the_table() -> None:
    assert TABLE.keys() == {f"FS-{number:02}" for number in (*range(1, 18), *range(36, 53))}


@pytest.mark.parametrize("identity", TABLE)
def test_scenario_has_its_test(identity: str) -> None:
    file, name = TABLE[identity]
    assert name.startswith(f"test_{identity.replace('-', '').lower()}_"), "a test names the fault it covers"
    assert f"def {name}" in (TESTS / file).read_text(encoding="utf-8")
