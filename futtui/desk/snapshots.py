"""Builds the desk's snapshot: immutable, and rebuilt only where something changed."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from futtui.desk.accounts import Account
from futtui.desk.positions import Position
from futtui.desk.signal_book import SignalBook
from futtui.desk.standing import StandingBook
from futtui.desk.storage_form import guard_text
from futtui.desk.story import story_of
from futtui.domain.position import Trade, TradingMode
from futtui.domain.signal import Signal
from futtui.domain.snapshot import NO_STORY, DeskSnapshot, PositionView
from futtui.domain.symbols import to_decimal
from futtui.risk.settings import ExitSettings, RiskSettings


class SnapshotBuilder:
    """Remembers rows by version, so that a price change of one symbol rebuilds one row."""

    def __init__(self) -> None:
        self._rows: dict[str, PositionView] = {}
        self._signals: tuple[Signal, ...] = ()
        self._signals_version = -1
        self._standing: tuple[Signal, ...] = ()
        self._standing_version = -1

    def build(
        self,
        *,
        version: int,
        time_ms: int,
        mode: TradingMode,
        pause_reason: str,
        kill_level: int,
        account: Account,
        risk: RiskSettings,
        positions: Iterable[Position],
        book: SignalBook,
        standing: StandingBook,
        trades: Iterable[Trade],
        blocked: dict[str, tuple[int, str]],
    ) -> DeskSnapshot:
        """The desk at `time_ms`; trades newest first."""
        held = list(positions)
        if book.version != self._signals_version:
            self._signals, self._signals_version = book.view(), book.version
        if standing.version != self._standing_version:
            self._standing, self._standing_version = standing.view(), standing.version
        return DeskSnapshot(
            version=version,
            time_ms=time_ms,
            mode=mode,
            paused=bool(pause_reason),
            pause_reason=pause_reason,
            kill_level=kill_level,
            account=account.view([item for item in held if item.plan.mode is mode], risk.caps),
            signals=self._signals,
            positions=self._views(held, risk.exits),
            trades=tuple(trades),
            blocked=MappingProxyType(blocked),
            expired_today=book.expired_today,
            signals_today=book.signals_today,
            standing=self._standing,
        )

    def _views(self, held: list[Position], exits: ExitSettings) -> tuple[PositionView, ...]:
        rows: dict[str, PositionView] = {}
        for position in held:
            known = self._rows.get(position.position_id)
            if known is None or known.version != position.version:
                known = position_view(position, exits)
            rows[position.position_id] = known
        self._rows = rows
        return tuple(rows.values())


def position_view(position: Position, exits: ExitSettings | None = None) -> PositionView:
    """One position marked to its last price, net of fees paid so far; with its story where the rules are given."""
    plan, ledger = position.plan, position.ledger
    pnl = ledger.net + ledger.unrealized(to_decimal(position.last_price))
    size = ledger.entry_quantity or plan.quantity
    value = size * position.entry_price
    return PositionView(
        position_id=position.position_id,
        signal_id=plan.signal_id,
        symbol=plan.symbol,
        side=plan.side,
        system=plan.system.value,
        strategy=plan.strategy,
        mode=plan.mode,
        status=position.status.value,
        quantity=float(ledger.open if ledger.entry_quantity else plan.quantity),
        entry_price=float(position.entry_price),
        mark_price=position.last_price,
        stop=float(position.stop),
        targets=tuple(float(position.targets[item.target - 1]) for item in position.slices),
        targets_hit=len(position.completed),
        pnl=float(pnl),
        pnl_pct=float(pnl / value * 100) if value else 0.0,
        pnl_r=float(pnl / (position.risk_per_unit * size)),
        opened_ms=position.opened_ms,
        guard=guard_text(position),
        version=position.version,
        story=story_of(position, exits) if exits is not None else NO_STORY,
    )
