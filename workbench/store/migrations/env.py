"""Run by Alembic: `Database.migrate()` hands over its open transaction."""

from __future__ import annotations

from alembic import context

from workbench.store.base import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
