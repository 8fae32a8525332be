"""Backup and restore: nothing acknowledged is lost, everything that was changed is refused."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, String, select

from ladtl_core.errors import LadtlError
from tests.workbench.operations_kit import Installed
from workbench.__main__ import main
from workbench.operations import archive
from workbench.operations.archive import Manifest
from workbench.operations.backup import backup, restore, verify
from workbench.store import annotations as labels_of
from workbench.store import audit, dump
from workbench.store.base import UtcDateTime
from workbench.store.database import Database
from workbench.store.models import Annotation, AnnotationChange

ROOT = Path(__file__).parents[2]


def content(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with dump.frozen(database) as connection:
        return {table.name: list(dump.rows(connection, table)) for table in dump.tables(connection)}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_restored_installation_equals_the_one_that_was_backed_up(there: Installed, tmp_path: Path) -> None:
    manifest, missing = backup(tmp_path / "b.zip")
    assert missing == [] and manifest.tables["record"] == 4 and manifest.tables["annotation_change"] == 3
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    assert verify(tmp_path / "b.zip") == manifest
    restore(tmp_path / "b.zip", tmp_path / "new" / "home")
    new = tmp_path / "new" / "home"
    assert sorted(path.name for path in new.iterdir()) == ["models", "workbench.db"]
    restored = Database(f"sqlite:///{new / 'workbench.db'}")
    assert content(restored) == content(there.database)
    assert files(new / "models") == files(there.home / "models")
    assert new.stat().st_mode & 0o777 == 0o700 and (new / "workbench.db").stat().st_mode & 0o777 == 0o600
    restored.migrate()  # as the app does when it starts
    restored.close()


def test_a_backup_moves_to_another_database(here: Installed, empty_database: Database, tmp_path: Path) -> None:
    backup(tmp_path / "b.zip")
    url = empty_database.url.render_as_string(hide_password=False)
    restore(tmp_path / "b.zip", tmp_path / "new", url)
    before = content(here.database)
    assert content(empty_database) == before
    with pytest.raises(LadtlError, match=r"holds \d+ tables already"):
        restore(tmp_path / "b.zip", tmp_path / "second", url)
    assert content(empty_database) == before and list((tmp_path / "second").iterdir()) == []
    with empty_database.session() as session:  # numbers that come next do not collide
        audit.note(session, "a", "b", "c")
        assert labels_of.save(session, here.records[2], "Ada", 0, "draft", []) == 1


def test_every_label_acknowledged_before_the_backup_is_in_it(there: Installed, tmp_path: Path) -> None:
    acknowledged: list[tuple[int, int, int]] = []
    errors: list[Exception] = []
    enough, stop = threading.Event(), threading.Event()

    def edit() -> None:
        revisions = dict.fromkeys(there.records[2:], 0)
        try:
            while not stop.is_set():
                for record_id, base in revisions.items():
                    end = 1 + (base + record_id) % 12
                    revisions[record_id] = there.save(record_id, base, end)
                    acknowledged.append((record_id, revisions[record_id], end))
                if len(acknowledged) >= 20:
                    enough.set()
        except Exception as error:
            errors.append(error)
            enough.set()

    thread = threading.Thread(target=edit)
    thread.start()
    assert enough.wait(120)
    before = list(acknowledged)
    backup(tmp_path / "b.zip")
    stop.set()
    thread.join(120)
    assert errors == []
    restore(tmp_path / "b.zip", tmp_path / "new")
    restored = Database(f"sqlite:///{tmp_path / 'new' / 'workbench.db'}")
    query = select(Annotation.record_id, AnnotationChange.revision, AnnotationChange.added).join(
        AnnotationChange, AnnotationChange.annotation_id == Annotation.id
    )
    with restored.reading() as session:
        found = {(record_id, number): added for record_id, number, added in session.execute(query)}
        states = {row.record_id: row for row in session.scalars(select(Annotation))}
        assert all(found[record_id, number][0]["end"] == end for record_id, number, end in before)
        for record_id in there.records[2:]:  # one moment: the state is that of the last revision
            last = states[record_id].revision
            assert max(number for own, number in found if own == record_id) == last
            assert [span.end for span in states[record_id].spans] == [found[record_id, last][0]["end"]]
    restored.close()


def test_nothing_is_written_over(here: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, home = str(tmp_path / "b.zip"), files(here.home)
    assert main(["backup", out]) == 0 and main(["verify", out]) == 0
    capsys.readouterr()
    assert main(["backup", out]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["restore", out, "--home", str(here.home)]) == 1
    assert "holds models; nothing was written" in capsys.readouterr().err
    assert files(here.home) == home


def changed(source: Path, target: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """A copy of an archive in which every file went through `change`."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if (kept := change(name, old.read(name))) is not None:
                new.writestr(*kept)
    return target


