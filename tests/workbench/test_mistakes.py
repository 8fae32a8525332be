"""Errors of a run, mention by mention: kind, labels, context, seen or not, and what another model made of the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ladtl_core.records import Entity, Record
from workbench.jobs.api import RunStatus
from workbench.services import mistakes
from workbench.services.results import Result
from workbench.store import departments, labels, records, runs, snapshots, trained
from workbench.store.database import Database

TEXT = "But an MRI scan of the spine showed an L5 metastasis."
MRI, METASTASIS = (7, 15), (39, 52)


def span(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label, "confidence": 0.9}


def results(database: Database, *predicted: list[dict[str, Any]]) -> list[Result]:
    """A department with one training and one dev record, and a run for each list of spans predicted on dev."""
    found = []
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Test"))
        records.add(
            session,
            department.id,
            [
                Record("t", "Repeat mri  Scan.", (Entity(7, 16, "Test"),), split="pool"),
                Record("d", TEXT, (Entity(*MRI, "Test"), Entity(*METASTASIS, "Problem")), split="dev"),
            ],
            "me",
        )
        part = {"department": department.id, "snapshot": snapshots.freeze(session, department.id).id}
        spec = {"sources": [], "target": part}
        for i, spans in enumerate(predicted):
            run = runs.create(
                session,
                kind="train",
                department_id=department.id,
                title="",
                spec=spec,
                spec_hash=f"{i}",
                code_version="",
            )
            model = trained.add_model(
                session, department_id=department.id, run_id=run.id, folder="", hash="", scores={}
            )
            trained.store_suggestions(session, model.id, {records.ids(session, department.id)["d"]: spans})
            fields: dict[str, Any] = {field: None for field in RunStatus.__dataclass_fields__}
            status = RunStatus(**{**fields, "run_id": run.id, "spec": spec, "created_at": datetime.now(UTC)})
            found.append(Result(status, model.id, i, False, "la-dtl", "", 1, "", {}, "", None, 1, 1, 1.0))
    return found


def test_kinds_labels_and_context(database: Database) -> None:
    [result] = results(database, [span(*MRI, "Problem"), span(42, 52, "Problem"), span(23, 28, "Problem")])
    found = mistakes.of_result(database, result)
    assert [(one.kind, one.gold, one.predicted, one.words) for one in found] == [
        ("wrong label", "Test", "Problem", "MRI scan"),
        ("spurious", "", "Problem", "spine"),
        ("wrong boundary", "Problem", "Problem", "L5 metastasis"),
    ]
    assert [(one.seen, one.tokens, one.other) for one in found] == [
        (True, 2, ""),
        (False, 1, ""),
        (False, 3, ""),
    ]  # L, 5 and metastasis
    assert all(one.before + one.words + one.after in TEXT and one.record == "d" for one in found)
    assert mistakes.confused(found)[0] == ("spurious", "", "Problem", 1, 0)
    assert ("wrong label", "Test", "Problem", 1, 1) in mistakes.confused(found)


def test_a_perfect_model_has_none(database: Database) -> None:
    [result] = results(database, [span(*MRI, "Test"), span(*METASTASIS, "Problem")])
    assert mistakes.of_result(database, result) == []
    with database.session() as session:
        [label, _] = departments.labels(session, result.run.spec["target"]["department"])
        labels.rename(session, label.id, "Diagnosis")
    assert mistakes.of_result(database, result) == []


def test_what_another_model_made_of_the_same_mentions(database: Database) -> None:
    mine, other = results(
        database,
        [span(23, 28, "Problem"), span(0, 3, "Test")],
        [span(*MRI, "Test"), span(20, 28, "Problem")],
    )
    found = {(one.kind, one.words): one.other for one in mistakes.of_result(database, mine, other)}
    assert found == {
        ("missed", "MRI scan"): "correct",
        ("missed", "L5 metastasis"): "missed",
        ("spurious", "spine"): "spurious",  # the other invents something there, too
        ("spurious", "But"): "correct",
    }
