"""Two runs side by side: settings, F1 by label with intervals, sentences that one alone gets right. All by hand."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest

from ladtl_core.records import Entity, Record
from ladtl_core.scores import LabelScore, Scores
from workbench.jobs.api import RunStatus
from workbench.services import comparison, tables
from workbench.services.results import Result
from workbench.store import departments, labels, records, runs, snapshots, trained
from workbench.store.database import Database

TEXT = "👩🏽 MRI showed nothing. Dyspnoea again. No fever."
MRI, DYSPNOEA, FEVER = (3, 6), (23, 31), (42, 47)


def scores(**counts: list[list[int]]) -> Scores:
    """Correct, predicted and gold entities of each record, by label."""

    def score(rows: list[list[int]]) -> LabelScore:
        correct, predicted, gold = (sum(column) for column in zip(*rows, strict=True))
        return LabelScore(0.0, 0.0, 200 * correct / max(predicted + gold, 1), gold)

    everything = [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*counts.values(), strict=True)]
    per_label = {label: score(rows) for label, rows in counts.items()}
    return Scores(score(everything), per_label, {}, None, len(everything), counts)


def spec(snapshot: int, hashed: str = "a" * 64, department: int = 1, **transfer: Any) -> dict[str, Any]:
    target = {"department": department, "name": "Ward", "snapshot": snapshot, "snapshot_hash": hashed, "last_record": 9}
    return {"config": {"model": {"hidden_size": 8}, "transfer": transfer}, "sources": [], "target": target}


def result(given: dict[str, Any], model_id: int = 1) -> Result:
    fields: dict[str, Any] = {field: None for field in RunStatus.__dataclass_fields__}
    run = RunStatus(**{**fields, "run_id": model_id, "spec": given, "created_at": datetime.now(UTC)})
    return Result(run, model_id, model_id, False, "la-dtl", "", 1, "", {}, "", None, 1, 1, 1.0)


def test_only_settings_that_differ_are_listed() -> None:
    source = {"department": 7, "name": "Cardiology", "snapshot": 3, "snapshot_hash": "c" * 64, "last_record": 4}
    mine = spec(1, alpha=0.1, beta=0.2, weights={}) | {"sources": [source]}
    theirs = spec(2, "b" * 64, alpha=0.3, beta=0.2, weights={"B-Test": 2.0})
    found = dict((name, values) for name, *values in comparison.settings(result(mine), result(theirs)))
    assert found == {
        "transfer.alpha": [0.1, 0.3],
        "transfer.weights.B-Test": [None, 2.0],
        "source.Cardiology.snapshot": ["c" * 12, None],
        "target.snapshot": ["a" * 12, "b" * 12],
    }
    assert comparison.settings(result(mine), result(mine | {"target": {**mine["target"], "snapshot": 5}})) == []


def test_differences_of_labels_with_their_intervals() -> None:
    """Problem: right in the first record only, where the other finds nothing; Test: the same; Rare: in one record."""
    one = scores(Problem=[[1, 1, 1], [0, 1, 1]], Test=[[1, 2, 1], [1, 1, 2]], Rare=[[1, 1, 1], [0, 0, 0]])
    other = scores(Problem=[[0, 0, 1], [0, 1, 1]], Test=[[1, 2, 1], [1, 1, 2]], Rare=[[0, 0, 1], [0, 0, 0]])
    found = {row.label: row for row in comparison.labels(one, other, paired=True)}
    assert list(found) == ["Problem", "Rare", "Test", "all"]
    problem = found["Problem"]
    assert (problem.one, problem.other, problem.difference) == (50.0, 0.0, 50.0)
    assert problem.interval == (0.0, 100.0)  # the second record twice, the first record twice
    assert (problem.spans, problem.records) == (2, 2)
    assert found["Test"].interval == (0.0, 0.0) and found["Test"].difference == 0
    assert (found["Rare"].difference, found["Rare"].interval, found["Rare"].records) == (100.0, None, 1)
    assert found["all"].one == pytest.approx(200 * 4 / 12) and found["all"].interval is not None


def test_scores_on_other_records_or_without_counts_have_no_interval() -> None:
    one, other = (
        scores(Problem=[[1, 1, 1], [0, 1, 1]]),
        scores(Problem=[[0, 0, 1], [0, 1, 1], [1, 1, 1]], Test=[[0, 1, 0]] * 3),
    )
    found = {row.label: row for row in comparison.labels(one, other, paired=False)}
    assert (found["Problem"].interval, found["Problem"].records) == (None, None)
    assert (found["Problem"].spans, found["Problem"].other_spans) == (2, 3)
    assert (found["Test"].one, found["Test"].other, found["Test"].difference) == (None, 0.0, None)
    [problem, _] = comparison.labels(replace(one, counts={}), one, paired=True)
    assert problem.difference == 0 and problem.interval is None


def test_a_label_that_one_run_alone_predicted() -> None:
    one, other = scores(Test=[[1, 1, 1]] * 2), scores(Test=[[1, 1, 1]] * 2, Drug=[[0, 1, 0]] * 2)
    drug, _, everything = comparison.labels(one, other, paired=True)
    assert (drug.one, drug.other, drug.interval, drug.records) == (None, 0.0, None, 0)
    assert everything.difference == pytest.approx(100 - 200 * 2 / 6)


def two_runs(database: Database, *predicted: list[tuple[int, int, str]]) -> list[Result]:
    """A department with one dev record of three sentences, and a run for each list of spans predicted in it."""
    made = []
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem", "Test")).id
        gold = (Entity(*MRI, "Test"), Entity(*DYSPNOEA, "Problem"), Entity(*FEVER, "Problem"))
        records.add(session, ward, [Record("d", TEXT, gold, split="dev"), Record("t", "x", (), split="pool")], "me")
        given = spec(snapshots.freeze(session, ward).id, department=ward)
        for i, spans in enumerate(predicted):
            about: dict[str, Any] = {"kind": "train", "department_id": ward, "title": "", "code_version": ""}
            run = runs.create(session, **about, spec=given, spec_hash=str(i))
            model = trained.add_model(session, department_id=ward, run_id=run.id, folder="", hash="", scores={})
            said = [{"start": s, "end": e, "label": label, "confidence": 0.9} for s, e, label in spans]
            trained.store_suggestions(session, model.id, {records.ids(session, ward)["d"]: said})
            made.append(result(given, model.id))
    return made


def test_sentences_that_one_alone_gets_right(database: Database) -> None:
    one, other = two_runs(
        database,
        [(*MRI, "Test"), (*DYSPNOEA, "Test"), (*FEVER, "Problem")],
        [(*MRI, "Test"), (14, 21, "Problem"), (*DYSPNOEA, "Problem")],
    )
    found = comparison.sentences(database, one, other)
    assert (found.records, found.both, found.neither, found.count) == (1, 0, 0, 3)
    said = [(item.sentence, item.right, item.gold, item.one, item.other) for item in found.differing]
    mri, fever = "MRI (Test)", "fever (Problem)"
    assert said == [
        ("👩🏽 MRI showed nothing.", "one", mri, mri, f"{mri}; nothing (Problem)"),
        ("Dyspnoea again.", "other", "Dyspnoea (Problem)", "Dyspnoea (Test)", "Dyspnoea (Problem)"),
        ("No fever.", "one", fever, fever, "no span"),
    ]
    assert comparison.sentences(database, one, one).both == 2  # the third is wrong in both
    assert comparison.sentences(database, one, one).neither == 1


def test_a_renamed_label_is_the_same_label(database: Database) -> None:
    one, other = two_runs(database, [(*MRI, "Test"), (*DYSPNOEA, "Problem"), (*FEVER, "Problem")], [])
    with database.session() as session:
        found_labels = departments.labels(session, one.run.spec["target"]["department"])
        labels.rename(session, next(label.id for label in found_labels if label.name == "Problem"), "Diagnosis")
    found = comparison.sentences(database, one, other)
    assert [item.right for item in found.differing] == ["one"] * 3
    assert found.differing[1].gold == "Dyspnoea (Diagnosis)"


def test_runs_on_the_same_dev_labels_are_told_from_others(database: Database) -> None:
    one, other = two_runs(database, [], [])
    department = one.run.spec["target"]["department"]
    with database.session() as session:
        records.add(session, department, [Record("t2", "y", (), split="pool")], "me")
        more_training = result(spec(snapshots.freeze(session, department).id, department=department))
        records.add(session, department, [Record("d2", "z", (), split="dev")], "me")
        more_dev = result(spec(snapshots.freeze(session, department).id, department=department))
    assert comparison.same_evaluation(database, one, other)
    assert comparison.same_evaluation(database, one, more_training)
    assert not comparison.same_evaluation(database, one, more_dev)


def test_text_in_csv_is_no_formula() -> None:
    rows: list[dict[str, Any]] = [
        {"sentence": "=1+1", "gold": 'a, "b"\nc', "difference": -2.5},
        {"sentence": "x", "gold": "", "difference": None},
    ]
    assert list(csv.reader(StringIO(tables.as_csv(rows)))) == [
        ["sentence", "gold", "difference"],
        ["'=1+1", 'a, "b"\nc', "-2.5"],
        ["x", "", ""],
    ]
