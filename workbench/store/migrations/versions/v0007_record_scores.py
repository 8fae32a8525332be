"""Scores of records, by which queues are ordered.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_score",
        sa.Column("record_id", sa.Integer(), sa.ForeignKey("record.id", name="fk_record_score_record_id")),
        sa.Column("model_id", sa.Integer(), sa.ForeignKey("model.id", name="fk_record_score_model_id")),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("uncertainty", sa.Double(), nullable=False),
        sa.Column("close", sa.Integer(), nullable=False),
        sa.Column("doubtful", sa.JSON(), nullable=False),
        sa.Column("gap", sa.Double(), nullable=True),
        sa.Column("gap_parts", sa.JSON(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("near_to", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "model_id", name="pk_record_score"),
    )
    op.create_index("ix_record_score_model_id", "record_score", ["model_id"])


def downgrade() -> None:
    op.drop_table("record_score")
