"""Labels remember their former names and what they were merged into.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("label", sa.Column("former_names", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("label", sa.Column("merged_into", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("label", "merged_into")
    op.drop_column("label", "former_names")
