"""Label sets for pages: their labels, whether spans may overlap, and what the people who label are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.store import audit, departments
from workbench.store import label_sets as sets
from workbench.store.database import Database


@dataclass(frozen=True, slots=True)
class GuidedLabel:
    """A label with its guideline (Markdown) and its palette index."""

    label_id: int
    name: str
    colour: int
    key: str | None
    guideline: str


@dataclass(frozen=True, slots=True)
class GuidedSet:
    """A label set with the departments that use it; retired labels are left out."""

    label_set_id: int
    name: str
    departments: dict[int, str]  # names by id
    overlaps: bool
    guideline: str
    labels: tuple[GuidedLabel, ...]


def label_sets(database: Database) -> list[GuidedSet]:
    """All label sets in the order in which they were made."""
    with database.reading() as session:
        users: dict[int, dict[int, str]] = {}
        for department in departments.all_departments(session):
            users.setdefault(department.label_set_id, {})[department.id] = department.name
        return [
            GuidedSet(
                found.id,
                found.name,
                users.get(found.id, {}),
                found.overlaps,
                found.guideline,
                tuple(
                    GuidedLabel(label.id, label.name, label.colour, label.key, label.guideline)
                    for label in found.labels
                    if not label.retired
                ),
            )
            for found in departments.label_sets(session)
        ]


def of_department(database: Database, department_id: int) -> GuidedSet:
    """The department's label set. Raises NotFound."""
    with database.reading() as session:
        wanted = sets.of_department(session, department_id).id
    return next(found for found in label_sets(database) if found.label_set_id == wanted)


def allow_overlaps(database: Database, label_set_id: int, allowed: bool, who: str) -> None:
    """Let new spans overlap others, or no longer; spans that are there stay. Raises NotFound."""
    with database.session() as session:
        sets.allow_overlaps(session, label_set_id, allowed)
        audit.note(session, who, "overlaps", sets.get(session, label_set_id).name, {"allowed": allowed})


def write_guidelines(
    database: Database, label_set_id: int, guideline: str, of_labels: Mapping[int, str], who: str
) -> None:
    """Replace the guideline of the set and those of labels, by their ids. Raises NotFound."""
    with database.session() as session:
        sets.write_guidelines(session, label_set_id, guideline, of_labels)
        audit.note(session, who, "guidelines", sets.get(session, label_set_id).name)
