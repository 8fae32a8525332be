"""What trainings learn from. A worker keeps it for the next run of a sweep, which often learns from the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from ladtl_core.data import TrainingData
from ladtl_core.records import Record
from workbench.jobs import inputs
from workbench.store import audit
from workbench.store.database import Database
from workbench.store.erasure import ERASURE


class Learned(NamedTuple):
    """Records with all their labels, and the sentences that the training gets. Shared: do not change them."""

    sources: list[Record]
    target: list[Record]
    data: TrainingData


def learned(database: Database, spec: dict[str, Any]) -> Learned:
    """Read at the first training with such records, and again once one of them was erased."""
    parts = json.dumps({"sources": spec["sources"], "target": {**spec["target"], "keep": None}}, sort_keys=True)
    with database.reading() as session:
        standing = inputs.standing(session, spec)
    found = _read(database, parts, spec["config"]["model"]["scheme"], standing)
    if "keep" not in spec["target"]:
        return found
    kept = inputs.kept_labels(found.target, spec["target"]["keep"], spec["config"]["training"]["seed"])
    return found._replace(data=found.data.with_labels_of(kept))


@lru_cache(maxsize=4)
def _read(database: Database, parts: str, scheme: str, _standing: object) -> Learned:
    with database.reading() as session:
        sources, target = inputs.learned_from(session, json.loads(parts))
    return Learned(sources, target, TrainingData.of_records(sources, target, scheme))


def forget() -> None:
    """Let go of all records that are kept for the next run."""
    _read.cache_clear()


class Forgetting:
    """Lets go of what is kept, here and by `also`, once a record was erased: a worker may do nothing for days."""

    def __init__(self, database: Database, also: Callable[[], None]) -> None:
        self._database, self._also = database, also
        with database.reading() as session:
            self._seen = audit.latest(session)

    def step(self) -> None:
        with self._database.reading() as session:
            erased, seen = audit.happened(session, ERASURE, after=self._seen), audit.latest(session)
        if erased:
            forget()
            self._also()
        self._seen = seen
