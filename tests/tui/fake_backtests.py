"""Fake backtests: a small form, two kept runs with made-up trades, a run that goes on as it is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

from textual.pilot import Pilot

from futtui.domain.backtests import (
    RunHead,
    RunProgress,
    RunResult,
    RunState,
    TestedTrade,
    TradeCandles,
    WalkFold,
    WalkResult,
)
from futtui.domain.errors import FuttuiError
from futtui.domain.position import ExitReason, Leg, Trade, TradingMode
from futtui.domain.settings_sheet import Setting, SettingBounds, SettingKind, SettingSection, SettingsSheet
from futtui.domain.side import Side
from futtui.domain.signal import System
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.measurement.performance import performance_report
from futtui.measurement.statistics import statistics_of
from futtui.tui.screens.backtest import BacktestScreen
from futtui.tui.screens.backtest_result import ResultScreen
from futtui.tui.screens.replay import ReplayScreen
from tests.tui.fake_engine import made_candles

START_MS = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp() * 1000)
END_MS = START_MS + 60 * DAY_MS


def _setting(path: str, value: str, kind: SettingKind = SettingKind.TEXT, **more: object) -> Setting:
    return Setting(path, f"What {path} means.", kind, value, value, value, at_once=True, **more)  # type: ignore[arg-type]


def sheet() -> SettingsSheet:
    """A form of three rooms."""
    return SettingsSheet(
        file="config.yaml",
        exists=True,
        sections=(
            SettingSection("run", ""),
            SettingSection("account", ""),
            SettingSection("strategies.volume_profile", "Volume Profile."),
        ),
        settings=(
            _setting("run.history", "/candles"),
            _setting("run.symbols", '""'),
            _setting("run.systems", '""'),
            _setting("run.from", '""'),
            _setting("run.to", '""'),
            _setting("run.costs", "1", SettingKind.NUMBER, bounds=SettingBounds("0", "10")),
            _setting("run.optimistic", "false", SettingKind.YES_NO),
            _setting("account.start_equity", "10000", SettingKind.NUMBER),
            _setting("strategies.volume_profile.value_share", "0.7", SettingKind.NUMBER),
        ),
    )


def made_trades(seed: int, count: int = 40, mode: TradingMode = TradingMode.PAPER) -> tuple[TestedTrade, ...]:
    """Trades by seeded chance, in the order of their closes."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        side = chance.choice((Side.LONG, Side.SHORT))
        won = chance.random() < 0.5
        result = chance.uniform(0.2, 1.8) if won else -chance.uniform(0.3, 1.05)
        opened_ms = START_MS + number * 33 * HOUR_MS
        entry = Decimal(100)
        stop = entry - side.sign * 2
        exit_price = entry + side.sign * Decimal(str(round(result * 2, 3)))
        reason = ExitReason.TARGET_1 if won else ExitReason.STOP
        trade = Trade(
            position_id=f"p{number}", signal_id=f"s{number}", symbol=chance.choice(("DOGEUSDT", "AVAXUSDT")),
            system=System.CORE, strategy=chance.choice(("volume_profile", "break_retest")), side=side, mode=mode,
            quantity=Decimal(10), entry_price=entry, initial_stop=stop, opened_ms=opened_ms,
            closed_ms=opened_ms + 5 * HOUR_MS,
            legs=(Leg(Decimal(10), exit_price, reason, opened_ms + 5 * HOUR_MS, Decimal("0.1")),),
            fees=Decimal("0.2"), funding=Decimal(0), pnl=Decimal(str(round(result * 20, 2))), result_r=result,
            result_pct=result * 2, mfe_r=2.0, mae_r=-0.5, score=70.0 + number % 20,
        )  # fmt: skip
        found.append(TestedTrade(trade, (float(entry) + side.sign * 3.0,), "value area left and taken back"))
    return tuple(found)


@cache
def run_result(run_id: str, seed: int, systems: str = "", count: int = 40) -> RunResult:
    """A kept run."""
    trades = made_trades(seed, count)
    followed = [one.trade for one in made_trades(seed + 1, 6, TradingMode.INFO)]
    every = [*(one.trade for one in trades), *followed]
    report = performance_report(every, (), {}, (), START_MS, END_MS)
    traded = report.account(TradingMode.PAPER)
    figures = traded.total.figures if traded is not None else None
    head = RunHead(
        run_id, START_MS + 900 * DAY_MS + seed * HOUR_MS, ("AVAXUSDT", "DOGEUSDT"), START_MS, END_MS, systems,
        len(trades), figures.net_r if figures else 0.0, figures.win_rate.value if figures else None,
        figures.profit_factor.value if figures else None, figures.verdict if figures else "INSUFFICIENT",
    )  # fmt: skip
    chosen = (
        ("run.history", "/candles"),
        ("run.from", "2024-03-01"),
        ("run.to", "2024-04-30"),
        *((("run.systems", systems),) if systems else ()),
    )
    return RunResult(head, 12.3, chosen, traded, report.account(TradingMode.INFO), trades, 10_000.0, 10_210.5, 1, ())


