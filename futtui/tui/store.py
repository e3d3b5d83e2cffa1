"""The read side of the engine: takes the newest snapshot and works out once what all panels need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from time import monotonic

from futtui.domain.snapshot import EngineSnapshot, MarketRow
from futtui.tui.engine_port import EnginePort
from futtui.tui.glyphs import CURSOR
from futtui.tui.paint.view import View


class Store:
    """Gives a fresh `View` on each beat. `real_clock_s` is a steady clock in seconds; tests pass their own."""

    def __init__(
        self, engine: EnginePort, zone: tzinfo, zone_name: str, real_clock_s: Callable[[], float] = monotonic
    ) -> None:
        self._engine = engine
        self._zone = zone
        self._zone_name = zone_name
        self._real_clock_s = real_clock_s
        self._seen: EngineSnapshot | None = None
        self._seen_at_s = real_clock_s()
        self._market: tuple[MarketRow, ...] | None = None
        self._by_symbol: dict[str, MarketRow] = {}
        self.symbol = ""
        self.new_snapshots = 0

    def show_zone(self, zone: tzinfo, zone_name: str) -> None:
        """From now on times are shown in this zone."""
        self._zone, self._zone_name = zone, zone_name

    def now_s(self) -> float:
        """Seconds of the steady clock."""
        return self._real_clock_s()

    def read(self) -> View:
        """The newest view of the engine."""
        snapshot = self._engine.snapshot()
        now_s = self._real_clock_s()
        if snapshot is not self._seen:
            self._seen, self._seen_at_s = snapshot, now_s
            self.new_snapshots += 1
        if snapshot.market is not self._market:
            self._market = snapshot.market
            self._by_symbol = {row.symbol: row for row in snapshot.market}
        if self.symbol not in self._by_symbol:
            self.symbol = ""
        return View(
            snapshot=snapshot,
            now_ms=self._engine.exchange_time_ms(),
            zone=self._zone,
            zone_name=self._zone_name,
            symbol=self.symbol,
            by_symbol=self._by_symbol,
            engine_silence_s=max(0.0, now_s - self._seen_at_s),
            cursor=CURSOR,
        )
