"""Grades that go to platforms: drafts, turns at a column, and what reading back found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("lti_contexts") as contexts:
        contexts.add_column(sa.Column("sends_drafts", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("lti_line_items") as items:
        items.add_column(sa.Column("lease", sa.String(length=36), nullable=False, server_default=""))
        items.add_column(sa.Column("lease_until", WHEN, nullable=True))
        items.add_column(sa.Column("reconciled_at", WHEN, nullable=True))
    with op.batch_alter_table("lti_grade_syncs") as syncs:
        syncs.add_column(sa.Column("wanted_draft", sa.Boolean(), nullable=False, server_default=sa.false()))
        syncs.add_column(sa.Column("sent_score", sa.Double(), nullable=True))
        syncs.add_column(sa.Column("difference", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("lti_grade_syncs") as syncs:
        syncs.drop_column("difference")
        syncs.drop_column("sent_score")
        syncs.drop_column("wanted_draft")
    with op.batch_alter_table("lti_line_items") as items:
        items.drop_column("reconciled_at")
        items.drop_column("lease_until")
        items.drop_column("lease")
    with op.batch_alter_table("lti_contexts") as contexts:
        contexts.drop_column("sends_drafts")
