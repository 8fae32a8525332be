"""Label sets may allow overlapping spans; labels have guidelines.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("label_set", sa.Column("overlaps", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("label_set", sa.Column("guideline", sa.Text(), nullable=False, server_default=""))
    op.add_column("label", sa.Column("guideline", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("label", "guideline")
    op.drop_column("label_set", "guideline")
    op.drop_column("label_set", "overlaps")
