"""Why an order that is not ours closed something, by the client id that it carries."""

from __future__ import annotations

from futtui.domain.position import ExitReason

FORCED = {
    "autoclose-": ExitReason.LIQUIDATION,
    "adl_autoclose": ExitReason.DELEVERAGED,
    "settlement_autoclose-": ExitReason.SETTLED,
    "delivery_autoclose-": ExitReason.SETTLED,
}
"""Client ids that the exchange gives to its own orders."""
ADJUSTMENT = "adjustment"


def reason_of(client_id: str) -> ExitReason:
    """What the exchange's own orders do by force, a correction of our books, or somebody's hand."""
    if client_id == ADJUSTMENT:
        return ExitReason.ADJUSTED
    return next((reason for mark, reason in FORCED.items() if client_id.startswith(mark)), ExitReason.MANUAL)
