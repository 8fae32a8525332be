"""No word of a text in logs, error columns or files without text; files are their owner's alone."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from ladtl_core.records import Entity, Prediction, Record
from tests.workbench.fake_learner import FakeLearner, FakeTrained
from tests.workbench.jobs_kit import spec, two_departments, use_home
from workbench.jobs import api
from workbench.jobs.execution import execute
from workbench.services import comments, outgoing
from workbench.store import departments, label_sets, records, rules
from workbench.store.database import Database, open_database
from workbench.store.models import RecordRow
from workbench.store.private import keep_private

MARKER = "Quixalothe"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What a process of the workbench would write to its log."""
    umask, factory, out = os.umask(0o022), logging.getLogRecordFactory(), StringIO()
    handler = logging.StreamHandler(out)
    logging.getLogger().addHandler(handler)
    keep_private()
    yield out
    logging.getLogger().removeHandler(handler)
    logging.setLogRecordFactory(factory)
    os.umask(umask)


@dataclass(frozen=True)
class Quoting(FakeLearner):
    """Fails with a message that quotes the records."""

    def train(self, data: Any, *_: Any, **__: Any) -> FakeTrained:
        raise ValueError(str(data))

    def predict(self, tagger: str, records: Sequence[Record]) -> list[list[Any]]:
        raise AssertionError("is not reached")


def test_a_failed_run_quotes_no_record(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    use_home(database, tmp_path / "home", monkeypatch)
    run_id = api.submit_training(database, spec(two_departments(database)))
    execute(database, run_id, "worker", Quoting().learner())
    status = api.status(database, run_id)
    assert status.state == "failed" and status.error is not None and "(ValueError)" in status.error
    assert "Dyspnoea" not in status.error and "Dyspnoea" not in log.getvalue() and "ValueError" in log.getvalue()


def test_logged_errors_have_a_place_and_no_message(log: StringIO) -> None:
    try:
        try:
            raise KeyError(MARKER)
        except KeyError as error:
            raise ValueError(MARKER) from error
    except ValueError:
        logging.getLogger("streamlit").exception("Uncaught app execution")
    said = log.getvalue()
    assert MARKER not in said and "test_private.py" in said
    assert [said.count(kind) for kind in ("KeyError\n", "ValueError\n")] == [1, 1] and "Uncaught app execution" in said


def test_errors_of_the_database_do_not_quote_a_text(database: Database) -> None:
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",)).id
        records.add(session, ward, [Record("r", MARKER, split="pool")], "local")
    again = {"department_id": ward, "external_id": "r", "text": MARKER, "split": "pool", "position": 1}
    rest: dict[str, Any] = {"tokens": [], "sentence_starts": [], "tokenizer": "given"}
    with pytest.raises(IntegrityError) as refused, database.session() as session:
        session.add(RecordRow(**again, **rest))
    assert MARKER not in str(refused.value)


def test_labels_without_text_hold_none(database: Database) -> None:
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",)).id
        found = Record(
            "r", f"{MARKER} coughs", (Entity(0, 10, "Problem"),), split="pool", patient=f"p-{MARKER}",
            predictions=(Prediction(0, 10, "Problem", 0.5),),
        )  # fmt: skip
        records.add(session, ward, [found], "local")
        label = departments.labels(session, ward)[0].id
        rules.add(session, ward, "term", MARKER, label, "local")
        label_sets.get(session, 1).guideline = MARKER
    comments.add(database, 1, "Ada", {"text": MARKER, "start": 0, "end": 10})
    made = outgoing.export(database, ward, outgoing.OFFSETS)
    assert made.data.decode().split() == ["id,start,end,label", "r,0,10,Problem"]


def test_files_are_the_owners_alone(tmp_path: Path, log: StringIO) -> None:
    os.umask(0o022)  # as for a file that an earlier version made
    (tmp_path / "old.db").touch()
    for name in ("old.db", "new.db"):
        database = open_database(f"sqlite:///{tmp_path / name}")
        with database.session() as session:
            departments.create(session, "Ward", "clinical", ("Problem",))
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob(f"{name}*")}
        assert len(found) == 3 and set(found.values()) == {0o600}, found
        database.close()
