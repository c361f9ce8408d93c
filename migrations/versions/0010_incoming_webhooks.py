"""Incoming webhooks: senders and what came from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "incoming_senders",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("old_secret", sa.Text(), nullable=True),
        sa.Column("old_secret_until", WHEN, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("disabled_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_incoming_senders_course_id_courses"),
        sa.PrimaryKeyConstraint("id", name="pk_incoming_senders"),
    )
    op.create_index("ix_incoming_senders_course_id", "incoming_senders", ["course_id"])
    op.create_table(
        "incoming_messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("sender_id", sa.String(length=36), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("claim", sa.String(length=200), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["incoming_senders.id"], name="fk_incoming_messages_sender_id_incoming_senders"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_incoming_messages"),
        sa.UniqueConstraint("sender_id", "claim", name="uq_incoming_messages_sender_id_claim"),
    )
    op.create_index("ix_incoming_messages_sender_id", "incoming_messages", ["sender_id"])


def downgrade() -> None:
    op.drop_table("incoming_messages")
    op.drop_table("incoming_senders")
