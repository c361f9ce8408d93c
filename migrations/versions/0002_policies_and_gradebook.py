"""Policies, extensions, late tokens, sections, overridden grades, executed notebooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
DIGEST = sa.String(length=64)
UTC_TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
CHOSEN = "fk_grades_chosen_submission_id_submissions"
EXECUTED = "fk_runs_executed_digest_blobs"


def upgrade() -> None:
    with op.batch_alter_table("courses") as courses:
        courses.add_column(sa.Column("late_tokens", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("assignments") as assignments:
        assignments.add_column(sa.Column("closes_at", UTC_TIME, nullable=True))
        assignments.add_column(sa.Column("policy", JSON, nullable=True))
        assignments.add_column(sa.Column("policy_revision", sa.Integer(), nullable=False, server_default="0"))
        assignments.add_column(sa.Column("grades_hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("enrolments") as enrolments:
        enrolments.add_column(sa.Column("section", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("executed_digest", DIGEST, nullable=True))
        runs.create_foreign_key(EXECUTED, "blobs", ["executed_digest"], ["digest"])
        runs.create_index("ix_runs_executed_digest", ["executed_digest"])
    _grades()
    op.create_table(
        "extensions",
        sa.Column("id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("due_at", UTC_TIME, nullable=True),
        sa.Column("closes_at", UTC_TIME, nullable=True),
        sa.Column("extra_attempts", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("updated_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name="fk_extensions_assignment_id_assignments"),
        sa.ForeignKeyConstraint(["student_id"], ["users.id"], name="fk_extensions_student_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_extensions"),
        sa.UniqueConstraint("assignment_id", "student_id", name="uq_extensions_assignment_id_student_id"),
    )
    op.create_index("ix_extensions_student_id", "extensions", ["student_id"])


def downgrade() -> None:
    op.drop_table("extensions")
    with op.batch_alter_table("grades") as grades:
        grades.drop_constraint(CHOSEN, type_="foreignkey")
        for column in (
            "chosen_submission_id", "note", "excused", "override_score", "computed_score", "kept_share", "raw_score",
        ):  # fmt: skip
            grades.drop_column(column)
    with op.batch_alter_table("runs") as runs:
        runs.drop_constraint(EXECUTED, type_="foreignkey")
        runs.drop_index("ix_runs_executed_digest")
        runs.drop_column("executed_digest")
    with op.batch_alter_table("enrolments") as enrolments:
        enrolments.drop_column("section")
    with op.batch_alter_table("assignments") as assignments:
        for column in ("grades_hidden", "policy_revision", "policy", "closes_at"):
            assignments.drop_column(column)
    with op.batch_alter_table("courses") as courses:
        courses.drop_column("late_tokens")


def _grades() -> None:
    with op.batch_alter_table("grades") as grades:
        grades.add_column(sa.Column("raw_score", sa.Double(), nullable=True))
        grades.add_column(sa.Column("kept_share", sa.Double(), nullable=False, server_default="1"))
        grades.add_column(sa.Column("computed_score", sa.Double(), nullable=True))
        grades.add_column(sa.Column("override_score", sa.Double(), nullable=True))
        grades.add_column(sa.Column("excused", sa.Boolean(), nullable=False, server_default=sa.false()))
        grades.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        grades.add_column(sa.Column("chosen_submission_id", ID, nullable=True))
        grades.create_foreign_key(CHOSEN, "submissions", ["chosen_submission_id"], ["id"])
    # Until now a grade was its best submission's score, and nothing else.
    op.execute("UPDATE grades SET raw_score = score, computed_score = score")
