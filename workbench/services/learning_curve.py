"""How many more labels a department needs for an F1, from its trainings on fewer and on more of them.

One curve holds trainings that differ in nothing but the target's labels and the seed: the same method, settings and
source labels, scored on the very same dev records and dev labels. When labels are added to dev, a new curve begins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ladtl_core.config import Config
from ladtl_core.data import TRAINING_SPLITS
from ladtl_core.scores import LabelScore, Scores
from workbench.jobs import api
from workbench.jobs.api import RunStatus, TrainSpec
from workbench.services import access
from workbench.services.power_law import FURTHEST, Law, Point, Unknown, fit
from workbench.services.roles import Act, needs
from workbench.store import audit, outcomes, runs, snapshots, trained
from workbench.store.database import Database
from workbench.store.outcomes import Scored

FEWEST_SPANS = 20  # gold ones on dev: with fewer, the standard error of F1 is above ten
FEWEST_TO_MEASURE = 20  # records
SHARES = (0.25, 0.5, 0.75)
WORTH_TELLING = 1.0  # F1
# Trainings scored on the same dev records share most of their luck with these: drawn anew, 30 documents moved the F1 of
# two runs of one method together with a correlation of 0.5 to 0.9. The smaller figure leaves the wider interval.
SHARED_LUCK = 0.5


@dataclass(frozen=True)
class Series:
    """F1 over records, of all labels or of one; `support` counts gold spans on dev."""

    points: tuple[Point, ...]
    support: int
    law: Law | Unknown


@dataclass(frozen=True)
class Curve:
    """The trainings that can be compared with one of them. `labels` has the labels that dev holds."""

    method: str
    dev_records: int
    overall: Series
    labels: dict[str, Series]

    @property
    def reached(self) -> float:
        """The best F1 of the trainings on the most records; 0 without one."""
        return max((point.records, point.f1) for point in self.overall.points)[1] if self.overall.points else 0.0


@dataclass(frozen=True)
class Forecast:
    """How many more labelled records an F1 takes; None, and why, where that cannot be told."""

    more: int | None
    low: int
    high: int
    text: str


@dataclass(frozen=True)
class _Training:
    records: int
    dev: Scores


@needs(Act.RESULTS)
def of_run(database: Database, run: RunStatus) -> Curve:
    """The curve that a succeeded training is a point of."""
    found = _comparable(database, run)
    last = max(found, key=lambda training: training.records).dev if found else None
    labels = {
        label: _series([(t.records, t.dev.per_label[label], None) for t in found if label in t.dev.per_label])
        for label, score in (last.per_label if last else {}).items()
        if score.support
    }
    overall = _series([(t.records, t.dev.overall, t.dev.interval) for t in found])
    return Curve(run.spec["config"]["transfer"]["method"], last.records if last else 0, overall, labels)


@needs(Act.SEE)
def of_department(database: Database, department_id: int) -> Curve | None:
    """The curve of the training that made the current model; None without one, or if it was trained elsewhere."""
    with database.reading() as session:
        model = trained.current(session, department_id)
    run = api.status(database, model.run_id) if model else None
    return of_run(database, run) if run and run.state == "succeeded" and runs.IMPORTED not in run.spec else None


@needs(Act.RESULTS)
def under_way(database: Database, run: RunStatus) -> int:
    """How many trainings with the run's settings wait or run."""
    with database.reading() as session:
        return len(_alike(session, run, "queued", "running"))


def can_measure(labelled: int) -> bool:
    """Whether a quarter of the labelled records is enough to learn from."""
    return labelled >= FEWEST_TO_MEASURE


@needs(Act.TRAIN)
def measure(database: Database, run: RunStatus, labelled: int) -> list[int]:
    """Queue trainings like this one on a quarter, a half, three quarters and all of today's labels; the runs' ids.

    All but the last leave no model. Raises ConfigError and NotFound as any training.
    """
    config = Config.from_dict(run.spec["config"])
    sources = tuple(part["department"] for part in run.spec["sources"])
    sizes = [*(round(labelled * share) for share in SHARES), None]
    specs = [TrainSpec(sources, run.department_id, config, keep) for keep in sizes]
    queued = [api.submit_training(database, spec) for spec in specs]
    with database.session() as session:
        audit.note(session, access.who(), "queued trainings", f"department {run.department_id}", {"runs": queued})
    return queued


