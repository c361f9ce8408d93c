"""Rubrics, marks given by people, second marks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
UTC_TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rubrics",
        sa.Column("id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=False),
        sa.Column("check_key", sa.Text(), nullable=False),
        sa.Column("criteria", JSON, nullable=False),
        sa.Column("comments", JSON, nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("sample_percent", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name="fk_rubrics_assignment_id_assignments"),
        sa.PrimaryKeyConstraint("id", name="pk_rubrics"),
        sa.UniqueConstraint("assignment_id", "check_key", name="uq_rubrics_assignment_id_check_key"),
    )
    op.create_table(
        "marks",
        sa.Column("id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("check_key", sa.Text(), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("criteria", JSON, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("marker_id", ID, nullable=False),
        sa.Column("automatic", JSON, nullable=True),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("updated_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_marks_submission_id_submissions"),
        sa.ForeignKeyConstraint(["marker_id"], ["users.id"], name="fk_marks_marker_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_marks"),
        sa.UniqueConstraint("submission_id", "check_key", name="uq_marks_submission_id_check_key"),
    )
    op.create_index("ix_marks_marker_id", "marks", ["marker_id"])
    op.create_table(
        "second_marks",
        sa.Column("id", ID, nullable=False),
        sa.Column("mark_id", ID, nullable=False),
        sa.Column("marker_id", ID, nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["mark_id"], ["marks.id"], name="fk_second_marks_mark_id_marks"),
        sa.ForeignKeyConstraint(["marker_id"], ["users.id"], name="fk_second_marks_marker_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_second_marks"),
        sa.UniqueConstraint("mark_id", "marker_id", name="uq_second_marks_mark_id_marker_id"),
    )
    op.create_index("ix_second_marks_marker_id", "second_marks", ["marker_id"])


def downgrade() -> None:
    for table in ("second_marks", "marks", "rubrics"):
        op.drop_table(table)
