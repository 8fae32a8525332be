"""Erasure leaves a tombstone in every table that held something of a record, and its bytes in no file."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from ladtl_core.errors import LadtlError
from ladtl_core.records import Entity, Prediction, Record
from tests.workbench.jobs_kit import spec, use_home
from workbench.__main__ import main
from workbench.jobs import api, inputs
from workbench.operations import doctor
from workbench.services import comments, erasure, labelling, queueing, sharing
from workbench.services.erasure import Asked
from workbench.store import annotations as labels_of
from workbench.store import audit, departments, dump, people, records, rules, runs, snapshots, staging, trained
from workbench.store.annotations import SpanData
from workbench.store.database import Database, open_database
from workbench.store.models import Run

MARKER, PATIENT = "Quixalothe", "MRN-5550199"
TEXT = f"{MARKER} complained of chest pain, as {MARKER} did before"


class Ward:
    """Two departments; the second has three records of the patient (two submitted by one, one by nobody)."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.session() as session:
            self.source = departments.create(session, "Cardiology", "clinical", ["Problem"]).id
            self.ward = departments.create(session, "Ward", "clinical", ["Problem"]).id
            entity = (Entity(0, len(MARKER), "Problem"),)
            other = [Record(f"o{i}", "nothing but chest pain", (Entity(12, 22, "Problem"),), split="pool")
                     for i in range(4)]  # fmt: skip
            predicted = (Prediction(0, 10, "Problem", 0.5),)
            own = [
                Record("MRN-5550199/1", TEXT, entity, split="pool", patient=PATIENT),
                Record("MRN-5550199/2", TEXT, entity, split="dev", patient=PATIENT),
                Record("MRN-5550199/3", TEXT, split="pool", patient=PATIENT, predictions=predicted),
            ]
            records.add(session, self.source, other, "local")
            records.add(session, self.ward, [*own, *other], "local")
            self.ids = [records.ids(session, self.ward)[record.id] for record in own]
            people.add(session, "Ada")
            label = departments.labels(session, self.ward)[0].id
            span = SpanData("s", 0, len(MARKER), label)
            labels_of.save(session, self.ids[2], "Ada", 0, "draft", [span])
            labels_of.save(session, self.ids[2], "Ada", 1, "submitted", [])
            rules.add(session, self.ward, "propagated", MARKER.upper(), label, "Ada")
            rules.add(session, self.ward, "term", "chest pain", label, "Ada")
        comments.add(database, self.ids[0], "Ada", {"text": f"is {MARKER} a name?", "start": 0, "end": 3})
        self.run = api.submit_training(database, spec((self.source, self.ward)))
        with database.session() as session:
            found = trained.add_model(
                session, department_id=self.ward, run_id=self.run, folder="none", hash="none", scores={}
            )
            place = {"start": 0, "end": 9, "label": "Problem", "confidence": 0.9}
            trained.store_suggestions(session, found.id, {self.ids[0]: [place]})
            trained.decide(session, record_id=self.ids[0], model_id=found.id, start=0, end=9, label_id=label,
                           kind="rejected", author="Ada")  # fmt: skip


