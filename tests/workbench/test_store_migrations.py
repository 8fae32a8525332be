"""The migrations make the tables that the models describe, and starting twice at once does no harm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text

from workbench.store.database import Database
from workbench.store.models import Base

ROOT = Path(__file__).parents[2]
START = "import sys; from workbench.store.database import open_database; open_database(sys.argv[1]); print('started')"


def test_models_and_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_checks_of_the_models_are_in_the_migrations(database: Database) -> None:
    inspector = inspect(database.engine)
    for table in Base.metadata.tables.values():
        expected = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        assert {check["name"] for check in inspector.get_check_constraints(table.name)} == expected, table.name


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.session() as session:
        session.execute(text("INSERT INTO label_set (name) VALUES ('kept')"))
    database.migrate()
    with database.reading() as session:
        assert session.scalar(text("SELECT name FROM label_set")) == "kept"


def test_processes_that_start_at_once_all_succeed(empty_database: Database) -> None:
    url = empty_database.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", START, url], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert out.strip() == "started", err
    with empty_database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM alembic_version")) == 1
