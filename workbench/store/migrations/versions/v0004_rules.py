"""Suggestions by rules; a rejection counts whoever suggests the same again.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.store.migrations.checks import replace_check

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OLD_ORIGINS = "origin IN ('manual', 'suggestion', 'changed', 'import')"
ORIGINS = "origin IN ('manual', 'suggestion', 'rule', 'propagated', 'changed', 'import')"
PLACE = ["record_id", "start", "end", "label_id", "author"]


def upgrade() -> None:
    replace_check("span", "ck_span_origin", OLD_ORIGINS, ORIGINS)
    op.create_table(
        "rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('propagated', 'term', 'pattern')", name=op.f("ck_rule_kind")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_rule_department_id")),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name=op.f("fk_rule_label_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
    )
    op.create_index(op.f("ix_rule_department_id"), "rule", ["department_id"], unique=False)
    op.execute(
        'DELETE FROM decision WHERE id NOT IN (SELECT max(id) FROM decision GROUP BY record_id, start, "end", '
        "label_id, author)"  # the last one of a place counts
    )
    kinds = sa.CheckConstraint("kind IN ('accepted', 'rejected', 'edited')", name=op.f("ck_decision_kind"))
    with op.batch_alter_table("decision", table_args=(kinds,)) as table:
        table.add_column(sa.Column("origin", sa.Text(), nullable=False, server_default="model"))
        table.alter_column("model_id", existing_type=sa.Integer(), nullable=True)
        table.drop_constraint(op.f("uq_decision_record_id"), type_="unique")
        table.create_unique_constraint(op.f("uq_decision_record_id"), PLACE)


def downgrade() -> None:
    op.execute("DELETE FROM decision WHERE model_id IS NULL")
    kinds = sa.CheckConstraint("kind IN ('accepted', 'rejected', 'edited')", name=op.f("ck_decision_kind"))
    with op.batch_alter_table("decision", table_args=(kinds,)) as table:
        table.drop_constraint(op.f("uq_decision_record_id"), type_="unique")
        table.create_unique_constraint(op.f("uq_decision_record_id"), ["record_id", "model_id", *PLACE[1:]])
        table.alter_column("model_id", existing_type=sa.Integer(), nullable=False)
        table.drop_column("origin")
    op.drop_table("rule")
    op.execute("UPDATE span SET origin = 'manual' WHERE origin IN ('rule', 'propagated')")
    replace_check("span", "ck_span_origin", ORIGINS, OLD_ORIGINS)
