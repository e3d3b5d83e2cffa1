"""Limits over all positions of one account, checked before a trade is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.side import Side
from futtui.language.counting import counted
from futtui.risk.settings import CapSettings


@dataclass(frozen=True, slots=True)
class Exposure:
    """One open position: its direction, value, and what it still loses at its stop (0 once the stop is safe)."""

    side: Side
    notional: Decimal
    risk_money: Decimal


@dataclass(frozen=True, slots=True)
class AccountRisk:
    """What the caps need to know about an account at one moment; money in USDT, times in ms."""

    equity: Decimal
    day_start_equity: Decimal
    exposures: Sequence[Exposure]
    pause_until_ms: int = 0
    losses_in_a_row: int = 0
    week_pnl: Decimal = Decimal(0)
    """Result of the trades closed since Monday."""
    holds_money: bool = True
    """False: signals are only followed on it, so no limit on losses or crowds may cut their record short."""

    @property
    def open_risk(self) -> Decimal:
        """Money that all open positions lose at their stops."""
        return sum((item.risk_money for item in self.exposures), Decimal(0))

    @property
    def open_notional(self) -> Decimal:
        """Value of all open positions."""
        return sum((item.notional for item in self.exposures), Decimal(0))


def account_refusal(account: AccountRisk, side: Side, time_ms: int, settings: CapSettings) -> str | None:
    """Why the account may not open any further trade in this direction now; None if it may."""
    if account.equity <= 0:
        return "the account has no equity"
    if not account.holds_money:
        return None
    if time_ms < account.pause_until_ms:
        minutes = -(-(account.pause_until_ms - time_ms) // 60_000)
        losses = max(account.losses_in_a_row, settings.loss_streak)  # a win of a trade still open starts the count anew
        return f"{counted(losses, 'loss', 'losses')} in a row, waiting {counted(minutes, 'more minute')}"
    left = day_loss_left_pct(account.equity, account.day_start_equity, settings)
    if left <= 0.0:
        return f"the day loss limit of {settings.day_loss_limit_pct:g} % is reached, trading resumes at 00:00 UTC"
    before = account.equity - account.week_pnl
    if before > 0 and float(-account.week_pnl / before * 100) >= settings.week_loss_limit_pct:
        limit = f"{settings.week_loss_limit_pct:g}"
        return f"the week loss limit of {limit} % is reached, trading resumes on Monday 00:00 UTC"
    if len(account.exposures) >= settings.max_positions:
        held = counted(len(account.exposures), "position is", "positions are")
        return f"{held} open, the limit is {settings.max_positions}"
    same = sum(1 for item in account.exposures if item.side is side)
    if same >= settings.max_same_direction:
        held = counted(same, f"{side.value.lower()} position is", f"{side.value.lower()} positions are")
        return f"{held} open, the limit is {settings.max_same_direction}"
    return None


def trade_refusal(account: AccountRisk, risk_money: Decimal, settings: CapSettings) -> str | None:
    """Why a trade that may lose `risk_money` does not fit into the account's risk limits; None if it fits."""
    if not account.holds_money:
        return None
    open_pct = float(account.open_risk / account.equity * 100)
    new_pct = float(risk_money / account.equity * 100)
    if open_pct + new_pct > settings.max_open_risk_pct + 1e-9:
        return f"open risk would be {open_pct + new_pct:.2f} % of equity, the limit is {settings.max_open_risk_pct:g} %"
    left = day_loss_left_pct(account.equity, account.day_start_equity, settings)
    if new_pct > left + 1e-9:
        return f"it may lose {new_pct:.2f} % but only {left:.2f} % is left until the day loss limit"
    return None


def day_loss_left_pct(equity: Decimal, day_start_equity: Decimal, settings: CapSettings) -> float:
    """How much more, in percent of the day's first equity, may be lost today; never below 0, never above the limit."""
    if day_start_equity <= 0:
        return 0.0
    lost = float((day_start_equity - equity) / day_start_equity * 100)
    return max(0.0, settings.day_loss_limit_pct - max(0.0, lost))
