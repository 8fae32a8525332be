"""Each thing that can break is broken here, and the doctor names it, without a word of a text."""

from __future__ import annotations

import json
import shutil
import sqlite3
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from tests.workbench.operations_kit import WEIGHTS, Installed
from workbench.__main__ import main
from workbench.operations import doctor
from workbench.store.adjudications import Adjudication
from workbench.store.models import RunEvent


@pytest.fixture
def here(here: Installed) -> Installed:
    """With nothing left in its log."""
    here.database.close()
    return here


def findings() -> list[str]:
    return [str(finding) for finding in doctor.examine().findings]


def sqlite_file(installation: Installed) -> Path:
    return Path(str(installation.database.url.database))


def test_rows_that_the_database_lets_pass(there: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    assert findings() == []
    breaks = [
        ("UPDATE span SET \"end\" = 99 WHERE span_id = 's1'", "spans of annotation 2 are not inside their texts"),
        (
            "DELETE FROM annotation_change WHERE annotation_id = 2 AND revision = 1",
            "the history of annotation 2 lacks revisions",
        ),
        ("DELETE FROM annotation_change WHERE annotation_id = 1", "the history of annotation 1, 2 lacks"),
        ("UPDATE snapshot SET records = 7", "the records of snapshot 1 are not all there"),
        ("UPDATE department SET current_model_id = 9", "the current model of department 1 is none of its own"),
    ]
    for statement, expected in breaks:
        assert not any(expected in found for found in findings())
        with there.database.session() as session:
            session.execute(text(statement))
        assert any(expected in found for found in findings()), (expected, findings())
    with there.database.session() as session:
        session.add(
            Adjudication(record_id=1, revision=2, author="Ada", finished=False, versions=[], choices=[]),
        )
        session.add(RunEvent(run_id=1, seq=1, attempt=1, payload={}))
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "the adjudications of record 1 lack" in said and "the events of run 1 are not" in said
    assert len(said.splitlines()) == 1 + len(findings()) and "To do: " in said
    assert not any(word in said for word in ("cough", "severe", "Ada", "r0", "Ward"))


def test_models_and_their_folders(here: Installed) -> None:
    (here.model / "model.safetensors").write_bytes(WEIGHTS[:-1] + b"x")
    assert "was changed" in findings()[0] and len(findings()) == 1
    shutil.rmtree(here.model)
    assert "model 1 has no" in findings()[0] and len(findings()) == 1
    (here.home / "models" / "abc").mkdir(parents=True)
    (here.home / "checkpoints" / "run-9").mkdir(parents=True)
    (here.home / "checkpoints" / "run-1").mkdir()
    found = findings()
    assert len(found) == 3
    assert "abc belongs to no model" in found[1] and "run-9 belongs to no run" in found[2]
    with here.database.session() as session:  # a run writes its folder before the tables name it
        session.execute(text("UPDATE run SET state = 'running'"))
    assert not any("abc" in one for one in findings())


def test_references_to_rows_that_are_gone(here: Installed) -> None:
    with sqlite3.connect(sqlite_file(here)) as connection:
        connection.execute("DELETE FROM label WHERE id = ?", (here.problem,))
    connection.close()
    assert any("of span refers to a row of label that is gone" in found for found in findings())


def test_a_damaged_file(here: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    whole = sqlite_file(here).read_bytes()
    middle = len(whole) // 4096 // 2 * 4096
    sqlite_file(here).write_bytes(whole[:middle] + b"\xff" * 4096 + whole[middle + 4096 :])
    assert any(found.startswith("database: ") and "restore the last backup" in found for found in findings())
    sqlite_file(here).write_bytes(b"no database" * 1000)
    assert main(["doctor"]) == 1
    assert "database: the database cannot be read: file is not a database" in capsys.readouterr().out
    sqlite_file(here).unlink()
    assert main(["doctor"]) == 1
    assert "database: there is no database" in capsys.readouterr().out and not sqlite_file(here).exists()


def test_versions(here: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    with here.database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "the tables are of revision 0001" in findings()[0] and "start the app" in findings()[0]
    with here.database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "update the workbench" in findings()[0]
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.1" if name == "dbos" else real(name))
    assert findings()[0].startswith("versions: dbos is 0.1, expected ")


def test_permissions_and_disk(here: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    here.home.chmod(0o750)
    assert findings() == [f"permissions: others may look into {here.home} (mode 750). To do: chmod 700 {here.home}."]
    here.home.chmod(0o700)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 * 1024**2))
    assert findings()[0].startswith("disk: 5 MiB are free")


def test_json_for_programs(here: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["findings"] == [] and said["versions"]["database"].startswith("SQLite 3.")
    shutil.rmtree(here.model)
    assert main(["doctor", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["part"] == "models" and set(found) == {"part", "found", "todo"}
