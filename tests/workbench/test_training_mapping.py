"""Training between departments with different label sets: as `--mapping` of the command line does it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ladtl_core.config import Config, ModelConfig, TrainingConfig
from ladtl_core.corpora import read_training_data
from ladtl_core.formats import conll
from ladtl_core.mapping import read_mapping
from ladtl_core.records import Entity, Record
from ladtl_core.training import train
from tests.workbench.jobs_kit import use_home
from workbench.jobs import api, inputs
from workbench.jobs.api import TrainSpec
from workbench.jobs.engine import InlineEngine
from workbench.jobs.execution import execute
from workbench.jobs.learner import core_learner
from workbench.jobs.worker import Dispatcher
from workbench.services import label_mapping, training
from workbench.store import audit, departments, labels, records, runs
from workbench.store.database import Database

SYMPTOM, DRUG, SIGN, MEDICATION = 1, 2, 3, 4
CONFIG = Config(
    ModelConfig(word_size=8, char_size=4, char_filters=4, hidden_size=6),
    TrainingConfig(max_steps=6, epoch_steps=2, batch_size=2, pretrain_epochs=1),
)


def record(i: int, department: str, split: str, symptom: str, drug: str) -> Record:
    word = ("Dyspnoea", "Vertigo", "Headache")[i % 3]
    text = f"{word} in {department} {i} , given aspirin ."
    spans = (Entity(0, len(word), symptom), Entity(text.index("aspirin"), text.index(" ."), drug))
    return Record(f"{department}-{i}", text, spans, department, split)


SOURCE = [record(i, "Cardiology", "train", "Symptom", "Drug") for i in range(6)]
TARGET = [record(i, "Neurology", ("train", "dev", "test")[i % 3], "Sign", "Medication") for i in range(9)]


@pytest.fixture(name="spec")
def departments_of_test(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainSpec:
    use_home(database, tmp_path / "home", monkeypatch)
    with database.session() as session:
        source = departments.create(session, "Cardiology", "cardiac", ["Symptom", "Drug"])
        target = departments.create(session, "Neurology", "neural", ["Sign", "Medication"])
        records.add(session, source.id, SOURCE, "local")
        records.add(session, target.id, TARGET, "local")
    return TrainSpec((source.id,), target.id, CONFIG)


def submitted(database: Database, spec: TrainSpec) -> list[set[str]]:
    """The labels of the source's records as the worker would read them, and those of the target."""
    run = api.status(database, api.submit_training(database, spec))
    with database.reading() as session:
        read = [inputs.training_records(session, part) for part in (*run.spec["sources"], run.spec["target"])]
    return [{span.label for one in found for span in one.entities or ()} for found in read]


def test_other_names_are_other_labels_until_they_are_mapped(database: Database, spec: TrainSpec) -> None:
    assert submitted(database, spec) == [{"Symptom", "Drug"}, {"Sign", "Medication"}]
    label_mapping.save(database, 1, 2, {SYMPTOM: SIGN, DRUG: None}, "lead")
    assert submitted(database, spec) == [{"Sign", "Drug"}, {"Sign", "Medication"}]
    with database.reading() as session:
        [note] = [entry for entry in audit.entries(session) if entry.what == "map labels"]
    assert (note.subject, note.detail) == ("neural", {"from": "cardiac", "labels": {"Symptom": "Sign", "Drug": None}})
    with database.session() as session:
        labels.rename(session, DRUG, "Medication")  # by name it would be the target's, but it was said to be none
    assert submitted(database, spec) == [{"Sign", "Medication (cardiac)"}, {"Sign", "Medication"}]


def test_the_mapping_of_a_run_is_frozen_and_makes_it_another_run(database: Database, spec: TrainSpec) -> None:
    first = api.submit_training(database, spec)
    assert "labels" not in api.status(database, first).spec["sources"][0]
    label_mapping.save(database, 1, 2, {SYMPTOM: SIGN, DRUG: MEDICATION}, "lead")
    second = api.submit_training(database, spec)
    assert second != first
    label_mapping.save(database, 1, 2, {SYMPTOM: MEDICATION, DRUG: SIGN}, "lead")
    third = api.submit_training(database, spec)
    assert third not in (first, second)
    assert api.status(database, second).spec["sources"][0]["labels"] == [["Symptom", "Sign"], ["Drug", "Medication"]]
    label_mapping.save(database, 1, 2, {SYMPTOM: SIGN, DRUG: MEDICATION}, "lead")
    assert api.submit_training(database, spec) == second
    with database.reading() as session:
        part = runs.get(session, third).spec["sources"][0]
        assert inputs.training_records(session, part)[0].entities[0].label == "Medication"  # type: ignore[index]


def test_the_offer_says_what_stands_for_what(database: Database, spec: TrainSpec) -> None:
    assert training.offer(database, spec).label_sets == (
        "Labels of Cardiology: none stands for one of the target; left out of the alignment: Symptom, Drug; of the "
        "target alone: Sign, Medication.",
    )
    with database.session() as session:
        labels.rename(session, DRUG, "Medication")
    label_mapping.save(database, 1, 2, {SYMPTOM: SIGN}, "lead")
    assert training.offer(database, spec).label_sets == ("Labels of Cardiology: Symptom → Sign, Medication.",)
    alone = training.make_spec(spec.sources, spec.target, "non-transfer", {})
    assert training.offer(database, alone).label_sets == ()


def test_training_with_a_mapping_gives_the_weights_of_the_command_line(
    database: Database, spec: TrainSpec, tmp_path: Path
) -> None:
    label_mapping.save(database, 1, 2, {SYMPTOM: SIGN}, "lead")
    run_id = api.submit_training(database, spec)
    Dispatcher(database, InlineEngine(partial(execute, database, worker="here", learner=core_learner()))).step()
    ended = api.status(database, run_id)
    assert ended.result is not None, ended.error

    for name, items in (("source", SOURCE), ("target", TARGET)):
        (tmp_path / name).mkdir()
        for split in ("train", "dev", "test"):
            lines = conll.write([one for one in items if one.split == split])
            (tmp_path / name / f"{split}.conll").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "labels.txt").write_text("Symptom = Sign\n", encoding="utf-8")
    mapping = read_mapping(tmp_path / "labels.txt")
    hashes = []
    for given in (mapping, None):
        data = read_training_data([tmp_path / "source"], tmp_path / "target", "word", given)
        hashes.append(train(data, CONFIG).save(tmp_path / f"model-{given is None}"))
    assert ended.result["hash"] == hashes[0] != hashes[1]
