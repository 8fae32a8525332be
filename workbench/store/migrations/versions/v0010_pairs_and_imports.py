"""Labels of one set that stand for labels of another; suggestions that came with imported records.

Revision ID: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "label_pair",
        sa.Column("target_set_id", sa.Integer(), nullable=False),
        sa.Column("source_label_id", sa.Integer(), nullable=False),
        sa.Column("target_label_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["target_set_id"], ["label_set.id"], name=op.f("fk_label_pair_target_set_id")),
        sa.ForeignKeyConstraint(["source_label_id"], ["label.id"], name=op.f("fk_label_pair_source_label_id")),
        sa.ForeignKeyConstraint(["target_label_id"], ["label.id"], name=op.f("fk_label_pair_target_label_id")),
        sa.PrimaryKeyConstraint("target_set_id", "source_label_id", name=op.f("pk_label_pair")),
    )
    op.create_table(
        "imported_suggestion",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_imported_suggestion_record_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_imported_suggestion")),
    )


def downgrade() -> None:
    op.drop_table("imported_suggestion")
    op.drop_table("label_pair")
