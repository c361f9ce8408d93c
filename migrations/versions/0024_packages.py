"""Packages (files of a version, points set in a course, tries of their own cases), and invitations to a course."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

DATA = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("assignments", sa.Column("points", DATA, nullable=True))
    op.add_column("assignment_versions", sa.Column("files", DATA, nullable=True))
    op.create_table(
        "case_tries",
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("expected", DATA, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_case_tries_submission_id_submissions")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["assignment_versions.id"], name=op.f("fk_case_tries_version_id_assignment_versions")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_case_tries")),
    )
    op.create_index(op.f("ix_case_tries_version_id_name"), "case_tries", ["version_id", "name"])
    _invitations()


def _invitations() -> None:
    op.create_table(
        "course_invitations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.String(length=36), nullable=False),
        sa.Column("used_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_course_invitations_course_id_courses")),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name=op.f("fk_course_invitations_invited_by_users")),
        sa.ForeignKeyConstraint(["used_by"], ["users.id"], name=op.f("fk_course_invitations_used_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_course_invitations_token_hash")),
    )
    op.create_index(op.f("ix_course_invitations_course_id"), "course_invitations", ["course_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_course_invitations_course_id"), table_name="course_invitations")
    op.drop_table("course_invitations")
    op.drop_index(op.f("ix_case_tries_version_id_name"), table_name="case_tries")
    op.drop_table("case_tries")
    op.drop_column("assignment_versions", "files")
    op.drop_column("assignments", "points")
