"""LTI 1.3: keys, platforms, launches, links, and the columns and cells of platforms' gradebooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lti_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("private_key", sa.Text(), nullable=False),
        sa.Column("public_key", JSON, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("replaced_at", WHEN, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lti_keys"),
    )
    op.create_table(
        "lti_registrations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("auth_url", sa.Text(), nullable=False),
        sa.Column("token_url", sa.Text(), nullable=False),
        sa.Column("token_audience", sa.Text(), nullable=False),
        sa.Column("jwks_url", sa.Text(), nullable=False),
        sa.Column("jwks", JSON, nullable=True),
        sa.Column("jwks_fetched_at", WHEN, nullable=True),
        sa.Column("frame_origins", JSON, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("disabled_at", WHEN, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lti_registrations"),
        sa.UniqueConstraint("issuer", "client_id", name="uq_lti_registrations_issuer_client_id"),
    )
    op.create_table(
        "lti_invitations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("expires_at", WHEN, nullable=False),
        sa.Column("used_at", WHEN, nullable=True),
        sa.Column("registration_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registrations.id"], name="fk_lti_invitations_registration_id_lti_registrations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lti_invitations"),
        sa.UniqueConstraint("token_hash", name="uq_lti_invitations_token_hash"),
    )
    op.create_table(
        "lti_deployments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("registration_id", sa.String(length=36), nullable=False),
        sa.Column("deployment_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registrations.id"], name="fk_lti_deployments_registration_id_lti_registrations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lti_deployments"),
        sa.UniqueConstraint(
            "registration_id", "deployment_id", name="uq_lti_deployments_registration_id_deployment_id"
        ),
    )
    op.create_table(
        "lti_launches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("registration_id", sa.String(length=36), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("target_url", sa.Text(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("expires_at", WHEN, nullable=False),
        sa.Column("used_at", WHEN, nullable=True),
        sa.Column("ticket_hash", sa.String(length=64), nullable=True),
        sa.Column("ticket_until", WHEN, nullable=True),
        sa.Column("outcome", JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registrations.id"], name="fk_lti_launches_registration_id_lti_registrations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lti_launches"),
        sa.UniqueConstraint("state_hash", name="uq_lti_launches_state_hash"),
        sa.UniqueConstraint("ticket_hash", name="uq_lti_launches_ticket_hash"),
    )
    op.create_index("ix_lti_launches_expires_at", "lti_launches", ["expires_at"])
    op.create_table(
        "lti_user_links",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("registration_id", sa.String(length=36), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("seen_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registrations.id"], name="fk_lti_user_links_registration_id_lti_registrations"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_lti_user_links_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_lti_user_links"),
        sa.UniqueConstraint("registration_id", "sub", name="uq_lti_user_links_registration_id_sub"),
    )
    op.create_index("ix_lti_user_links_user_id", "lti_user_links", ["user_id"])
    op.create_table(
        "lti_contexts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("deployment_id", sa.String(length=36), nullable=False),
        sa.Column("context_id", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=True),
        sa.Column("linked_at", WHEN, nullable=True),
        sa.Column("memberships_url", sa.Text(), nullable=False),
        sa.Column("line_items_url", sa.Text(), nullable=False),
        sa.Column("grade_scopes", JSON, nullable=False),
        sa.Column("roster_synced_at", WHEN, nullable=True),
        sa.Column("roster_problem", sa.Text(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["lti_deployments.id"], name="fk_lti_contexts_deployment_id_lti_deployments"
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_lti_contexts_course_id_courses"),
        sa.PrimaryKeyConstraint("id", name="pk_lti_contexts"),
        sa.UniqueConstraint("deployment_id", "context_id", name="uq_lti_contexts_deployment_id_context_id"),
    )
    op.create_index("ix_lti_contexts_course_id", "lti_contexts", ["course_id"])
    op.create_table(
        "lti_resource_links",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("context_id", sa.String(length=36), nullable=False),
        sa.Column("resource_link_id", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.String(length=36), nullable=True),
        sa.Column("line_item_url", sa.Text(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["context_id"], ["lti_contexts.id"], name="fk_lti_resource_links_context_id_lti_contexts"
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name="fk_lti_resource_links_assignment_id_assignments"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lti_resource_links"),
        sa.UniqueConstraint("context_id", "resource_link_id", name="uq_lti_resource_links_context_id_resource_link_id"),
    )
    op.create_table(
        "lti_line_items",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("context_id", sa.String(length=36), nullable=False),
        sa.Column("assignment_id", sa.String(length=36), nullable=False),
        sa.Column("resource_link_id", sa.String(length=36), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("score_maximum", sa.Double(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(["context_id"], ["lti_contexts.id"], name="fk_lti_line_items_context_id_lti_contexts"),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name="fk_lti_line_items_assignment_id_assignments"
        ),
        sa.ForeignKeyConstraint(
            ["resource_link_id"],
            ["lti_resource_links.id"],
            name="fk_lti_line_items_resource_link_id_lti_resource_links",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lti_line_items"),
        sa.UniqueConstraint("context_id", "assignment_id", name="uq_lti_line_items_context_id_assignment_id"),
    )
    op.create_index("ix_lti_line_items_assignment_id", "lti_line_items", ["assignment_id"])
    op.create_table(
        "lti_grade_syncs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("line_item_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wanted_revision", sa.Integer(), nullable=False),
        sa.Column("wanted_score", sa.Double(), nullable=True),
        sa.Column("wanted_maximum", sa.Double(), nullable=True),
        sa.Column("acked_revision", sa.Integer(), nullable=True),
        sa.Column("acked_score", sa.Double(), nullable=True),
        sa.Column("last_timestamp", WHEN, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", WHEN, nullable=False),
        sa.Column("lease", sa.String(length=36), nullable=False),
        sa.Column("lease_until", WHEN, nullable=True),
        sa.Column("last_try_at", WHEN, nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("failure_told", sa.Boolean(), nullable=False),
        sa.Column("read_at", WHEN, nullable=True),
        sa.Column("read_score", sa.Double(), nullable=True),
        sa.Column("read_maximum", sa.Double(), nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["line_item_id"], ["lti_line_items.id"], name="fk_lti_grade_syncs_line_item_id_lti_line_items"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_lti_grade_syncs_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_lti_grade_syncs"),
        sa.UniqueConstraint("line_item_id", "user_id", name="uq_lti_grade_syncs_line_item_id_user_id"),
    )
    op.create_index("ix_lti_grade_syncs_user_id", "lti_grade_syncs", ["user_id"])
    op.create_index("ix_lti_grade_syncs_state_next_try_at", "lti_grade_syncs", ["state", "next_try_at"])


def downgrade() -> None:
    op.drop_table("lti_grade_syncs")
    op.drop_table("lti_line_items")
    op.drop_table("lti_resource_links")
    op.drop_table("lti_contexts")
    op.drop_table("lti_user_links")
    op.drop_table("lti_launches")
    op.drop_table("lti_deployments")
    op.drop_table("lti_invitations")
    op.drop_table("lti_registrations")
    op.drop_table("lti_keys")
