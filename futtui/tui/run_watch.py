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
        self._seen: RunState | None = None

    @property
    def progress(self) -> Progress | None:
        """How far the run under way is, for the task bar; None without one."""
        run = self._port.progress() if self._port is not None else None
        return Progress(1, round(run.share * 100)) if run is not None and run.state is RunState.RUNNING else None

    def look(self) -> Iterator[tuple[str, str]]:
        """(text, style token) of what is new."""
        progress = self._port.progress() if self._port is not None else None
        if progress is None:
            return
        before, self._seen = self._seen, progress.state
        if before is not RunState.RUNNING or progress.state is RunState.RUNNING:
            return
        if progress.state is RunState.FAILED:
            yield f"{word('backtest.failed')} {progress.text}", "down_bold"
        else:
            yield word("backtest.ended" if progress.state is RunState.DONE else "backtest.cancelled"), "bold"
