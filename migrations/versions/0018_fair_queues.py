"""Fair queues: what each course and student was given, terms of a course, and attempts that a newer one replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

HANDED_OUT = sa.text("status IN ('queued', 'running') AND dispatched_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "queue_states",
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("picks", sa.Integer(), nullable=False),
        sa.Column("clock", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("queue", name="pk_queue_states"),
    )
    op.create_table(
        "queue_shares",
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=36), nullable=False),
        sa.Column("given", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_queue_shares_course_id_courses"),
        sa.PrimaryKeyConstraint("queue", "course_id", "owner", name="pk_queue_shares"),
    )
    terms = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    op.add_column("courses", sa.Column("queue_terms", terms, nullable=True))
    op.add_column("submissions", sa.Column("superseded_by", sa.Integer(), nullable=True))
    op.create_index(
        "ix_runs_handed_out", "runs", ["queue", "status"], sqlite_where=HANDED_OUT, postgresql_where=HANDED_OUT
    )


def downgrade() -> None:
    # Older releases do not know the status: such a submission can be run again by staff.
    op.execute("UPDATE submissions SET status = 'failed' WHERE status = 'superseded'")
    op.drop_index("ix_runs_handed_out", table_name="runs")
    op.drop_column("submissions", "superseded_by")
    op.drop_column("courses", "queue_terms")
    op.drop_table("queue_shares")
    op.drop_table("queue_states")
