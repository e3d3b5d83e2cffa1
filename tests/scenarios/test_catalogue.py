"""Every market-data fault that must be survived has a script and a test that runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from futtui.exchange.simulator.wire.fault_rules import load_fault_script
from tests.live.test_scenario_table import TABLE

TESTS = Path(__file__).resolve().parents[1]
STREAMS, LISTING = "exchange/binance/test_stream_scenarios.py", "live/test_listing_scenarios.py"
MARKET, REQUESTS = "live/test_market_fault_scenarios.py", "exchange/binance/test_request_scenarios.py"
OFFLINE, BUDGET = "live/test_offline_scenarios.py", "exchange/binance/test_budget_against_exchange.py"
NO_WAY_OUT = "live/test_engine_no_way_out.py"

CATALOGUE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "FS-18": (("fs18_market_socket_silent",), (STREAMS,)),
    "FS-19": (("fs19_accepted_but_silent",), (STREAMS,)),
    "FS-20": (("fs20_one_symbol_silent",), (MARKET,)),
    "FS-21": (("fs21_reset_storm",), (STREAMS,)),
    "FS-22": (("fs22_forced_disconnect",), (STREAMS,)),
    "FS-23": (("fs23_frames_shuffled",), (MARKET,)),
    "FS-24": (("fs24_close_missing", "fs24_close_corrected"), (MARKET,)),
    "FS-25": (("history_differs",), (OFFLINE,)),
    "FS-26": (("candles_missing_in_history",), (OFFLINE,)),
    "FS-27": (("book_gap",), (REQUESTS, "live/test_book_watch.py")),
    "FS-28": (("fs28_listen_key_expired",), (STREAMS,)),
    "FS-29": (("too_many_requests",), (BUDGET,)),
    "FS-30": (("banned",), (BUDGET,)),
    "FS-31": (("firewall_page",), (REQUESTS,)),
    "FS-32": (("clock_shifted",), (REQUESTS,)),
    "FS-33": (("pc_sleeps_two_hours",), (OFFLINE,)),
    "FS-34": (("network_away_thirty_minutes",), (OFFLINE,)),
    # A name that is not found or a foreign certificate lies before the exchange: no script of its can bring them about.
    "FS-35": (("fs35_proxy_page",), (NO_WAY_OUT, "test_doctor.py")),
    "FS-46": (("fs46_symbol_delisted", "fs46_symbol_halted", "fs46_leverage_tier_changed"), (LISTING,)),
    "FS-47": (("fs47_filters_changed", "fs47_tick_changed", "fs47_tick_changed_later"), (LISTING,)),
}
"""Scripts of each fault, and the files with the tests that run them; a test names the fault as `fs18`."""


def test_catalogue_holds_every_fault_of_market_data() -> None:
    assert set(CATALOGUE) == {f"FS-{number}" for number in (*range(18, 36), 46, 47)}


def test_no_fault_at_all_is_without_a_scenario() -> None:
    assert CATALOGUE.keys() | TABLE.keys() == {f"FS-{number:02}" for number in range(1, 53)}


@pytest.mark.parametrize("fault", CATALOGUE)
def test_fault_has_its_scripts_and_tests_that_run_them(fault: str) -> None:
    scripts, files = CATALOGUE[fault]
    texts = {name: (TESTS / name).read_text(encoding="utf-8") for name in files}
    tag = fault.replace("-", "").lower()
    for name, text in texts.items():
        marks = (f"def test_{tag}_", f"_{tag}_")
        named = [line for line in text.splitlines() if "def test_" in line and any(mark in line for mark in marks)]
        assert named, f"no test of {name} names {fault}"
    for script in scripts:
        path = TESTS / "scenarios" / f"{script}.yaml"
        assert path.read_text(encoding="utf-8").startswith(f"# {fault}:")
        assert load_fault_script(path).rules
        assert any(f'"{script}' in text for text in texts.values()), f"no test runs {script}"
