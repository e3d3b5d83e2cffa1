"""A run on a Dask cluster is the run of one machine."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path

import pytest

from futtui.backtest.cluster import cluster_crew
from futtui.backtest.report import as_json
from futtui.backtest.run import Backtest
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.store import RunStore
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS
from futtui.live.past_candles import time_of
from tests.backtest.made_history import write_candles

START_MS = time_of("2024-03-01")


def test_cluster_of_two_workers_gives_the_results_of_one_machine(tmp_path: Path):
    distributed = pytest.importorskip("distributed")
    symbols = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
    for number, symbol in enumerate(symbols):
        write_candles(tmp_path / "candles" / f"{symbol}.csv.gz", START_MS - 2 * DAY_MS, 4, seed=number)
    request = BacktestRequest(tmp_path / "candles", symbols, START_MS, START_MS + 2 * DAY_MS, workers=0)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        crew, kept = cluster_crew(cluster.scheduler_address), RunStore(tmp_path / "cache")
        there = Backtest(request, store=kept, crew=crew).run()
    here = Backtest(request).run()
    assert as_json(there) == as_json(here)
    assert there.signals == here.signals
    assert as_json(Backtest(replace(request, workers=2), store=kept).run()) == as_json(here)


def test_cluster_that_does_not_answer_is_one_sentence(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("futtui.backtest.cluster.CONNECT_SECONDS", 0.5)
    with pytest.raises(InvalidInputError, match="no Dask scheduler answers there"):
        cluster_crew("tcp://127.0.0.1:9")


def test_cluster_without_the_extra_tells_how_to_install_it(monkeypatch):
    plain = builtins.__import__

    def without(name, *others, **more):
        if name == "distributed":
            raise ImportError(name)
        return plain(name, *others, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InvalidInputError, match="pip install"):
        cluster_crew("tcp://127.0.0.1:8786")
