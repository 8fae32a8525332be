"""What the tests of backup and doctor share: a small installation with labels and a model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from ladtl_core.records import Entity, Record
from tests.workbench.jobs_kit import use_home
from workbench.store import annotations as labels_of
from workbench.store import departments, records, runs, snapshots, trained
from workbench.store.annotations import SpanData
from workbench.store.database import Database

TEXT = "severe cough 😷 since May"
WEIGHTS = b"weights" * 1000


@dataclass(frozen=True)
class Installed:
    """Ids of the records, which nobody labelled but the first and the second, and of the label Problem."""

    home: Path
    database: Database
    records: list[int]
    problem: int

    @property
    def model(self) -> Path:
        """The model's folder."""
        return self.home / "models" / hashlib.sha256(WEIGHTS).hexdigest()

    def save(self, record_id: int, base: int, end: int, author: str = "Ada") -> int:
        """One acknowledged save; returns its revision."""
        span = SpanData(f"s{base}", 0, end, self.problem)
        with self.database.session() as session:
            return labels_of.save(session, record_id, author, base, "draft", [span])


def installed(database: Database, home: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """A department with four records, one submitted, one saved twice, a snapshot and a trained model."""
    use_home(database, home, monkeypatch)
    home.chmod(0o700)
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Treatment"))
        items = [Record(f"r{i}", TEXT, (Entity(0, 12, "Problem"),) if i == 0 else None, split="pool") for i in range(4)]
        records.add(session, department.id, items, "local")
        snapshots.freeze(session, department.id)
        run = runs.create(
            session, kind="train", department_id=department.id, title="", spec={}, spec_hash="h", code_version=""
        )
        trained.add_model(session, department_id=department.id, run_id=run.id, folder=digest, hash=digest, scores={})
        ids = list(records.ids(session, department.id).values())
        problem = departments.labels(session, department.id)[0].id
    found = Installed(home, database, ids, problem)
    found.model.mkdir(parents=True)
    (found.model / "model.safetensors").write_bytes(WEIGHTS)
    (found.model / "model.json").write_text("{}", encoding="utf-8")
    found.save(ids[1], found.save(ids[1], 0, 6), 12)
    return found
