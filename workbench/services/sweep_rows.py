"""The ended runs of a sweep as rows of a table of experiment runs, so that the views of Research show them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from ladtl_core.experiments.plans import Row, RunSpec, described, settings_of_finished, value_of
from workbench.services.results import LOOKED_AT_TEST
from workbench.services.roles import Act, needs
from workbench.services.sweep_plans import WEIGHTS
from workbench.store import audit, sweeps
from workbench.store.database import Database
from workbench.store.sweeps import Ended, Tried


@needs(Act.RESEARCH)
def rows(database: Database, sweep_id: int, known: Mapping[int, Row]) -> dict[int, Row]:
    """The succeeded runs by their ids; those that are `known` are not read again.

    `dev_f1` and `test_f1` are empty where no record of that split was labelled.
    """
    with database.reading() as session:
        found = sweeps.ended(session, sweep_id, without=list(known))
    return {**known, **{one.run_id: _row(one) for one in found}}


def shown_on(rows: Sequence[Row], split: str) -> list[Row]:
    """The runs that have an F1 on the split, dev or test; without their test scores unless these are asked for."""
    hidden = {} if split == "test" else {"test_f1": "", "test_counts": "[]"}
    return [{**row, **hidden} for row in rows if row[f"{split}_f1"]]


@needs(Act.RESEARCH)
def first_view(database: Database, sweep_id: int) -> str:
    """The view that shows what the sweep varies, by its name in `research.VIEWS`; it needs no run to have ended."""
    with database.reading() as session:
        found = sweeps.tried(session, sweep_id)
    several = {name for name in (*WEIGHTS, "rate") if any(len(v) > 1 for v in _values(found, name).values())}
    if {"alpha", "beta"} <= several:
        return "grid"
    varied = next((name for name in WEIGHTS if name in several), "")
    if varied or "rate" in several:
        return varied or "sampling"
    return "pairs" if len({(one.source, one.target) for one in found if one.source}) > 1 else "trials"


def gammas(rows: Sequence[Row]) -> list[float]:
    """The values of gamma, which only its own view has on an axis."""
    return sorted({float(value_of(row, "gamma")) for row in rows})


def with_gamma(rows: Sequence[Row], gamma: float) -> list[Row]:
    return [row for row in rows if float(value_of(row, "gamma")) == gamma]


def seconds_left(rows: Sequence[Row], alive: int) -> float | None:
    """What so many more runs take on one worker; None where none has ended."""
    return median(float(row["seconds"]) for row in rows) * alive if rows else None


@needs(Act.RESEARCH)
def look_at_test(database: Database, sweep_id: int, who: str) -> None:
    """Write the look at the test scores to the audit trail: settings are chosen on dev, test is for the report."""
    with database.session() as session:
        audit.note(session, who, LOOKED_AT_TEST, f"sweep {sweep_id}")


def _values(tried: Sequence[Tried], name: str) -> dict[str, set[float]]:
    """What each method was run with."""
    found: dict[str, set[float]] = {}
    for one in tried:
        found.setdefault(one.method, set()).add(getattr(one, name))
    return found


def _row(ended: Ended) -> Row:
    spec = ended.spec
    config = settings_of_finished(spec["config"])
    source = " + ".join(part["name"] for part in spec["sources"])
    one = RunSpec(source, spec["target"]["name"], config.transfer.method, ended.share, config)
    data = hashlib.sha256(
        json.dumps([part["snapshot_hash"] for part in (*spec["sources"], spec["target"])]).encode()
    ).hexdigest()[:16]
    about: dict[str, Any] = {
        **described(one),
        "key": one.key(data),
        **{f"{split}_f1": "" if f1 is None else f1 for split, f1 in (("dev", ended.dev_f1), ("test", ended.test_f1))},
        "best_epoch": ended.best_epoch,
        "steps": ended.steps,
        "seconds": ended.seconds,
        "data": data,
        "version": ended.code_version,
        "torch": "",
        "processor": "",
        "test_counts": json.dumps(_counts(ended.test_counts or {})),
    }
    return {name: str(value) for name, value in about.items()}


def _counts(of_labels: Mapping[str, list[list[int]]]) -> list[list[int]]:
    """Correct, predicted and gold entities of each document, all labels together."""
    documents = zip(*of_labels.values(), strict=True)
    return [[sum(counts) for counts in zip(*document, strict=True)] for document in documents]
