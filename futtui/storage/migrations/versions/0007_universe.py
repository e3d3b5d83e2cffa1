"""What the choice of symbols remembers over a restart

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "universe_standings",
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("inside", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("limits", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_universe_standings"),
    )


def downgrade() -> None:
    op.drop_table("universe_standings")
