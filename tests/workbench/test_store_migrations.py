"""The migrations make the tables that the models describe, and starting twice at once does no harm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.exc import IntegrityError

from workbench.store import comments, people, sharing  # noqa: F401 - their tables
from workbench.store.base import Base
from workbench.store.database import Database
from workbench.store.models import Label

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


def test_labels_and_decisions_of_the_first_version_stay(empty_database: Database) -> None:
    empty_database.migrate("0001")
    day = "'2026-01-01 00:00:00'"
    rows = [
        "label_set (id, name) VALUES (1, 'clinical')",
        "department (id, name, label_set_id, scheme, generated, created_at) "
        f"VALUES (1, 'Ward', 1, 'word', false, {day})",
        "label (id, label_set_id, name, colour, position, retired) VALUES (1, 1, 'Problem', 0, 0, false)",
        "record (id, department_id, external_id, text, split, position, tokens, sentence_starts, tokenizer) "
        "VALUES (1, 1, 'r', 'fever', 'pool', 0, '[[0, 5]]', '[0]', 'word-1')",
        f"annotation (id, record_id, author, status, revision, updated_at) VALUES (1, 1, 'me', 'draft', 1, {day})",
        "span (annotation_id, span_id, start, \"end\", label_id, origin) VALUES (1, 's', 0, 5, 1, 'manual')",
    ]
    for number in (1, 2):  # two models, of which the second was answered last
        run = "run (id, kind, department_id, title, spec, spec_hash, state, attempt, cancel_requested, created_at"
        rows += [
            f"{run}, code_version) "
            f"VALUES ({number}, 'train', 1, 't', '{{}}', 'h{number}', 'queued', 0, false, {day}, '')",
            "model (id, department_id, run_id, version, folder, hash, scores, created_at) "
            f"VALUES ({number}, 1, {number}, {number}, '', '', '{{}}', {day})",
            'decision (record_id, model_id, start, "end", label_id, kind, author, at) '
            f"VALUES (1, {number}, 0, 5, 1, '{('accepted', 'rejected')[number - 1]}', 'me', {day})",
        ]
    with empty_database.session() as session:
        for row in rows:
            session.execute(text(f"INSERT INTO {row}"))
    empty_database.migrate()
    with empty_database.session() as session:
        found = session.execute(text("SELECT model_id, origin, kind FROM decision")).all()
        assert [tuple(row) for row in found] == [(2, "model", "rejected")]
        session.execute(text("UPDATE span SET origin = 'propagated'"))
        assert session.scalar(text('SELECT "end" FROM span')) == 5
        label = session.get_one(Label, 1)
        assert (label.name, label.former_names, label.merged_into) == ("Problem", [], None)
    with pytest.raises(IntegrityError), empty_database.session() as session:
        session.execute(text("UPDATE span SET origin = 'guess'"))
    if empty_database.engine.dialect.name == "sqlite":
        with empty_database.reading() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"


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
