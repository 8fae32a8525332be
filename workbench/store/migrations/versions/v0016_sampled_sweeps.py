"""Studies of sampled sweeps and their trials; a run may end as pruned.

Revision ID: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.store.migrations.checks import replace_check

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BEFORE = "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')"
AFTER = "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'pruned')"


def upgrade() -> None:
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("space", sa.JSON(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_study_sweep_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_study_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
    )
    op.create_index("ix_study_sweep_id", "study", ["sweep_id"])
    op.create_table(
        "trial",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_trial_study_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_trial_run_id")),
        sa.PrimaryKeyConstraint("study_id", "number", name=op.f("pk_trial")),
    )
    op.create_index("ix_trial_run_id", "trial", ["run_id"])
    replace_check("run", "ck_run_state", BEFORE, AFTER)


def downgrade() -> None:
    op.execute(sa.text("UPDATE run SET state = 'cancelled' WHERE state = 'pruned'"))
    replace_check("run", "ck_run_state", AFTER, BEFORE)
    op.drop_table("trial")
    op.drop_table("study")