def band(series: Series, steps: int = 40) -> list[tuple[float, float, float, float]]:
    """Records, F1 and its interval along the law, as far as it is told; empty where there is none."""
    law = series.law
    if isinstance(law, Unknown):
        return []
    first, last = min(point.records for point in law.points), FURTHEST * law.most
    places = [first * (last / first) ** (i / (steps - 1)) for i in range(steps)]
    found = [(records, law.f1(records)) for records in places]
    return [(records, f1.value, f1.low, f1.high) for records, f1 in found]


def forecast(series: Series, f1: float, labelled: int) -> Forecast:
    """How many records beyond the `labelled` ones F1 (percent, below 100) takes."""
    found = series.law if isinstance(series.law, Unknown) else series.law.records_for(f1)
    if isinstance(found, Unknown):
        return Forecast(None, 0, 0, f"Cannot tell: {found.reason}.")
    more, low, high = (max(round(value) - labelled, 0) for value in (found.value, found.low, found.high))
    if not more:
        text = f"The curve reaches F1 {f1:g} with the {labelled} records that are labelled"
        return Forecast(0, low, high, text + (f"; it may take up to {high} more." if high else "."))
    return Forecast(more, low, high, f"About {more} more records for F1 {f1:g} (90 % interval: {low} to {high}).")


def outlook(curve: Curve, labelled: int, unlabelled: int) -> str | None:
    """What the next records should gain, in a sentence; None where the data cannot tell or nothing is left to label."""
    step = min(max(labelled // 4, 5), unlabelled)
    law = curve.overall.law
    if isinstance(law, Unknown) or step <= 0:
        return None
    gain = law.gain(labelled, labelled + step)
    if gain.value < WORTH_TELLING:
        return f"{step} more records should gain {curve.method} less than {WORTH_TELLING:g} F1."
    return f"{step} more records and {curve.method} should gain about {gain.value:.0f} F1."


def _comparable(database: Database, run: RunStatus) -> list[_Training]:
    """The trainings of one curve: those that were measured on dev as the run was."""
    with database.reading() as session:
        found = _alike(session, run, "succeeded")
        counts = {_snapshot(one.spec): snapshots.split_counts(session, _snapshot(one.spec)) for one in found}
        dev = {snapshot: snapshots.split_hash(session, snapshot, "dev") for snapshot in counts}
    return [
        _Training(_records(one.spec, counts[_snapshot(one.spec)]), Scores.from_dict(one.dev))
        for one in found
        if one.dev and dev[_snapshot(one.spec)] == dev[_snapshot(run.spec)]
    ]


def _alike(session: Session, run: RunStatus, *states: str) -> list[Scored]:
    """The trainings in these states with the run's settings, itself included, the newest first."""
    found = outcomes.with_settings(session, run.department_id, run.spec["config"], states)
    return [one for one in found if _settings(one.spec) == _settings(run.spec)]


def _settings(spec: dict[str, Any]) -> str:
    """What is equal in the trainings of a curve, besides dev."""
    config = {**spec["config"], "training": {**spec["config"]["training"], "seed": None}}
    return json.dumps([config, [part["snapshot_hash"] for part in spec["sources"]]], sort_keys=True)


def _records(spec: dict[str, Any], counts: Mapping[str, int]) -> int:
    """How many of the target's records it learned the labels of."""
    return spec["target"].get("keep") or sum(counts.get(split, 0) for split in TRAINING_SPLITS)


def _snapshot(spec: dict[str, Any]) -> int:
    number: int = spec["target"]["snapshot"]
    return number


def _series(scores: list[tuple[int, LabelScore, tuple[float, float] | None]]) -> Series:
    points = tuple(Point(n, score.f1, _deviation(score, interval)) for n, score, interval in scores)
    support = min((score.support for _, score, _ in scores), default=0)
    if scores and support < FEWEST_SPANS:
        why = f"the dev records hold {support} span{'' if support == 1 else 's'}, {FEWEST_SPANS} are needed"
        return Series(points, support, Unknown(why))
    return Series(points, support, fit(points))


def _deviation(score: LabelScore, interval: tuple[float, float] | None) -> float:
    """The standard error of F1 that a training has of its own.

    It is taken from the 95 % interval, for a label from its share of the gold spans; there two spans found and two
    missed are added, so that 0 and 100 are not taken for certain.
    """
    share = (score.f1 / 100 * score.support + 2) / (score.support + 4)
    error = 100 * (share * (1 - share) / (score.support + 4)) ** 0.5
    if interval is not None:
        error = max((interval[1] - interval[0]) / (2 * 1.96), error / 2)
    return error * (1 - SHARED_LUCK) ** 0.5
