"""A signal that the user took is open beside the one it was made of

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = "uq_signals_open_place"
PLACE = ["system", "strategy", "symbol", "side"]
OPEN = "status IN ('WAITING', 'ACTIVE')"


def upgrade() -> None:
    op.drop_index(NAME, table_name="signals")
    where = sa.text(f"{OPEN} AND \"trigger\" != 'BY_HAND'")
    op.create_index(NAME, "signals", PLACE, unique=True, sqlite_where=where)


def downgrade() -> None:
    # An older futtui knows neither two open signals of one place nor this trigger, which would keep it from reading.
    closed = "status = 'CLOSED', record = json_set(record, '$.status', 'CLOSED')"
    op.execute(f"UPDATE signals SET {closed} WHERE \"trigger\" = 'BY_HAND' AND {OPEN}")
    known = "\"trigger\" = 'IMMEDIATE', record = json_set(record, '$.raw.trigger', 'IMMEDIATE')"
    op.execute(f"UPDATE signals SET {known} WHERE \"trigger\" = 'BY_HAND'")
    op.drop_index(NAME, table_name="signals")
    op.create_index(NAME, "signals", PLACE, unique=True, sqlite_where=sa.text(OPEN))
