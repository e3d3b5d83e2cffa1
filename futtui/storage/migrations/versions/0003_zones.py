"""Zones and what happened at them

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "zones",
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("zone_id", sa.String(length=60), nullable=False),
        sa.Column("timeframe", sa.String(length=4), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=True),
        sa.Column("purity", sa.Float(), nullable=True),
        sa.Column("touches", sa.Integer(), nullable=False),
        sa.Column("bounces", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_touch_ms", sa.BigInteger(), nullable=False),
        sa.Column("flipped_ms", sa.BigInteger(), nullable=True),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("merged", sa.Text(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "zone_id", name=op.f("pk_zones")),
    )
    op.create_table(
        "zone_events",
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=90), nullable=False),
        sa.Column("zone_id", sa.String(length=60), nullable=False),
        sa.Column("timeframe", sa.String(length=4), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("zone_kind", sa.String(length=12), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        sa.Column("size_atr", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("symbol", "event_id", name=op.f("pk_zone_events")),
    )
    op.create_index("ix_zone_events_zone", "zone_events", ["symbol", "zone_id", "time_ms"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_zone_events_zone", table_name="zone_events")
    op.drop_table("zone_events")
    op.drop_table("zones")
