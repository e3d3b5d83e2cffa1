"""Builds the immutable picture that the screen reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from futtui.domain.health import HealthView
from futtui.domain.price_alert import PriceAlert
from futtui.domain.sent import Sent
from futtui.domain.snapshot import AccountMargins, DeskSnapshot, EngineSnapshot, FeedView, Sleep, SymbolWait
from futtui.domain.universe import Listing, Standing
from futtui.live.clock import wall_ms
from futtui.live.log_book import EngineLogBook
from futtui.live.settings import EngineSettings
from futtui.live.symbol_state import Phase, SymbolState

STARTING_FEED = FeedView(connected=False, text="starting", age_ms=0, delay_ms=0)
NO_MARGINS = AccountMargins()


class SnapshotBuilder:
    """Counts versions and reuses what did not change."""

    def __init__(self, log_book: EngineLogBook, speed_text: str) -> None:
        self._log_book = log_book
        self._speed_text = speed_text
        self._version = 0
        self.phase = "starting"
        self.phase_text = "Starting."
        self.source_label = ""
        self.synthetic = False
        self.standings: Mapping[str, Standing] = {}
        self.listings: Mapping[str, Listing] = {}
        self.slept: Sleep | None = None

    def build(
        self,
        states: Iterable[SymbolState],
        desk: DeskSnapshot | None,
        feed: FeedView,
        health: HealthView | None,
        *,
        time_ms: int,
        steady_now_ms: float,
        lag_ms: float,
        sent: tuple[Sent, ...] = (),
        alerts: tuple[PriceAlert, ...] = (),
        margins: AccountMargins = NO_MARGINS,
    ) -> EngineSnapshot:
        """The picture at exchange time `time_ms`."""
        self._version += 1
        known = list(states)
        blocked = desk.blocked if desk else {}
        return EngineSnapshot(
            version=self._version,
            time_ms=time_ms,
            phase=self.phase,
            phase_text=self.phase_text,
            source_label=self.source_label,
            synthetic=self.synthetic,
            speed_text=self._speed_text,
            market=tuple(
                state.row(int(steady_now_ms - state.seen_at_ms) if state.seen_at_ms else 0, blocked.get(state.symbol))
                for state in known
            ),
            desk=desk,
            feed=feed,
            log=self._log_book.lines(),
            log_version=self._log_book.version,
            engine_lag_ms=lag_ms,
            readings={state.symbol: state.reading for state in known if state.reading is not None},
            verdicts={state.symbol: state.verdicts for state in known},
            symbols_ready=sum(state.phase is Phase.READY for state in known),
            symbols_total=len(known),
            health=health,
            sent=sent,
            alerts=alerts,
            waits={state.symbol: _wait(state, steady_now_ms) for state in known if state.phase is not Phase.READY},
            standings=self.standings,
            listings=self.listings,
            slept=self.slept,
            margins=margins,
            forming={state.symbol: state.forming for state in known if state.forming is not None},
        )


def _wait(state: SymbolState, steady_now_ms: float) -> SymbolWait:
    due_ms = int(max(0.0, state.next_try_ms - steady_now_ms)) if state.next_try_ms else None
    return SymbolWait(state.phase.name, due_ms)


def starting_snapshot(settings: EngineSettings) -> EngineSnapshot:
    """The picture before the engine exists."""
    return EngineSnapshot(
        version=0,
        time_ms=wall_ms(),
        phase="starting",
        phase_text="Starting the engine.",
        source_label="",
        synthetic=False,
        speed_text=speed_text(settings),
        market=(),
        desk=None,
        feed=STARTING_FEED,
        log=(),
        log_version=0,
        engine_lag_ms=0.0,
        start_mode=settings.mode,
    )


def speed_text(settings: EngineSettings) -> str:
    """How fast time runs; empty for real time."""
    if settings.lockstep:
        return "speed max"
    return "" if settings.speed == 1.0 else f"speed x{settings.speed:g}"
