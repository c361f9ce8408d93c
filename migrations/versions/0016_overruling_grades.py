"""Whether somebody asked for a grade to be sent over a teacher's own one on the platform."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lti_grade_syncs") as cells:
        cells.add_column(sa.Column("overrule", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("lti_grade_syncs") as cells:
        cells.drop_column("overrule")
