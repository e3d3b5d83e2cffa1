"""Reads what a person typed after a command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, HOUR_MS, MINUTE_MS, Timeframe

_SPAN = re.compile(r"(\d{1,4})\s*([mhd])")
_UNIT_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
QUOTE = "USDT"


def symbol_in(text: str, known: Sequence[str]) -> str | None:
    """The watched symbol that is meant: `btc`, `BTC/USDT` and `BTCUSDT` are the same; None if it is not watched."""
    wanted = re.sub(r"[^A-Z0-9]", "", text.upper())
    return next((name for name in (wanted, wanted + QUOTE, "1000" + wanted + QUOTE) if name in known), None)


def near_symbols(text: str, known: Sequence[str]) -> list[str]:
    """Watched symbols that look like the text, the most alike first."""
    wanted = text.upper()
    longer = wanted if wanted.endswith(QUOTE) else wanted + QUOTE
    return get_close_matches(longer, known, 3, 0.6)


def span_ms(text: str) -> int | None:
    """`30m`, `4h` or `2d` in milliseconds; None if it is none of these."""
    found = _SPAN.fullmatch(text.strip().lower())
    return None if found is None or int(found[1]) == 0 else int(found[1]) * _UNIT_MS[found[2]]


def timeframe_in(text: str) -> Timeframe | None:
    """The timeframe of a code such as `15m`; None if it is none of ours."""
    return next((each for each in ANALYSIS_TIMEFRAMES if each.code == text.strip().lower()), None)
