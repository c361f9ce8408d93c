"""The first tables.

Types are spelt out and not imported from the models: a migration must do the same for ever.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(length=36)
DIGEST = sa.String(length=64)
WORD = sa.String(length=16)
UTC_TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
WAITING = sa.text("dispatched_at IS NULL")
ACTIVE = sa.text("status IN ('queued', 'running')")
COUNTED = "fk_submissions_counted_run_id_runs"


def upgrade() -> None:
    _blobs()
    _courses()
    _outbox()
    _sweeper_state()
    _users()
    _api_tokens()
    _assignments()
    _audit_entries()
    _enrolments()
    _assignment_versions()
    _submissions()
    _grades()
    _runs()
    _check_results()
    # Submissions and runs point to each other, so this reference comes when both are there.
    with op.batch_alter_table("submissions") as submissions:
        submissions.create_foreign_key(COUNTED, "runs", ["counted_run_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("submissions") as submissions:
        submissions.drop_constraint(COUNTED, type_="foreignkey")
    for table in (
        "check_results",
        "runs",
        "grades",
        "submissions",
        "assignment_versions",
        "enrolments",
        "audit_entries",
        "assignments",
        "api_tokens",
        "users",
        "sweeper_state",
        "outbox",
        "courses",
        "blobs",
    ):
        op.drop_table(table)


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_blobs"),
    )


def _courses() -> None:
    op.create_table(
        "courses",
        sa.Column("id", ID, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_courses"),
        sa.UniqueConstraint("slug", name="uq_courses_slug"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("dispatched_at", UTC_TIME, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_subject_id", "outbox", ["subject_id"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["kind", "next_try_at"],
        unique=False,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def _sweeper_state() -> None:
    op.create_table(
        "sweeper_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_at", UTC_TIME, nullable=False),
        sa.Column("steady_since", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sweeper_state"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("token_hash", DIGEST, nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("expires_at", UTC_TIME, nullable=True),
        sa.Column("revoked_at", UTC_TIME, nullable=True),
        sa.Column("last_used_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_tokens_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"], unique=False)


def _assignments() -> None:
    op.create_table(
        "assignments",
        sa.Column("id", ID, nullable=False),
        sa.Column("course_id", ID, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opens_at", UTC_TIME, nullable=True),
        sa.Column("due_at", UTC_TIME, nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_assignments_course_id_courses"),
        sa.PrimaryKeyConstraint("id", name="pk_assignments"),
        sa.UniqueConstraint("course_id", "slug", name="uq_assignments_course_id_slug"),
    )
    op.create_index("ix_assignments_slug", "assignments", ["slug"], unique=False)


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", ID, nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_audit_entries_actor_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"], unique=False)
    op.create_index(
        "ix_audit_entries_object_type_object_id", "audit_entries", ["object_type", "object_id"], unique=False
    )


def _enrolments() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("course_id", ID, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_enrolments_course_id_courses"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_enrolments_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_enrolments"),
        sa.UniqueConstraint("user_id", "course_id", name="uq_enrolments_user_id_course_id"),
    )
    op.create_index("ix_enrolments_course_id", "enrolments", ["course_id"], unique=False)


def _assignment_versions() -> None:
    op.create_table(
        "assignment_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("max_score", sa.Double(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name="fk_assignment_versions_assignment_id_assignments"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_assignment_versions"),
        sa.UniqueConstraint("assignment_id", "number", name="uq_assignment_versions_assignment_id_number"),
    )


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("counted_run_id", ID, nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name="fk_submissions_assignment_id_assignments"),
        sa.ForeignKeyConstraint(["digest"], ["blobs.digest"], name="fk_submissions_digest_blobs"),
        sa.ForeignKeyConstraint(["student_id"], ["users.id"], name="fk_submissions_student_id_users"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["assignment_versions.id"], name="fk_submissions_version_id_assignment_versions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.UniqueConstraint(
            "student_id", "assignment_id", "number", name="uq_submissions_student_id_assignment_id_number"
        ),
    )
    op.create_index(
        "ix_submissions_assignment_id_created_at", "submissions", ["assignment_id", "created_at"], unique=False
    )
    op.create_index("ix_submissions_digest", "submissions", ["digest"], unique=False)


def _grades() -> None:
    op.create_table(
        "grades",
        sa.Column("id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("max_score", sa.Double(), nullable=True),
        sa.Column("submission_id", ID, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name="fk_grades_assignment_id_assignments"),
        sa.ForeignKeyConstraint(["student_id"], ["users.id"], name="fk_grades_student_id_users"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_grades_submission_id_submissions"),
        sa.PrimaryKeyConstraint("id", name="pk_grades"),
        sa.UniqueConstraint("student_id", "assignment_id", name="uq_grades_student_id_assignment_id"),
    )
    op.create_index("ix_grades_assignment_id", "grades", ["assignment_id"], unique=False)


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cause", WORD, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("outcome", WORD, nullable=True),
        sa.Column("queue", WORD, nullable=False),
        sa.Column("lease", DIGEST, nullable=False),
        sa.Column("lease_expires_at", UTC_TIME, nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("dispatched_at", UTC_TIME, nullable=True),
        sa.Column("dispatches", sa.Integer(), nullable=False),
        sa.Column("started_at", UTC_TIME, nullable=True),
        sa.Column("finished_at", UTC_TIME, nullable=True),
        sa.Column("seconds_total", sa.Double(), nullable=True),
        sa.Column("seconds_execute", sa.Double(), nullable=True),
        sa.Column("seconds_overhead", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("max_score", sa.Double(), nullable=True),
        sa.Column("notices", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("staff_text", sa.Text(), nullable=False),
        sa.Column("cells", JSON, nullable=False),
        sa.Column("peak_memory_mib", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_runs_submission_id_submissions"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["assignment_versions.id"], name="fk_runs_version_id_assignment_versions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("submission_id", "number", name="uq_runs_submission_id_number"),
    )
    op.create_index("ix_runs_queue_started_at", "runs", ["queue", "started_at"], unique=False)
    op.create_index("ix_runs_status_lease_expires_at", "runs", ["status", "lease_expires_at"], unique=False)
    op.create_index("ix_runs_status_queue_created_at", "runs", ["status", "queue", "created_at"], unique=False)
    op.create_index(
        "uq_runs_active", "runs", ["submission_id"], unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE
    )


def _check_results() -> None:
    op.create_table(
        "check_results",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("max_points", sa.Double(), nullable=False),
        sa.Column("verdict", WORD, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=True),
        sa.Column("staff_message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_check_results_run_id_runs"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_check_results"),
    )
