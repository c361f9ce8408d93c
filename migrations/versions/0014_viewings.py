"""Staff who look at a course as one of its students, and whether assistants may."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("courses") as courses:
        courses.add_column(sa.Column("assistants_may_view", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "viewings",
        sa.Column("id", ID, nullable=False),
        sa.Column("viewer_id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("course_id", ID, nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("until", UTC_TIME, nullable=False),
        sa.Column("ended_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["viewer_id"], ["users.id"], name="fk_viewings_viewer_id_users"),
        sa.ForeignKeyConstraint(["student_id"], ["users.id"], name="fk_viewings_student_id_users"),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_viewings_course_id_courses"),
        sa.PrimaryKeyConstraint("id", name="pk_viewings"),
    )
    op.create_index("ix_viewings_viewer_id", "viewings", ["viewer_id"])


def downgrade() -> None:
    op.drop_table("viewings")
    with op.batch_alter_table("courses") as courses:
        courses.drop_column("assistants_may_view")
