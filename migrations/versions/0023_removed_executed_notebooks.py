"""When an executed notebook was removed by the rule for old files; until now only that it was not there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("executed_removed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # Not by copying the table, as batch mode would: runs are many.
    op.drop_column("runs", "executed_removed_at")
