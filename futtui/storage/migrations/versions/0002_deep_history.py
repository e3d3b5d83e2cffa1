"""Deep history: day blocks of candles, and the files they came from

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "candle_blocks",
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("timeframe", sa.String(length=4), nullable=False),
        sa.Column("day_ms", sa.BigInteger(), nullable=False),
        sa.Column("block", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "day_ms", name=op.f("pk_candle_blocks")),
    )
    op.create_table(
        "archive_files",
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("timeframe", sa.String(length=4), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("first_open_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_open_ms", sa.BigInteger(), nullable=True),
        sa.Column("noted_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_archive_files")),
    )
    op.create_index("ix_archive_files_series", "archive_files", ["symbol", "timeframe", "start_ms"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_archive_files_series", table_name="archive_files")
    op.drop_table("archive_files")
    op.drop_table("candle_blocks")
