"""Why strategies proposed nothing, counted by day

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "no_signals",
        sa.Column("day_ms", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("strategy", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=300), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day_ms", "symbol", "strategy", "kind", name="pk_no_signals"),
    )


def downgrade() -> None:
    op.drop_table("no_signals")
