"""Comments from staff on submissions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "submission_comments",
        sa.Column("id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("check_key", sa.Text(), nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("author_role", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("edited_at", UTC_TIME, nullable=True),
        sa.Column("removed_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_submission_comments_submission_id_submissions"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_submission_comments_author_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_submission_comments"),
    )
    op.create_index("ix_submission_comments_submission_id", "submission_comments", ["submission_id"])


def downgrade() -> None:
    op.drop_table("submission_comments")