@pytest.fixture
def ward(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ward:
    use_home(database, tmp_path / "home", monkeypatch).chmod(0o700)
    return Ward(database)


def everything(database: Database) -> str:
    """All rows of all tables, but for the audit trail."""
    with dump.frozen(database) as connection:
        tables = [table for table in dump.tables(connection) if table.name != "audit"]
        return "\n".join(str(row) for table in tables for row in dump.rows(connection, table))


def test_nothing_of_the_records_is_left_in_any_table(ward: Ward) -> None:
    assert all(word in everything(ward.database) for word in (MARKER, PATIENT))
    before = erasure.look(ward.database, Asked(PATIENT))
    assert before.records == tuple(ward.ids) and len(before.snapshots) == 1 and before.runs == (ward.run,)
    assert before.counts["rules with words that stand in no other record"] == 1
    erased = erasure.erase(ward.database, Asked(PATIENT), "Ada")
    assert erased.found == before and erased.clean
    left = everything(ward.database)
    assert not any(word.casefold() in left.casefold() for word in (MARKER, PATIENT, "complained"))
    assert left.count("[erased]") == len(ward.ids) + 1  # with the comment
    with ward.database.reading() as session:
        assert [rule.text for rule in rules.of_department(session, ward.ward)] == ["chest pain"]
        [*_, entry] = [one for one in audit.entries(session) if one.what == "erased"]
        assert entry.who == "Ada" and entry.subject == f"records {', '.join(map(str, ward.ids))}"
        history = labels_of.history(session, ward.ids[2], "Ada")
        assert [(change.revision, change.added, change.removed) for change in history] == [(1, [], []), (2, [], [])]
    with pytest.raises(LadtlError, match="no record of this patient"):
        erasure.erase(ward.database, Asked(PATIENT), "Ada")


def test_what_was_erased_is_found_by_nobody_and_the_rest_stays(ward: Ward) -> None:
    erasure.erase(ward.database, Asked(records=("MRN-5550199/1", "MRN-5550199/2"), department_id=ward.ward), "Ada")
    erasure.erase(ward.database, Asked(PATIENT), "Ada")  # the third
    for act in (
        lambda: labelling.open_record(ward.database, ward.ids[0], "local"),
        lambda: comments.of_record(ward.database, ward.ids[0]),
        lambda: sharing.renew(ward.database, ward.ids[0], "local"),
    ):
        with pytest.raises(LadtlError, match="there is no record"):
            act()
    with ward.database.session() as session, pytest.raises(LadtlError, match="there is no record"):
        labels_of.save(session, ward.ids[0], "local", 1, "submitted", [])
    queue = queueing.queue(ward.database, ward.ward, "local", evaluation=False)
    assert len(queue) == 4 and not queueing.queue(ward.database, ward.ward, "local", evaluation=True)
    with ward.database.reading() as session:
        assert [row.records for row in departments.overview(session)] == [4, 4]
        run = runs.get(session, ward.run)
        assert len(snapshots.records(session, run.spec["target"]["snapshot"])) == 4
        learned = inputs.learned_from(session, run.spec)
    assert [len(part) for part in learned] == [4, 4] and "[erased]" not in str(learned)
    if ward.database.engine.dialect.name == "sqlite":
        assert [finding for finding in doctor.examine().findings if finding.part != "models"] == []


def test_a_run_under_way_keeps_them_and_the_same_records_again_are_new(ward: Ward) -> None:
    with ward.database.session() as session:
        session.get_one(Run, ward.run).state = "running"
    predicting = api.submit_prediction(ward.database, 1)
    with ward.database.session() as session:
        session.get_one(Run, predicting).state = "running"
    with pytest.raises(LadtlError, match=f"run {ward.run}, {predicting} is at work on these records"):
        erasure.erase(ward.database, Asked(PATIENT), "Ada")
    assert MARKER in everything(ward.database)
    with ward.database.session() as session:
        for run_id in (ward.run, predicting):
            session.get_one(Run, run_id).state = "failed"
        before = runs.get(session, ward.run).spec["target"]["snapshot"]
    erasure.erase(ward.database, Asked(PATIENT), "Ada")
    with ward.database.session() as session:
        again = [
            Record(f"MRN-5550199/{i}", TEXT, (Entity(0, len(MARKER), "Problem"),), split=split, patient=PATIENT)
            for i, split in ((1, "pool"), (2, "dev"))
        ]
        records.add(session, ward.ward, again, "local")
        assert snapshots.freeze(session, ward.ward).id != before
        assert staging.abandoned(session) == []


def test_no_byte_is_left_in_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    ward = Ward(open_database())
    (tmp_path / "checkpoints" / f"run-{ward.run}").mkdir(parents=True)
    (tmp_path / "checkpoints" / f"run-{ward.run}" / "attempt-1.safetensors").write_text(MARKER)
    assert files_with(tmp_path, MARKER)
    assert main(["erase", "--patient", PATIENT]) == 0
    said = capsys.readouterr().out
    assert "3 records" in said and "Model 1 (Ward, version 1)" in said and "Backups made before" in said
    assert "Nothing was changed" in said and files_with(tmp_path, MARKER)
    assert main(["erase", "--patient", PATIENT, "--yes"]) == 0
    assert files_with(tmp_path, MARKER) == [] and files_with(tmp_path, PATIENT) == []
    assert not any(word in capsys.readouterr().out for word in (MARKER, PATIENT))
    assert main(["erase", "--record", "o1", "--department", "Nowhere"]) == 1
    assert "there are Cardiology, Ward" in capsys.readouterr().err
    with ward.database.reading() as reading:  # somebody who reads for long keeps the file from being emptied
        reading.execute(text("SELECT count(*) FROM record")).one()
        monkeypatch.setattr("workbench.store.erasure.WAIT_MILLISECONDS", 1)
        with ward.database.session() as session:
            people.add(session, "Grace")
        assert main(["erase", "--clean"]) == 1
        assert "stop the app" in capsys.readouterr().err
    assert main(["erase", "--clean"]) == 0
    ward.database.close()


def files_with(folder: Path, word: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]
