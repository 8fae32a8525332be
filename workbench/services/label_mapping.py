"""Labels of one department for those of another, where their label sets differ: for the pages Labels and Train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from workbench.services.roles import Act, needs
from workbench.store import audit, departments, label_sets, mappings
from workbench.store.database import Database
from workbench.store.models import Label


@dataclass(frozen=True, slots=True)
class LabelMapping:
    """Names of labels by their ids, and for each of the source's the target's that it stands for, or None.

    Retired labels are left out where they stand for nothing.
    """

    source: dict[int, str]
    target: dict[int, str]
    pairs: dict[int, int | None]


@needs(Act.LABELS)
def mapping(database: Database, source_set_id: int, target_set_id: int) -> LabelMapping:
    """What training would take for what. Raises NotFound."""
    with database.reading() as session:
        return _mapping(session, source_set_id, target_set_id)


@needs(Act.LABELS)
def save(
    database: Database, source_set_id: int, target_set_id: int, chosen: Mapping[int, int | None], who: str
) -> None:
    """Decide for labels of the source, by ids, which of the target's each is, or None.

    Raises DataError, with nothing changed, where two stand for one; NotFound.
    """
    with database.session() as session:
        mappings.save(session, source_set_id, target_set_id, chosen)
        now = _mapping(session, source_set_id, target_set_id)
        detail = {now.source[one]: other and now.target[other] for one, other in now.pairs.items()}
        source, target = (label_sets.get(session, one).name for one in (source_set_id, target_set_id))
        audit.note(session, who, "map labels", target, {"from": source, "labels": detail})


def said(session: Session, sources: Sequence[int], target: int) -> tuple[str, ...]:
    """For each source department with another label set than the target, in one line, what stands for what."""
    target_set = label_sets.of_department(session, target).id
    lines = []
    for source in sources:
        source_set = label_sets.of_department(session, source).id
        if source_set == target_set:
            continue
        found = _mapping(session, source_set, target_set)
        names = [(found.source[one], other and found.target[other]) for one, other in found.pairs.items()]
        matched = ", ".join(name if name == other else f"{name} → {other}" for name, other in names if other)
        alone = ", ".join(name for name, other in names if not other)
        unmet = ", ".join(name for key, name in found.target.items() if key not in found.pairs.values())
        parts = [matched or "none stands for one of the target"]
        if alone:
            parts.append(f"left out of the alignment: {alone}")
        if unmet:
            parts.append(f"of the target alone: {unmet}")
        lines.append(f"Labels of {departments.get(session, source).name}: {'; '.join(parts)}.")
    return tuple(lines)


def _mapping(session: Session, source_set_id: int, target_set_id: int) -> LabelMapping:
    pairs = mappings.pairs(session, source_set_id, target_set_id)
    source, target = (label_sets.get(session, one).labels for one in (source_set_id, target_set_id))
    shown = _names(source, {one for one, other in pairs.items() if other})
    return LabelMapping(
        shown, _names(target, {other for other in pairs.values() if other}), {one: pairs[one] for one in shown}
    )


def _names(labels: Sequence[Label], used: set[int]) -> dict[int, str]:
    return {label.id: label.name for label in labels if label.id in used or not label.retired}
