"""Keys of requests, similar submissions, leaderboards, and the number that a check measured."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("check_results") as checks:
        checks.add_column(sa.Column("measure", sa.Double(), nullable=True))
    _requests()
    _similarity()
    op.create_table(
        "leaderboard_entries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("assignment_id", sa.String(length=36), nullable=False),
        sa.Column("student_id", sa.String(length=36), nullable=False),
        sa.Column("nickname", sa.String(length=24), nullable=False),
        sa.Column("folded", sa.String(length=96), nullable=False),
        sa.Column("barred", sa.Boolean(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name="fk_leaderboard_entries_assignment_id_assignments"
        ),
        sa.ForeignKeyConstraint(["student_id"], ["users.id"], name="fk_leaderboard_entries_student_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_leaderboard_entries"),
        sa.UniqueConstraint("assignment_id", "folded", name="uq_leaderboard_entries_assignment_id_folded"),
        sa.UniqueConstraint("assignment_id", "student_id", name="uq_leaderboard_entries_assignment_id_student_id"),
    )


def _requests() -> None:
    op.create_table(
        "idempotent_answers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_idempotent_answers_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_idempotent_answers"),
        sa.UniqueConstraint("user_id", "key", name="uq_idempotent_answers_user_id_key"),
    )
    op.create_index("ix_idempotent_answers_created_at", "idempotent_answers", ["created_at"])


def _similarity() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("assignment_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("with_earlier", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("started_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("seen_at", WHEN, nullable=True),
        sa.Column("finished_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name="fk_comparisons_assignment_id_assignments"),
        sa.ForeignKeyConstraint(["started_by"], ["users.id"], name="fk_comparisons_started_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_comparisons"),
    )
    op.create_index("ix_comparisons_assignment_id", "comparisons", ["assignment_id"])
    op.create_table(
        "similar_pairs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("assignment_id", sa.String(length=36), nullable=False),
        sa.Column("comparison_id", sa.String(length=36), nullable=False),
        sa.Column("first_id", sa.String(length=36), nullable=False),
        sa.Column("second_id", sa.String(length=36), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("shared", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", WHEN, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name="fk_similar_pairs_assignment_id_assignments"
        ),
        sa.ForeignKeyConstraint(
            ["comparison_id"], ["comparisons.id"], name="fk_similar_pairs_comparison_id_comparisons"
        ),
        sa.ForeignKeyConstraint(["first_id"], ["submissions.id"], name="fk_similar_pairs_first_id_submissions"),
        sa.ForeignKeyConstraint(["second_id"], ["submissions.id"], name="fk_similar_pairs_second_id_submissions"),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_similar_pairs_decided_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_similar_pairs"),
        sa.UniqueConstraint("first_id", "second_id", name="uq_similar_pairs_first_id_second_id"),
    )
    op.create_index("ix_similar_pairs_assignment_id_score", "similar_pairs", ["assignment_id", "score"])
    op.create_index("ix_similar_pairs_comparison_id", "similar_pairs", ["comparison_id"])
    op.create_index("ix_similar_pairs_second_id", "similar_pairs", ["second_id"])


def downgrade() -> None:
    for table in ("leaderboard_entries", "similar_pairs", "comparisons", "idempotent_answers"):
        op.drop_table(table)
    with op.batch_alter_table("check_results") as checks:
        checks.drop_column("measure")
