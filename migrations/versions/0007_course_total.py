"""How the course total is made: rule and weights."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("courses") as courses:
        courses.add_column(sa.Column("total_rule", JSON, nullable=True))
        courses.add_column(sa.Column("total_revision", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("assignments") as assignments:
        assignments.add_column(sa.Column("weight", sa.Double(), nullable=False, server_default="1"))


def downgrade() -> None:
    with op.batch_alter_table("assignments") as assignments:
        assignments.drop_column("weight")
    with op.batch_alter_table("courses") as courses:
        courses.drop_column("total_revision")
        courses.drop_column("total_rule")
