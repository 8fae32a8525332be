"""What the tests of models as folders share: an installation with one trained model, and names that must not leave."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ladtl_core.__main__ import main as core_main
from ladtl_core.records import Entity, Record
from tests.workbench.jobs_kit import spec
from workbench.jobs import api
from workbench.jobs.execution import execute
from workbench.jobs.learner import core_learner
from workbench.services import access, model_trial
from workbench.store import departments, records, trained
from workbench.store.database import Database

# Of one patient with many records, of one record without a patient, of records that nobody labelled, and an id.
NAMES = ("Quastel", "Zyberk", "Wolnitza", "MRN-Xq")
PLAIN = "Fever was seen with cough ."  # of words that all patients share


@contextmanager
def installation(home: Path) -> Iterator[Database]:
    """The pages and the workers of this process use that home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADTL_HOME", str(home))
        patch.delenv("LADTL_DATABASE_URL", raising=False)
        patch.setattr(model_trial, "evaluate", evaluate_here)
        database = access.database()
        yield database
        database.close()


def add_department(database: Database, name: str, labels: tuple[str, ...] = ("Problem", "Test")) -> int:
    """A department with sixteen records of five patients: pool and dev, labelled or not."""
    with database.session() as session:
        department = departments.create(session, name, "+".join(labels), labels)
        items = [_record(name, labels, i) for i in range(16)]
        records.add(session, department.id, items, "local")
        return department.id


def evaluate_here(model: Path, records: Path) -> str:
    """As `model_trial.evaluate`, without a process that first loads torch."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert core_main(["evaluate", "--model", str(model), str(records)]) == 0
    return printed.getvalue()


def _record(department: str, labels: tuple[str, ...], i: int) -> Record:
    texts = [PLAIN, f"{PLAIN} {NAMES[0]} came with fever . {NAMES[0]} has cough .", f"{PLAIN} Seen by {NAMES[1]} ."]
    texts.append(f"{PLAIN} {NAMES[2]} {NAMES[2]} {NAMES[2]} .")
    kind = 1 if i % 5 == 1 else 2 if i == 8 else 3 if i == 12 else 0
    patient = None if i == 8 else f"{NAMES[3]}{i % 5}"
    entities = (Entity(0, 5, labels[0]), Entity(20, 25, labels[-1])) if i < 12 else None
    text = texts[kind] + " ." * i  # no two are the same
    return Record(f"{department}-{NAMES[3]}-{i}", text, entities, None, "dev" if i % 4 == 3 else "pool", patient)


def train(database: Database, source: int, target: int) -> int:
    """A few steps of La-DTL; the model's id."""
    run_id = api.submit_training(database, spec((source, target), epochs=2, learning_rate=0.05))
    execute(database, run_id, "test", core_learner())
    assert api.status(database, run_id).state == "succeeded", api.status(database, run_id).error
    with database.reading() as session:
        model = trained.of_run(session, run_id)
        assert model is not None
        return model.id


@contextmanager
def with_model(home: Path) -> Iterator[tuple[Database, int]]:
    """An installation with two departments and a model of the second; its id."""
    with installation(home) as database:
        ids = [add_department(database, name) for name in ("Cardiology", "Respiratory")]
        yield database, train(database, *ids)
