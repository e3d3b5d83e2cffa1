"""What the desk's whole state comes down to: equal for equal states, so that a replay can be proven."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple
from typing import Any

from futtui.desk.accounts import Account
from futtui.desk.state import DeskState
from futtui.desk.storage_form import position_state


def fingerprint(state: DeskState) -> str:
    """A hash over everything that decides: positions, accounts, signals, levels, blocks, prices, pauses."""
    parts: dict[str, Any] = {
        "now": state.now_ms,
        "mode": state.mode.value,
        "paused": [state.paused, state.pause_reason, state.is_shared, state.kill_level],
        "positions": [astuple(position_state(item)) for item in state.open.values()],
        "signals": sorted((item.signal_id, item.status.value, item.tags) for item in state.book.view()),
        "standing": sorted((item.signal_id, item.tags) for item in state.standing.view()),
        "blocks": state.blocks.view(),
        "outside": [sorted(state.external.items()), sorted(state.differing.items())],
        "stale": sorted(state.stale.items()),
        "stopped": sorted(state.stopped),
        "prices": sorted((name, item.time_ms, item.last) for name, item in state.prices.items()),
        "trades": [(item.position_id, item.pnl, item.closed_ms) for item in state.trades],
        "accounts": [[mode.value, *_money(item)] for mode, item in state.accounts.items()],
    }
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _money(account: Account) -> tuple[Any, ...]:
    """What an account remembers."""
    return (
        *(account.start_equity, account.reported_wallet, account.day_start_equity, account.peak_equity),
        *(account.pause_until_ms, account.losses_in_a_row, account.closed_trades, account.net_r),
        sorted(account.beside.items()),
    )
