"""Warnings of a run: each said where it holds, and none where it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ladtl_core.records import Entity, Record
from ladtl_core.scores import LabelScore, Scores
from workbench.jobs.api import RunStatus
from workbench.services import findings
from workbench.services.results import Result
from workbench.store import departments, records, snapshots
from workbench.store.database import Database


def scores(correct: dict[str, int], interval: tuple[float, float] | None = (50.0, 60.0)) -> Scores:
    """Twelve records with four gold and four predicted entities of each label each, so many of them correct."""
    per_label = {label: LabelScore(25.0 * n, 25.0 * n, 25.0 * n, 48) for label, n in correct.items()}
    counts = {label: [[n, 4, 4]] * 12 for label, n in correct.items()}
    return Scores(LabelScore(50.0, 50.0, 50.0, 48), per_label, {}, interval, 12, counts)


def result(method: str, dev: Scores | None, spec: dict[str, Any] | None = None) -> Result:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    fields = {field: None for field in RunStatus.__dataclass_fields__}
    run = RunStatus(**{**fields, "run_id": 1, "spec": spec or {"sources": []}, "created_at": now})  # type: ignore[arg-type]
    return Result(run, 1, 1, False, method, "", 5, "snapshot", {}, "", dev, 3, 1, 1.0)


def said(database: Database, mine: Result, *others: Result, epochs: list[dict[str, Any]] | None = None) -> list[str]:
    return findings.warnings(database, mine, others, epochs or [])


def test_nothing_is_said_where_nothing_is_wrong(database: Database) -> None:
    epochs = [{"epoch": 1, "gap": {"B-Test": 0.4}}, {"epoch": 2, "gap": {"B-Test": 0.1}}]
    mine, alone = result("la-dtl", scores({"Test": 3})), result("non-transfer", scores({"Test": 1}))
    assert said(database, mine, alone, epochs=epochs) == []


def test_negative_transfer_is_said_of_the_label_that_it_hurts(database: Database) -> None:
    mine = result("la-dtl", scores({"Test": 1, "Problem": 3}))
    alone = result("non-transfer", scores({"Test": 3, "Problem": 3}))
    [warning] = said(database, mine, alone)
    assert warning.startswith(
        "Negative transfer for Test: the target's records alone reach F1 75.0, la-dtl 25.0 (p 0.0"
    )
    assert "12 dev records" in warning
    assert said(database, mine, replace(alone, snapshot="other")) == []  # other labels, other records


def test_one_record_is_too_few_to_call_a_difference_negative_transfer(database: Database) -> None:
    better, worse = scores({"Test": 4}), scores({"Test": 0})
    mine = result("la-dtl", replace(worse, counts={"Test": worse.counts["Test"][:1]}))
    assert (
        said(database, mine, result("non-transfer", replace(better, counts={"Test": better.counts["Test"][:1]}))) == []
    )


@pytest.mark.parametrize(("dev", "words"), [(None, "No dev record"), (scores({}, (40.0, 70.0)), "from 40.0 to 70.0"),
                                            (scores({}, None), "too few for an interval")])  # fmt: skip
def test_a_small_evaluation_set_is_said(database: Database, dev: Scores | None, words: str) -> None:
    [warning] = said(database, result("la-dtl", dev))
    assert words in warning


def test_a_gap_that_did_not_close_is_said(database: Database) -> None:
    gaps: list[dict[str, float]] = [{"B-A": 0.1, "B-B": 0.2, "B-C": -0.01}, {}, {"B-A": 0.2, "B-B": 0.1, "B-C": 0.0}]
    epochs = [{"epoch": i, "gap": gap} for i, gap in enumerate([*gaps, {"B-B": 0.9}], 1)]
    [warning] = said(database, result("la-dtl", scores({"A": 2})), epochs=epochs)
    assert warning == "The gap of B-A did not close: MMD² 0.100 after the first epoch, 0.200 in the best one."


def test_a_label_that_one_side_lacks_is_said(database: Database) -> None:
    parts = []
    with database.session() as session:
        for name, labels in (("Source", ("A", "B")), ("Target", ("B", "C"))):
            department = departments.create(session, name, "clinical", ("A", "B", "C"))
            spans = tuple(Entity(i, i + 1, label) for i, label in enumerate(labels))
            records.add(session, department.id, [Record("1", "x y z", spans, split="pool")], "me")
            parts.append({"snapshot": snapshots.freeze(session, department.id).id})
    spec = {"sources": parts[:1], "target": parts[1]}
    assert said(database, result("la-dtl", scores({"B": 2}), spec)) == [
        "A is not aligned: spans in the source's training records 1, in the target's none.",
        "C is not aligned: spans in the target's training records 1, in the source's none.",
    ]