def test_a_changed_backup_is_refused_before_anything_is_written(here: Installed, tmp_path: Path) -> None:
    good, bad = tmp_path / "b.zip", tmp_path / "bad.zip"
    backup(good)
    outside = "models/../../outside"
    cases: list[tuple[Callable[[str, bytes], tuple[str, bytes] | None], str]] = [
        (lambda n, d: (n, d.replace(b"cough", b"couch")), "record.jsonl does not have the checksum"),
        (lambda n, d: (n, d.replace(b"weightsw", b"weightsv")), "model.safetensors does not have the checksum"),
        (lambda n, d: None if n == "tables/label.jsonl" else (n, d), "lacks tables/label.jsonl"),
        (lambda n, d: None if n == "manifest.json" else (n, d), "no manifest.json"),
        (lambda n, d: (n, b"[]") if n == "manifest.json" else (n, d), "manifest.json is not one"),
        (lambda n, d: (outside, d) if n.endswith("model.json") else (n, d), "which no backup has"),
        (lambda n, d: ("/etc/x", d) if n.endswith("model.json") else (n, d), "which no backup has"),
        (lambda n, d: ("models/a/b", d) if n.endswith("model.json") else (n, d), "lacks models/"),
    ]
    for change, message in cases:
        changed(good, bad, change)
        for use in (verify, lambda path: restore(path, tmp_path / "new")):
            with pytest.raises(LadtlError, match=message):
                use(bad)
    assert not (tmp_path / "new").exists() and not (tmp_path / "outside").exists()


def test_a_backup_of_a_newer_version_is_refused(here: Installed, tmp_path: Path) -> None:
    backup(tmp_path / "b.zip")
    newer = tmp_path / "newer.zip"
    changed(tmp_path / "b.zip", newer, lambda n, d: (n, d.replace(b'"revision": "0', b'"revision": "9')))
    with pytest.raises(LadtlError, match=r"revision 9.*does not know"):
        restore(newer, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_restore_that_fails_late_leaves_nothing(here: Installed, tmp_path: Path) -> None:
    manifest, _ = backup(tmp_path / "b.zip")
    odd = Manifest(manifest.made_at, manifest.version, manifest.revision)
    with archive.writing(tmp_path / "odd.zip", odd) as writer:
        writer.file("models/m/model.json", here.model / "model.json")
        writer.table("label_set", [{"id": 1, "name": "kept", "overlaps": False, "guideline": ""}])
        writer.table("audit", [{"nothing": 1}])
    verify(tmp_path / "odd.zip")
    with pytest.raises(LadtlError, match="a row of audit has not the columns"):
        restore(tmp_path / "odd.zip", tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_every_column_has_a_type_that_a_backup_keeps(database: Database) -> None:
    kept = (Integer, String, Boolean, Float, JSON, UtcDateTime)
    with dump.frozen(database) as connection:
        for table in dump.tables(connection):
            assert all(isinstance(column.type, kept) for column in table.columns), table.name


def test_a_cut_backup_and_flipped_bytes_are_refused(here: Installed, tmp_path: Path) -> None:
    good, bad = tmp_path / "b.zip", tmp_path / "bad.zip"
    manifest, _ = backup(good)
    whole = good.read_bytes()
    for length in (0, 100, len(whole) // 2, len(whole) - 1):
        bad.write_bytes(whole[:length])
        with pytest.raises(LadtlError, match="is not a backup that can be used"):
            verify(bad)
    refused = 0
    for place in range(0, len(whole), 97):
        flipped = bytearray(whole)
        flipped[place] ^= 0x10
        bad.write_bytes(flipped)
        try:  # what a zip says beside names and contents, a date say, may change without harm
            assert verify(bad) == manifest
        except LadtlError:
            refused += 1
    assert refused > len(whole) // 97 * 0.7


@pytest.mark.parametrize(("command", "most"), [("backup", 4096), ("restore", 4096), ("restore", 65536)])
def test_a_full_disk_leaves_nothing_and_is_said(here: Installed, tmp_path: Path, command: str, most: int) -> None:
    """The last is filled by the database, the others by files of ours."""
    target = tmp_path / "out"
    target.mkdir()
    backup(tmp_path / "b.zip")
    given = [str(target / "b.zip")] if command == "backup" else [str(tmp_path / "b.zip"), "--home", str(target)]
    done = subprocess.run(
        [sys.executable, "-m", "workbench", command, *given],
        cwd=ROOT,
        env={**os.environ, "LADTL_DATABASE_URL": ""} if command == "restore" else None,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert ("the file is too large" if most == 4096 else "the database does not take the tables") in done.stderr
    assert list(target.iterdir()) == []


def test_places_that_cannot_be_used_are_named(
    here: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["backup", str(tmp_path / "nowhere" / "b.zip")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert main(["backup", "/proc/b.zip"]) == 1
    assert "/proc" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "none.zip")]) == 1
    assert "none.zip: No such file" in capsys.readouterr().err
    monkeypatch.setenv("LADTL_HOME", str(tmp_path / "other"))
    monkeypatch.delenv("LADTL_DATABASE_URL")
    assert main(["backup", str(tmp_path / "b.zip")]) == 1
    assert "there is no database" in capsys.readouterr().err
    assert not (tmp_path / "b.zip").exists() and list((tmp_path / "other").iterdir()) == []
