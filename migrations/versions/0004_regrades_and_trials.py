"""Regrade requests; runs made to see what would change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
WORD = sa.String(length=16)
UTC_TIME = sa.DateTime(timezone=True)
OPEN = sa.text("status = 'open'")
TRIAL = "fk_runs_trial_id_trials"
COMPARED = "fk_runs_compared_id_runs"


def upgrade() -> None:
    op.create_table(
        "trials",
        sa.Column("id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("started_by", ID, nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("decided_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name="fk_trials_assignment_id_assignments"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["assignment_versions.id"], name="fk_trials_version_id_assignment_versions"
        ),
        sa.ForeignKeyConstraint(["started_by"], ["users.id"], name="fk_trials_started_by_users"),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_trials_decided_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_trials"),
    )
    op.create_index("ix_trials_assignment_id", "trials", ["assignment_id"])
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("trial_id", ID, nullable=True))
        runs.add_column(sa.Column("compared_id", ID, nullable=True))
        runs.create_foreign_key(TRIAL, "trials", ["trial_id"], ["id"])
        runs.create_foreign_key(COMPARED, "runs", ["compared_id"], ["id"])
        runs.create_index("ix_runs_trial_id", ["trial_id"])
    op.create_table(
        "regrade_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("check_key", sa.Text(), nullable=False),
        sa.Column("check_title", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("points_before", sa.Double(), nullable=False),
        sa.Column("points_after", sa.Double(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("replied_by", ID, nullable=True),
        sa.Column("replied_at", UTC_TIME, nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_regrade_requests_submission_id_submissions"
        ),
        sa.ForeignKeyConstraint(["replied_by"], ["users.id"], name="fk_regrade_requests_replied_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_regrade_requests"),
    )
    op.create_index("ix_regrade_requests_submission_id", "regrade_requests", ["submission_id"])
    op.create_index(
        "uq_regrade_requests_open", "regrade_requests", ["submission_id", "check_key"], unique=True,
        sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("regrade_requests")
    with op.batch_alter_table("runs") as runs:
        runs.drop_index("ix_runs_trial_id")
        runs.drop_constraint(COMPARED, type_="foreignkey")
        runs.drop_constraint(TRIAL, type_="foreignkey")
        runs.drop_column("compared_id")
        runs.drop_column("trial_id")
    op.drop_table("trials")
