"""Words that a department looks for in what it imports.

Revision ID: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "name_list",
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_name_list_department_id")),
        sa.PrimaryKeyConstraint("department_id", name=op.f("pk_name_list")),
    )


def downgrade() -> None:
    op.drop_table("name_list")
