"""What the store holds, for pages that list departments and label sets."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from workbench.services import label_sets as guided
from workbench.services.roles import Act, needs, visible
from workbench.store import departments
from workbench.store.database import Database
from workbench.store.departments import Overview


@dataclass(frozen=True, slots=True)
class Holding:
    """A department with the names of its labels; retired labels are left out."""

    department: Overview
    labels: tuple[str, ...]


@needs(Act.SEE)
def holdings(database: Database) -> list[Holding]:
    """All departments that may be seen, in the order in which they were made."""
    with database.reading() as session:
        labels, sees = _labels_by_set(session), visible(session)
        rows = departments.overview(session)
        return [Holding(row, labels[row.label_set]) for row in rows if sees(row.department_id)]


@needs(Act.SEE)
def label_sets(database: Database) -> dict[str, tuple[str, ...]]:
    """The names of the labels of each label set that may be seen, by the set's name."""
    return {found.name: tuple(label.name for label in found.labels) for found in guided.label_sets(database)}


def _labels_by_set(session: Session) -> dict[str, tuple[str, ...]]:
    return {
        found.name: tuple(label.name for label in found.labels if not label.retired)
        for found in departments.label_sets(session)
    }
