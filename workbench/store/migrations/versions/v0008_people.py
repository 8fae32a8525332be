"""Several people: who they are, and who labels what, what they say.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "sharing",
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.CheckConstraint("people >= 1", name=op.f("ck_sharing_people")),
        sa.CheckConstraint("share BETWEEN 0 AND 100", name=op.f("ck_sharing_share")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_sharing_department_id")),
        sa.PrimaryKeyConstraint("department_id", name=op.f("pk_sharing")),
    )
    op.create_table(
        "assignment",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_assignment_record_id")),
        sa.PrimaryKeyConstraint("record_id", "person", name=op.f("pk_assignment")),
    )
    op.create_table(
        "lease",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_lease_record_id")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_lease")),
    )
    op.create_index(op.f("ix_lease_record_id"), "lease", ["record_id"], unique=False)
    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("end", sa.Integer(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_comment_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index(op.f("ix_comment_record_id"), "comment", ["record_id"], unique=False)


def downgrade() -> None:
    for table in ("comment", "lease", "assignment", "sharing", "account"):
        op.drop_table(table)
