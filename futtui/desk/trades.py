"""The trade that a closed position makes: everything derived from its fills."""

from __future__ import annotations

from futtui.desk.positions import Position
from futtui.desk.storage_form import tidy_price
from futtui.domain.position import Trade


def trade_of(position: Position) -> Trade:
    """Net result of a flat position: fills, fees and funding; R on the money that the first stop risked."""
    plan, ledger = position.plan, position.ledger
    pnl = ledger.net
    risk = position.risk_per_unit * ledger.entry_quantity
    return Trade(
        position_id=position.position_id,
        signal_id=plan.signal_id,
        symbol=plan.symbol,
        system=plan.system,
        strategy=plan.strategy,
        side=plan.side,
        mode=plan.mode,
        quantity=ledger.entry_quantity,
        entry_price=tidy_price(position.entry_price),
        initial_stop=plan.stop,
        opened_ms=position.opened_ms,
        closed_ms=max(ledger.legs[-1].time_ms, position.opened_ms),
        legs=tuple(ledger.legs),
        fees=ledger.fees,
        funding=ledger.funding,
        pnl=pnl,
        result_r=float(pnl / risk),
        result_pct=float(pnl / ledger.entry_value * 100),
        mfe_r=max(0.0, position.in_r(position.best_price)),
        mae_r=min(0.0, position.in_r(position.worst_price)),
        score=plan.score,
    )
