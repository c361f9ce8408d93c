"""When people last looked at their home page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "home_visits",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("looked_at", UTC_TIME, nullable=False),
        sa.Column("news_since", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_home_visits_user_id_users"),
        sa.PrimaryKeyConstraint("user_id", name="pk_home_visits"),
    )


def downgrade() -> None:
    op.drop_table("home_visits")
