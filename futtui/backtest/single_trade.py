"""What one plan alone would have earned from a close on, by the same desk and account as in every other run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from futtui.backtest.data import BASE, SymbolData
from futtui.backtest.recording import Recording
from futtui.backtest.run import Backtest, Progress, Source
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import Answers
from futtui.desk.settings import DeskSettings
from futtui.domain.position import Trade
from futtui.domain.signal import RawSignal, Trigger
from futtui.domain.timeframe import DAY_MS
from futtui.exchange.simulator.market.funding_files import FundingHistory
from futtui.risk.settings import CapSettings
from futtui.signals.settings import ScoringSettings

STRETCH_MS = DAY_MS // 2
WIDE_CAPS = CapSettings(
    max_positions=100, max_same_direction=100, max_open_risk_pct=50.0, day_loss_limit_pct=50.0, loss_streak=100
)
ANY_SCORE = ScoringSettings(
    threshold=0.0, strategy_thresholds={}, system_thresholds={}, regime_weight_floor=0.0, btc_impulse_pct=50.0
)


def alone(settings: DeskSettings) -> DeskSettings:
    """The same desk without the gates that judge a signal or other positions: entry and exits are as set."""
    return replace(settings, scoring=ANY_SCORE, risk=replace(settings.risk, caps=WIDE_CAPS))


@dataclass
class _OneSignal:
    """A source that tells one signal at its close, and then only measures."""

    recording: Recording
    raw: RawSignal
    _at_ms: int
    _until_ms: int = 0

    def ask(self, until_ms: int) -> None:
        self._until_ms = until_ms

    def answers(self) -> dict[str, Answers]:
        raw = self.raw
        found = self.recording.between(raw.symbol, self._at_ms, self._until_ms)
        self._at_ms = self._until_ms
        return {
            raw.symbol: [
                (time_ms, replace(result, signals=(raw,) if time_ms == raw.time_ms else (), verdicts=()))
                for time_ms, result in found
            ]
        }

    def stop(self) -> None: ...


class _OneTrade(Backtest):
    """A run that ends as soon as nothing is open."""

    def _work(self, shards: Source, progress: Progress | None) -> None:
        at_ms, end_ms = self._request.start_ms, self._request.end_ms
        while at_ms < end_ms:
            until_ms = min(at_ms + STRETCH_MS, end_ms)
            shards.ask(until_ms)
            self._stretch(at_ms, until_ms, shards.answers())
            at_ms = until_ms
            if not self._runner.desk.snapshot().positions:
                return


def single_trade(
    base: BacktestRequest, raw: RawSignal, recording: Recording, data: SymbolData, funding: FundingHistory
) -> Trade | None:
    """The trade that comes of a plan at its close; None when it cannot be entered or the data end before it does."""
    now = replace(raw, trigger=Trigger.IMMEDIATE, standing=False)
    start_ms = raw.time_ms - BASE.ms
    request = replace(
        base,
        symbols=(raw.symbol,),
        start_ms=start_ms,
        desk=alone(base.desk),
        for_information=frozenset(),
        confidence=None,
    )
    run = _OneTrade(request, lambda *_: _OneSignal(recording, now, start_ms), {raw.symbol: data}, funding)
    found = run.run()
    return found.trades[0] if found.trades and not found.open_positions else None
