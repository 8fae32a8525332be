"""What a person should know before they trust a run: warnings about its labels, its gap and its evaluation set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from ladtl_core.data import TRAINING_SPLITS
from ladtl_core.scores import Scores
from ladtl_core.significance import compare, holm
from workbench.services.results import Result
from workbench.services.roles import Act, needs
from workbench.store import snapshots
from workbench.store.database import Database

SIGNIFICANT = 0.05
WIDE = 20.0  # points of F1 between the ends of an interval that tells little


@needs(Act.RESULTS)
def warnings(
    database: Database, result: Result, others: Sequence[Result], epochs: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Sentences for a page, the gravest first; none where nothing is wrong.

    `others` are further results of the department, of which one of non-transfer on the same labels shows whether the
    transfer hurts a label; `epochs` as `results.epochs` gives them.
    """
    alone = [other for other in others if other.method == "non-transfer" and other.snapshot == result.snapshot]
    found = _negative_transfer(result, alone[0]) if alone and result.method != "non-transfer" else []
    return [
        *found,
        *_one_sided(database, result),
        *_open_gaps(epochs, result.best_epoch),
        *_small_evaluation(result.dev),
    ]


def _negative_transfer(result: Result, alone: Result) -> list[str]:
    """Labels that the target's records alone tag better: p of approximate randomisation over dev records, Holm."""
    if result.dev is None or alone.dev is None:
        return []
    mine, theirs = result.dev.counts, alone.dev.counts
    labels = [label for label in result.dev.per_label if label in mine and label in theirs]
    tests = {label: compare([_cells(theirs[label])], [_cells(mine[label])]) for label in labels}
    adjusted = dict(zip(tests, holm(test.p_value for test in tests.values()), strict=True))
    return [
        f"Negative transfer for {label}: the target's records alone reach F1 {alone.dev.per_label[label].f1:.1f}, "
        f"{result.method} {result.dev.per_label[label].f1:.1f} (p {adjusted[label]:.3f}, {test.documents} dev records)."
        for label, test in tests.items()
        if test.difference > 0 and adjusted[label] < SIGNIFICANT
    ]


def _cells(counts: Sequence[Sequence[int]]) -> np.ndarray:
    return np.array(counts, dtype=np.int64)[:, None, :]


def _one_sided(database: Database, result: Result) -> list[str]:
    """Labels that the source or the target has no span of, so that nothing can be aligned there."""
    spec = result.run.spec
    if not spec["sources"]:
        return []
    with database.reading() as session:
        source, target = (
            sum((_support(session, part) for part in parts), Counter[str]())
            for parts in (spec["sources"], [spec["target"]])
        )
    return [
        f"{label} is not aligned: spans in the {side}'s training records {count:,}, in the {other}'s none."
        for side, other, here, there in (("source", "target", source, target), ("target", "source", target, source))
        for label, count in sorted(here.items())
        if label not in there
    ]


def _support(session: Session, part: Mapping[str, Any]) -> Counter[str]:
    """Spans by the label's name as training knows it: the target's, where the source calls it otherwise."""
    meant = dict(part.get("labels", ()))
    found = (r for r in snapshots.records(session, part["snapshot"]) if r.split in TRAINING_SPLITS)
    return Counter(meant.get(entity.label, entity.label) for r in found for entity in r.entities or ())


def _open_gaps(epochs: Sequence[Mapping[str, Any]], best_epoch: int) -> list[str]:
    """Tags whose gap is as large in the epoch whose weights were kept as in the first."""
    measured = [payload["gap"] for payload in epochs if payload["gap"] and payload["epoch"] <= best_epoch]
    if len(measured) < 2:
        return []
    first, kept = measured[0], measured[-1]
    return [
        f"The gap of {tag} did not close: MMD² {first[tag]:.3f} after the first epoch, {kept[tag]:.3f} in the best one."
        for tag in sorted(kept)
        if tag in first and kept[tag] >= first[tag] > 0
    ]


def _small_evaluation(dev: Scores | None) -> list[str]:
    if dev is None:
        return ["No dev record was labelled when this run began, so nothing is known of how good it is."]
    said = f"The evaluation set has {dev.records} dev record{'' if dev.records == 1 else 's'}"
    if dev.interval is None:
        return [f"{said}: too few for an interval of F1."]
    low, high = dev.interval
    if high - low > WIDE:
        return [f"{said}: F1 is somewhere from {low:.1f} to {high:.1f}, too wide to tell runs apart."]
    return []
