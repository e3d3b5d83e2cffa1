"""What painters look at: one snapshot with the time, the zone and a few look-ups worked out once per beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from futtui.domain.position import TradingMode
from futtui.domain.snapshot import EngineSnapshot, HeldMargin, MarketRow, PositionView
from futtui.domain.symbols import SymbolRules
from futtui.tui.words import word

ENGINE_SILENT_S = 5.0
_SPEED_WORD = "speed "


@dataclass(frozen=True, slots=True)
class View:
    """One beat's view of the engine. `engine_silence_s` is real time since its last new snapshot."""

    snapshot: EngineSnapshot
    now_ms: int
    zone: tzinfo
    zone_name: str
    symbol: str
    by_symbol: Mapping[str, MarketRow]
    engine_silence_s: float = 0.0
    cursor: str = "▸"

    @property
    def mode(self) -> TradingMode:
        """The trading mode; until the desk exists the one that it will start in."""
        return self.snapshot.desk.mode if self.snapshot.desk else self.snapshot.start_mode

    @property
    def failed(self) -> bool:
        """Whether the engine ended for good, at the start or later."""
        return self.snapshot.phase.lower() in ("error", "failed")

    @property
    def engine_silent(self) -> bool:
        """Whether the engine stopped publishing although it had begun."""
        return self.engine_silence_s >= ENGINE_SILENT_S and bool(self.snapshot.market) and not self.failed

    @property
    def stale(self) -> bool:
        """Whether everything on screen is old: no connection, a silent engine, or none any more.

        During a long outage no symbol is ready any more, but prices are on screen all the same.
        """
        snapshot = self.snapshot
        started = bool(snapshot.market) and (snapshot.symbols_ready > 0 or snapshot.phase == "running" or self.failed)
        return self.engine_silent or (started and not snapshot.feed.connected)

    @property
    def stale_age_ms(self) -> int:
        """How old the data is while stale."""
        return int(self.engine_silence_s * 1000) if self.engine_silent else self.snapshot.feed.age_ms

    def alerts(self, symbol: str) -> tuple[float, ...]:
        """Prices of the alerts of a symbol that were not reached yet."""
        return tuple(alert.price for alert in self.snapshot.alerts if alert.symbol == symbol)

    def margin(self, position: PositionView) -> HeldMargin | None:
        """How the position's account holds its symbol; None where it does not tell."""
        held = self.snapshot.margins.held
        return next((item for item in held if (item.mode, item.symbol) == (position.mode, position.symbol)), None)

    def rules(self, symbol: str) -> SymbolRules | None:
        """Rules of a symbol of the market list."""
        row = self.by_symbol.get(symbol)
        return row.rules if row else None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the market data comes from, as the screen must label it; `badge` is empty for a real exchange."""

    badge: str
    short_badge: str
    embedded: bool


def source_of(snapshot: EngineSnapshot) -> Source:
    """The label of the data source: made-up and replayed markets must never pass for the real one."""
    label = snapshot.source_label.lower()
    speed = f" {snapshot.speed_text.removeprefix(_SPEED_WORD)}" if snapshot.speed_text else ""
    if snapshot.synthetic:
        return Source(word("source.synthetic") + speed, word("source.synthetic_short") + speed, True)
    if label.startswith("local exchange"):
        return Source(word("source.local"), word("source.local"), False)
    if "replay" in label or "history" in label:
        return Source(word("source.replay") + speed, word("source.replay_short") + speed, True)
    if "demo" in label or "testnet" in label:
        return Source(word("source.demo"), word("source.demo_short"), False)
    return Source("", "", "embedded" in label)


def live_positions(view: View) -> list[PositionView]:
    """Open positions on real money."""
    desk = view.snapshot.desk
    return [item for item in (desk.positions if desk else ()) if item.mode is TradingMode.LIVE]
