"""${message}

Revision: ${up_revision}
"""

from alembic import op
import sqlalchemy as sa

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "op.execute('SELECT 1')"}


def downgrade() -> None:
    ${downgrades if downgrades else "op.execute('SELECT 1')"}
