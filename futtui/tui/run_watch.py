"""Tells in the flash line that a backtest has ended, wherever the user is by then."""

from __future__ import annotations

from collections.abc import Iterator

from futtui.domain.backtests import RunState
from futtui.tui.backtest_port import BacktestPort
from futtui.tui.compat.terminal import Progress
from futtui.tui.words import word


class RunWatch:
    """Looks at the newest run on each beat; speaks once when it ends."""

    def __init__(self, port: BacktestPort | None) -> None:
        self._port = port
        self._was_under_way = False

    @property
    def progress(self) -> Progress | None:
        """How far the run under way is, for the task bar; None without one."""
        run = self._port.progress() if self._port is not None else None
        if run is None or not run.is_under_way:
            return None
        return Progress(4 if run.state is RunState.PAUSED else 1, round(run.share * 100))

    def look(self) -> Iterator[tuple[str, str]]:
        """(text, style token) of what is new."""
        progress = self._port.progress() if self._port is not None else None
        if progress is None:
            return
        before, self._was_under_way = self._was_under_way, progress.is_under_way
        if not before or progress.is_under_way:
            return
        if progress.state is RunState.FAILED:
            yield f"{word('backtest.failed')} {progress.text}", "down_bold"
        else:
            yield word("backtest.ended" if progress.state is RunState.DONE else "backtest.cancelled"), "bold"
