"""A revision may say which earlier one it restores.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("annotation_change", sa.Column("restores", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("annotation_change", "restores")
