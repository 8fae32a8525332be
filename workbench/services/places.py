"""Which departments the arguments of a service belong to, by the arguments' names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from workbench.store import belonging

ANEW = 0
"""A department that does not exist yet: nobody who is confined to some departments may make one."""

SHARED = {"label_set_id", "source_set_id", "target_set_id", "label_id", "label_ids"}
"""What several departments may have in common: used by the people of one of them, changed by those of all."""

OF_ARGUMENTS: dict[str, Callable[[Session, Any], set[int]]] = {
    "department_id": lambda _, value: set() if value is None else {value},
    "department_ids": lambda _, value: set(value),
    "record_id": lambda session, value: belonging.records(session, [value]),
    "candidates": belonging.records,
    "label_set_id": belonging.label_set,
    "source_set_id": belonging.label_set,
    "target_set_id": belonging.label_set,
    "label_id": lambda session, value: belonging.labels(session, [value]),
    "label_ids": belonging.labels,
    "model_id": lambda session, value: belonging.models(session, [value]),
    "model_ids": belonging.models,
    "run_id": belonging.run,
    "run": lambda _, run: {run.department_id},
    "result": lambda _, result: {result.run.department_id},
    "one": lambda _, result: {result.run.department_id},
    "other": lambda _, result: set() if result is None else {result.run.department_id},
    "ranking": lambda _, ranking: {ranking.department_id},
    "spec": lambda _, spec: {*spec.sources, spec.target},
    "grid": lambda _, grid: {one for sources, target in grid.pairs for one in (*sources, target)},
    "wanted": lambda session, wanted: OF_ARGUMENTS["grid"](session, wanted.grid),
    "asked": lambda _, asked: {asked.department_id or ANEW},
    "department_names": belonging.named,
    "words": lambda session, words: belonging.named(session, list(words)),
    "planned": lambda _, plan: {study.prepared.department_id for study in plan.studies},
    "shares": lambda _, shares: {one for spec, _share in shares for one in (*spec.sources, spec.target)},
    "ids": lambda _, ids: set(ids.values()),
    "plan": lambda _, plan: {run.prepared.department_id for run in plan.runs},
    "sweep_id": belonging.sweep,
    "found": lambda session, preview: _of_preview(session, preview),
}


def of_arguments(session: Session, arguments: Mapping[str, Any]) -> Iterator[tuple[str, set[int]]]:
    """Each argument that belongs to departments, with their ids; what is not there belongs to none."""
    for name, value in arguments.items():
        if name in OF_ARGUMENTS:
            yield name, OF_ARGUMENTS[name](session, value)


def _of_preview(session: Session, preview: Any) -> set[int]:
    existing = belonging.named(session, [part.name for part in preview.departments if not part.is_new])
    return existing | ({ANEW} if any(part.is_new for part in preview.departments) else set())
