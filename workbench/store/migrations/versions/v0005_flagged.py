"""Records may be flagged.

Revision ID: 0005
"""

from __future__ import annotations

from alembic import op

from workbench.store.migrations.checks import replace_check

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OLD_STATES = "status IN ('draft', 'submitted', 'skipped')"
STATES = "status IN ('draft', 'submitted', 'skipped', 'flagged')"


def upgrade() -> None:
    replace_check("annotation", "ck_annotation_status", OLD_STATES, STATES)


def downgrade() -> None:
    op.execute("UPDATE annotation SET status = 'draft' WHERE status = 'flagged'")
    replace_check("annotation", "ck_annotation_status", STATES, OLD_STATES)
