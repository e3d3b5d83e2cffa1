"""What the reader can do about an error code of the exchange, in one sentence each. Data, not code."""

from __future__ import annotations

_BUG = "This is a mistake in futtui's request; please report it with the log file."
_KEY = "Check the API key: futures permission, allowed addresses, and that it belongs to this exchange host."
_ROUND = "The amount or price is not on the exchange's grid; futtui reloads the trading rules."

HINTS: dict[int, str] = {
    -1003: "Too many requests; futtui waits.",
    -1008: "The exchange is overloaded; futtui tries again later.",
    -1015: "Too many orders in a short time; futtui pauses new orders.",
    -1016: "The exchange is under maintenance; wait until it is back.",
    -1021: "The computer's clock differs from the exchange's; futtui measures the difference again. "
    "If it repeats, switch on automatic time in the system settings.",
    -1022: "The signature is wrong: check that key and secret belong together.",
    -1109: "The account is not active for futures; open it on the exchange's site.",
    -1111: _ROUND,
    -1120: _BUG,
    -1121: "The exchange does not know this symbol; check its spelling in the configuration.",
    -1125: "The key of the account stream ran out; futtui asks for a new one.",
    -1130: _BUG,
    -2010: "The order was rejected; futtui gives it up.",
    -2011: "The order is not open any more; futtui looks up what became of it.",
    -2013: "The exchange does not know this order.",
    -2014: _KEY,
    -2015: _KEY,
    -2018: "The balance is too small; use a smaller size or add funds.",
    -2019: "The margin is too small; use a smaller size or add funds.",
    -2021: "The trigger price is already passed, the order would fire at once.",
    -2022: "There is no position left that this order could reduce.",
    -2023: "The account is in liquidation; nothing can be opened.",
    -2025: "Too many open orders on this symbol; cancel some.",
    -2027: "The position would be too large for the leverage; use a smaller size or lower leverage.",
    -2028: "The leverage is too low for the position that is open.",
    -4003: _ROUND,
    -4004: _ROUND,
    -4005: "The amount is above the exchange's maximum for this symbol.",
    -4014: _ROUND,
    -4016: "The price is too far above the mark price.",
    -4023: _ROUND,
    -4024: "The price is too far below the mark price.",
    -4028: "The exchange does not offer this leverage for the symbol.",
    -4045: "Too many conditional orders are open in the account (200 at most); cancel old ones.",
    -4046: "The margin type was already set.",
    -4047: "The margin type cannot change while orders are open on the symbol.",
    -4048: "The margin type cannot change while a position is open on the symbol.",
    -4061: "The account uses hedge mode; switch it to one-way mode on the exchange.",
    -4116: "An order with this name exists already, so an earlier attempt arrived.",
    -4120: _BUG,
    -4131: "The market order would run too far from the mark price; use a smaller size.",
    -4140: "The symbol is not open for new positions.",
    -4141: "The symbol is closed for trading.",
    -4161: "The leverage cannot be lowered while an isolated position is open.",
    -4164: "The order is worth less than the exchange's minimum; use a bigger size.",
    -4192: "The exchange imposed a cooling-off time on the account.",
    -4400: "The exchange restricted the account (quantitative rules); only closing is possible.",
    -5021: "The order could not be filled at once and was dropped, as asked.",
    -5022: "The order would have taken liquidity and was dropped, as asked.",
    -5028: "The request reached the exchange too late by its clock; futtui measures the clock again.",
}


def hint_for(code: int) -> str:
    """What the reader can do, or a general sentence for a code without its own."""
    return HINTS.get(code, "futtui gives this request up; look up the code on the exchange's error page.")
