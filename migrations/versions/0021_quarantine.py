"""Submissions that are kept from workers, and what tells workers and their refused results apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submissions", sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("runs", sa.Column("worker_process", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("runs", "refusals")
    op.drop_column("runs", "worker_process")
    op.drop_column("submissions", "quarantined_at")
