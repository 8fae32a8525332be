"""The audit trail: entries are added and never changed, and leave as a table."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from workbench.__main__ import main
from workbench.services import access, people, roles, trail
from workbench.services.roles import Role
from workbench.store import audit, departments
from workbench.store.database import Database


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'somebody else'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
        "INSERT OR REPLACE INTO audit SELECT id, at, 'x', what, subject, detail FROM audit",
        "TRUNCATE audit",
    ],
)
def test_no_entry_is_changed_or_removed(database: Database, statement: str) -> None:
    if ("REPLACE" if database.engine.dialect.name == "postgresql" else "TRUNCATE") in statement:
        pytest.skip("the other database's words")
    with database.session() as session:
        audit.note(session, "a", "b", "c")
    with pytest.raises(DatabaseError, match="the audit trail is append-only"), database.session() as session:
        session.execute(text(statement))
    with database.session() as session:
        audit.note(session, "d", "e", "f")
        assert [entry.who for entry in audit.all_entries(session)] == ["a", "d"]


def test_the_trail_is_written_whole_and_runs_nothing_in_a_spreadsheet(database: Database) -> None:
    with database.session() as session:
        audit.note(session, "=cmd|'/c calc'!A1", "import", "Ward", {"records": 3})
        audit.note(session, "Zoé", "gave role", "person a\nb", {})
    rows = list(csv.DictReader(StringIO(trail.written(database, "csv"))))
    assert [row["who"] for row in rows] == ["'=cmd|'/c calc'!A1", "Zoé"]
    assert json.loads(rows[0]["detail"]) == {"records": 3}
    lines = [json.loads(line) for line in trail.written(database, "jsonl").splitlines()]
    assert [line["subject"] for line in lines] == ["Ward", "person a\nb"]
    assert [line["id"] for line in lines] == [1, 2]
    assert all(line["at"].endswith("+00:00") for line in lines)


def test_commands_give_roles_and_write_the_trail(
    installation: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with installation.session() as session:
        departments.create(session, "Ward", "shared", ["Problem"])
    people.add(installation, "ana")
    people.add(installation, "bo")
    assert main(["role", "ana", "admin"]) == 0
    assert main(["role", "bo", "clinician", "--department", "Ward", "--disable"]) == 0
    assert capsys.readouterr().out == ("ana: admin, all departments\nbo: clinician, 1 department, disabled\n")
    assert roles.role_of(installation, "ana") is Role.ADMIN
    assert main(["role", "bo", "clinician", "--department", "Wrad"]) == 1
    assert "no department 'Wrad'; there are Ward" in capsys.readouterr().err
    assert main(["role", "nobody"]) == 1
    assert main(["audit", "--format", "jsonl", "--out", str(tmp_path / "trail.jsonl")]) == 0
    lines = [json.loads(line) for line in (tmp_path / "trail.jsonl").read_text().splitlines()]
    assert [(line["who"], line["what"]) for line in lines] == [
        *[(access.OPERATOR, "added")] * 2,
        *[(access.OPERATOR, "gave role")] * 2,
        (access.OPERATOR, "disabled"),
    ]
    assert main(["audit", "--out", str(tmp_path / "trail.jsonl")]) == 1
