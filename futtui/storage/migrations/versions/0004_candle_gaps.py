"""The gap ledger: holes in the stored candles

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "candle_gaps",
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("timeframe", sa.String(length=4), nullable=False),
        sa.Column("first_open_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_open_ms", sa.BigInteger(), nullable=False),
        sa.Column("gap_class", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_try_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "first_open_ms", name="pk_candle_gaps"),
    )
    op.create_index("ix_candle_gaps_state", "candle_gaps", ["state", "closed_ms"])


def downgrade() -> None:
    op.drop_index("ix_candle_gaps_state", table_name="candle_gaps")
    op.drop_table("candle_gaps")
