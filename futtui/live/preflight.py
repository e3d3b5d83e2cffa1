"""What is checked before the first real order: modes of the account, rights of the key, clock, money, disk, latch."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from futtui.domain.account import AccountModes, KeyRights
from futtui.domain.errors import ExchangeError
from futtui.domain.health import ClockHealth
from futtui.domain.live_check import Finding
from futtui.live.clock_watch import clock_advice
from futtui.live.kill_file import panic_asked, read_latch
from futtui.live.live_book import LiveBook


class ModesPort(Protocol):
    """What is asked of the account."""

    async def modes(self) -> AccountModes: ...

    async def key_rights(self) -> KeyRights | None: ...

    async def wallet_balance(self) -> Decimal: ...


HEDGE = "The account is in hedge mode, in which stops of futtui would not reduce."
MULTI = "The account is in multi-assets mode, which knows no isolated margin."
MOST_UNSURE_MS = 500
"""A time that is known less well than this may be refused by the exchange when it matters."""
FIX = "Close positions and orders of the account, then run `futtui account --fix`."


async def account_findings(account: ModesPort) -> list[Finding]:
    """Modes, rights and money of the account. Raises ExchangeError when it does not answer."""
    modes = await account.modes()
    found = [
        Finding(modes.can_trade, "The account may trade." if modes.can_trade else "The account may not trade."),
        _mode(modes.hedge, "One-way mode.", HEDGE),
        _mode(modes.multi_asset, "Single-asset mode.", MULTI),
    ]
    found += await _rights(account)
    balance = await account.wallet_balance()
    money = f"{balance:,.2f} USDT on the futures account."
    found.append(Finding(balance > 0, money, "" if balance > 0 else "Transfer money to it first."))
    return found


def _mode(wrong: bool, good: str, bad: str) -> Finding:
    return Finding(False, bad, FIX) if wrong else Finding(True, good)


async def _rights(account: ModesPort) -> Iterable[Finding]:
    try:
        rights = await account.key_rights()
    except ExchangeError as error:
        return [
            Finding(False, f"The rights of the key cannot be read ({error})", "Without knowing them nothing trades.")
        ]
    if rights is None:
        return [Finding(True, "The rights of the key cannot be asked on this host.")]
    found = []
    if rights.can_withdraw:
        advice = "Make a key without it on the exchange's page for API keys; futtui never needs it."
        found.append(Finding(False, "The key may withdraw money.", advice))
    else:
        found.append(Finding(True, "The key cannot withdraw."))
    if not rights.can_trade_futures:
        found.append(Finding(False, "The key may not trade futures.", "Allow it on the exchange's page for API keys."))
    if not rights.bound_to_address:
        advice = "Bind it to your address on the exchange's page for API keys: then it is worthless to a thief."
        found.append(Finding(True, "The key works from every address.", advice))
    return found


async def machine_findings(
    folder: Path | None, clock: ClockHealth | None, book: LiveBook | None, platform: str = sys.platform
) -> list[Finding]:
    """Clock, sleep, disk and kill switch of this PC; `folder` None where nothing outlives the run."""
    found = []
    if clock is not None and (offset_ms := clock.offset_ms) is not None:
        advice = clock_advice(offset_ms, None)
        found.append(Finding(True, f"The clock is {offset_ms:+d} ms off.", advice))
        if clock.uncertainty_ms > MOST_UNSURE_MS:
            text = f"The exchange's time is only known to within {clock.uncertainty_ms} ms."
            found.append(Finding(False, text, "Answers take too long; try again when the connection is better."))
    if platform == "win32":
        text = "While Live has work, Windows is asked not to let this PC sleep."
        found.append(Finding(True, text, "A closed lid and an empty battery still put it to sleep."))
    latch = read_latch(folder) if folder is not None else None
    if latch is not None:
        found.append(Finding(False, f"The kill switch is latched ({latch.reason}).", "Re-arm it first (the ! key)."))
    if folder is not None and panic_asked(folder):
        found.append(Finding(False, f"There is a PANIC file in {folder}.", "Take it away when all is well."))
    if book is not None:
        try:
            await book.secure()
            found.append(Finding(True, "Orders can be written down before they are sent."))
        except OSError as error:
            text = f"Orders cannot be written down before they are sent ({error.strerror})."
            found.append(Finding(False, text, "Check free space and rights of the data folder."))
    return found


def refusal(findings: Iterable[Finding]) -> str | None:
    """Everything that stands against live trading, in one sentence a check; None if nothing does."""
    against = [f"{item.text} {item.advice}".strip() for item in findings if not item.passed]
    return "Live is refused. " + " ".join(against) if against else None
