"""Groups of students who hand in together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
UTC_TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("assignments") as assignments:
        assignments.add_column(sa.Column("group_rules", JSON, nullable=True))
    op.create_table(
        "student_groups",
        sa.Column("id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name="fk_student_groups_assignment_id_assignments"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_student_groups"),
        sa.UniqueConstraint("assignment_id", "name", name="uq_student_groups_assignment_id_name"),
    )
    op.create_table(
        "group_members",
        sa.Column("id", ID, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["student_groups.id"], name="fk_group_members_group_id_student_groups"),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name="fk_group_members_assignment_id_assignments"
        ),
        sa.ForeignKeyConstraint(["student_id"], ["users.id"], name="fk_group_members_student_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_group_members"),
        sa.UniqueConstraint("assignment_id", "student_id", name="uq_group_members_assignment_id_student_id"),
    )
    op.create_index("ix_group_members_group_id", "group_members", ["group_id"])
    op.create_index("ix_group_members_student_id", "group_members", ["student_id"])
    op.create_table(
        "submission_members",
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_submission_members_submission_id_submissions"
        ),
        sa.ForeignKeyConstraint(["student_id"], ["users.id"], name="fk_submission_members_student_id_users"),
        sa.PrimaryKeyConstraint("submission_id", "student_id", name="pk_submission_members"),
    )
    op.create_index("ix_submission_members_student_id", "submission_members", ["student_id"])


def downgrade() -> None:
    op.drop_table("submission_members")
    op.drop_table("group_members")
    op.drop_table("student_groups")
    with op.batch_alter_table("assignments") as assignments:
        assignments.drop_column("group_rules")
