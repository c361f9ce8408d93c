"""Figures that all processes add up, and the workers as they tell of themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
DATA = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "measures",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("labels", sa.String(length=240), nullable=False),
        sa.Column("bucket", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", "bucket", name="pk_measures"),
    )
    op.create_table(
        "worker_nodes",
        sa.Column("node", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("queues", DATA, nullable=False),
        sa.Column("taking", DATA, nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("runs", DATA, nullable=False),
        sa.Column("devices", DATA, nullable=False),
        sa.Column("started_at", UTC_TIME, nullable=False),
        sa.Column("heard_at", UTC_TIME, nullable=False),
        sa.Column("drained_at", UTC_TIME, nullable=True),
        sa.Column("drained_by", sa.Text(), nullable=False),
        sa.Column("drain_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_worker_nodes"),
    )
    op.create_index("ix_worker_nodes_heard_at", "worker_nodes", ["heard_at"])


def downgrade() -> None:
    op.drop_table("worker_nodes")
    op.drop_table("measures")