@cache
def walk_result(run_id: str, candidates: int = 1) -> RunResult:
    """A kept walk-forward of seven folds."""
    month_ms = 30 * DAY_MS
    folds = []
    for at in range(7):
        see_ms = START_MS + (6 + at) * month_ms
        learned = statistics_of([one.trade for one in made_trades(at, 60 + 20 * at)], draws=200)
        seen = statistics_of([one.trade for one in made_trades(at + 50, 5 * at)], draws=200)
        chosen = "as configured" if at % 2 == 0 else "stop 1.2 times as far"
        folds.append(WalkFold(START_MS, see_ms - 7 * DAY_MS, see_ms, see_ms + month_ms, chosen, learned, seen))
    kept = run_result(run_id, 6)
    assert kept.traded is not None
    walk = WalkResult(tuple(folds), kept.traded.total.figures, candidates, 0.74, 0.5, True)
    return replace(kept, walk=walk, head=replace(kept.head, folds=len(folds)))


WAITS = 3_000


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Waits for a condition, up to a minute; the machine may be busy."""
    for _ in range(WAITS):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError("It did not come.")


def has_come(screen: object) -> bool:
    """Whether what the screen reads beside itself is there; other screens have nothing to wait for."""
    if isinstance(screen, BacktestScreen):
        return screen.state is not None and screen.runs.runs is not None
    if isinstance(screen, ResultScreen):
        return screen.result is not None
    if isinstance(screen, ReplayScreen):
        return screen.found is not None
    return True


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Presses one key after the other, each once what the one before asked for is there."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
        await until(pilot, lambda: pilot.app.screen.is_mounted and has_come(pilot.app.screen))
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


class FakeBacktests:
    """Keeps what was asked; `say` puts the progress, `refuse` makes starting, reading and writing fail."""

    def __init__(self, *, empty: bool = False) -> None:
        self.results = {}
        if not empty:
            self.results = {
                "20260818-060000": run_result("20260818-060000", 6),
                "20260818-010000": run_result("20260818-010000", 1, "volume_profile"),
            }
        self.started: list[dict[str, str]] = []
        self.cancelled = 0
        self.refuse = ""
        self.now: RunProgress | None = None
        self.kept: dict[str, str] = {}
        self.others: dict[str, str] = {}

    def _may_fail(self) -> None:
        if self.refuse:
            raise FuttuiError(self.refuse)

    def form(self) -> SettingsSheet:
        """The small form, with what was typed last."""
        whole = sheet()
        shown = tuple(replace(item, value=self.kept.get(item.path, item.value)) for item in whole.settings)
        return replace(whole, settings=shown)

    def keep(self, values: Mapping[str, str]) -> None:
        """Remembers."""
        self.kept |= values

    def take(self, path: str, text: str, others: Mapping[str, str] | None = None) -> str:
        """Numbers where numbers are wanted."""
        self.others = dict(others or {})
        if path == "run.costs" and not text.replace(".", "").isdigit():
            raise FuttuiError(f"{text} does not fit here: write a number from 0 to 10.")
        return text

    def start(self, values: Mapping[str, str]) -> str:
        """Begins a run that stands still."""
        self._may_fail()
        self.started.append(dict(values))
        self.now = RunProgress("new", RunState.RUNNING, days=60.0, text="loading")
        return "new"

    def say(self, **changes: object) -> None:
        """Changes the progress."""
        assert self.now is not None
        self.now = replace(self.now, **changes)  # type: ignore[arg-type]

    def progress(self) -> RunProgress | None:
        """As told."""
        return self.now

    def pause(self, paused: bool) -> None:
        """As told."""
        self.say(state=RunState.PAUSED if paused else RunState.RUNNING)

    def cancel(self) -> None:
        """Ends the run."""
        self.cancelled += 1
        self.say(state=RunState.CANCELLED, text="")

    def runs(self) -> tuple[RunHead, ...]:
        """Newest first."""
        return tuple(self.results[name].head for name in sorted(self.results, reverse=True))

    def result(self, run_id: str) -> RunResult:
        """One of them."""
        self._may_fail()
        return self.results[run_id]

    def candles(self, run_id: str, symbol: str, position_id: str) -> TradeCandles:
        """Quarter hours around the trade: sixty before the entry, a day in all."""
        self._may_fail()
        trade = next(one.trade for one in self.results[run_id].trades if one.trade.position_id == position_id)
        return TradeCandles(Timeframe.M15, made_candles(100.0, Timeframe.M15, trade.closed_ms + 5 * HOUR_MS, 100))

    def export(self, run_id: str) -> str:
        """A sentence."""
        self._may_fail()
        return f"Written: backtest-{run_id}.csv and backtest-{run_id}.html in /home/trader."

    def close(self) -> None:
        """Nothing is under way."""
