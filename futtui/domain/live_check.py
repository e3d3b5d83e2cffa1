"""What stands for and against live trading at one moment, as found by looking at account and machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. Not passed = no live trading; `advice` says what to do, also where a pass is only half of one."""

    passed: bool
    text: str
    advice: str = ""

    def line(self) -> str:
        """For people."""
        sign = "ok  " if self.passed and not self.advice else "note" if self.passed else "NO  "
        return f"{sign}  {self.text}" + (f" {self.advice}" if self.advice else "")


@dataclass(frozen=True, slots=True)
class LiveReport:
    """All findings, and what going live would mean: whose account, how much in it, how much a trade and a day may lose.

    `wallet` in USDT, None = it could not be asked. `key_end`: the last letters of the key, empty where there is none.
    """

    findings: tuple[Finding, ...]
    risk_per_trade_pct: float
    day_loss_limit_pct: float
    wallet: float | None = None
    key_end: str = ""
