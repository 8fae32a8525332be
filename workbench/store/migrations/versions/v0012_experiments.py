"""Tables of experiment runs.

Revision ID: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "experiment_table",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment_table")),
        sa.UniqueConstraint("name", name=op.f("uq_experiment_table_name")),
    )
    op.create_table(
        "experiment_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("table_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["table_id"], ["experiment_table.id"], name=op.f("fk_experiment_run_table_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment_run")),
        sa.UniqueConstraint("table_id", "key", name=op.f("uq_experiment_run_table_id")),
    )


def downgrade() -> None:
    op.drop_table("experiment_run")
    op.drop_table("experiment_table")
