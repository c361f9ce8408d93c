"""How long files are kept, and which of them were removed on purpose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "retention_rules",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("executed_months", sa.Integer(), nullable=True),
        sa.Column("files_months", sa.Integer(), nullable=True),
        sa.Column("updated_at", UTC_TIME, nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["updated_by"], ["users.id"], name="fk_retention_rules_updated_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_retention_rules"),
    )
    op.add_column("blobs", sa.Column("removed_at", UTC_TIME, nullable=True))
    op.add_column("blobs", sa.Column("purged_at", UTC_TIME, nullable=True))
    op.create_index("ix_blobs_removed_at", "blobs", ["removed_at"])


def downgrade() -> None:
    op.drop_index("ix_blobs_removed_at", table_name="blobs")
    with op.batch_alter_table("blobs") as blobs:
        blobs.drop_column("purged_at")
        blobs.drop_column("removed_at")
    op.drop_table("retention_rules")
