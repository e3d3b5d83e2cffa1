"""What the backtest screens need of the machinery that runs and keeps backtests, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from futtui.domain.backtests import RunHead, RunProgress, RunResult, TradeCandles
from futtui.domain.settings_sheet import SettingsSheet


class BacktestPort(Protocol):
    """Backtests as the screen sees them.

    Only `progress`, `pause` and `cancel` return at once; the rest may take moments.
    """

    def form(self) -> SettingsSheet:
        """Everything that can be chosen, with the values that were typed last."""
        ...

    def take(self, path: str, text: str, others: Mapping[str, str] | None = None) -> str:
        """What the user typed as it will be used. Raises FuttuiError with a sentence why it cannot be.

        `others` are the values that stand in the form now (path -> text): symbols are looked for in its history folder.
        """
        ...

    def keep(self, values: Mapping[str, str]) -> None:
        """Remembers typed values (path -> text) for the next look at the form, also of the next start. Never raises."""
        ...

    def start(self, values: Mapping[str, str]) -> str:
        """Starts a run with these values (path -> text) in place of the form's; gives its id.

        Raises FuttuiError with a sentence when the values make no sense or another run is under way.
        """
        ...

    def progress(self) -> RunProgress | None:
        """How far the newest run of this session is; None when there was none."""
        ...

    def pause(self, paused: bool) -> None:
        """Lets the run that is under way stand still, without using the processor, or go on."""
        ...

    def cancel(self) -> None:
        """Ends the run that is under way; nothing of it is kept but its analyses."""
        ...

    def runs(self) -> tuple[RunHead, ...]:
        """All kept runs, newest first."""
        ...

    def result(self, run_id: str) -> RunResult:
        """One kept run. Raises FuttuiError when it is gone or cannot be read."""
        ...

    def candles(self, run_id: str, symbol: str, position_id: str) -> TradeCandles:
        """The candles around a trade of a kept run. Raises FuttuiError when there are none."""
        ...

    def export(self, run_id: str) -> str:
        """Puts table and page of a kept run where the user finds them; a sentence that tells where."""
        ...

    def close(self) -> None:
        """Ends what is under way, because the program ends."""
        ...
