"""The queue of a person who labels: their records of a department, all of them or those that fulfil some conditions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from workbench.services import suggesting
from workbench.services.roles import Act, needs
from workbench.store import departments, records, search, sharing
from workbench.store.database import Database
from workbench.store.records import EVALUATION_SPLITS, LABELLING_SPLITS, QueueItem

__all__ = ["ANY_CONFIDENCE", "STATES", "QueueItem", "Wanted", "authors", "label_names", "queue"]

STATES = ("pending", "draft", "submitted", "skipped", "flagged")
ANY_CONFIDENCE = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions, all of which a record must fulfil; the empty ones leave all records.

    `words` in its text or id; `labels` (names), of which a span or a suggestion has one; `authors`, of whom one has
    begun it; `confidence` (lowest, highest): the current model or the imported file suggests a span, of `labels` if
    there are any, whose confidence lies there.
    """

    words: str = ""
    labels: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    confidence: tuple[float, float] = ANY_CONFIDENCE

    @property
    def conditions(self) -> int:
        """How many there are besides the words."""
        return bool(self.labels) + bool(self.authors) + (self.confidence != ANY_CONFIDENCE)


@needs(Act.ANNOTATE)
def queue(
    database: Database,
    department_id: int,
    author: str,
    evaluation: bool,
    wanted: Wanted | None = None,
    opened: int | None = None,
) -> list[QueueItem]:
    """The author's list: pool and training records, or the evaluation set; in the order of import.

    Records that are others' to label are left out, but for the one that is `opened`, and if authors are `wanted`.
    """
    with database.reading() as session:
        items = records.queue(session, department_id, author, evaluation)
        if wanted is None or not wanted.authors:
            taken = sharing.taken(session, department_id, author) - {opened}
            items = [item for item in items if item.status != "pending" or item.record_id not in taken]
        for ids in _conditions(session, department_id, items, evaluation, wanted or Wanted()):
            items = [item for item in items if item.record_id in ids]
        return items


@needs(Act.ANNOTATE)
def authors(database: Database, department_id: int) -> list[str]:
    """Everybody who has begun a record of the department."""
    with database.reading() as session:
        return search.authors(session, department_id)


@needs(Act.ANNOTATE)
def label_names(database: Database, department_id: int) -> list[str]:
    """The department's labels, retired ones too: their spans are still there. Those of merged ones are not."""
    with database.reading() as session:
        return [label.name for label in departments.labels(session, department_id) if label.merged_into is None]


def _conditions(
    session: Session, department_id: int, items: list[QueueItem], evaluation: bool, wanted: Wanted
) -> list[set[int]]:
    """The records of each condition."""
    found = []
    if wanted.words.strip():
        found.append(search.containing(session, department_id, wanted.words.strip()))
    if wanted.authors:
        found.append(search.labelled_by(session, department_id, wanted.authors))
    if wanted.labels or wanted.confidence != ANY_CONFIDENCE:
        suggested = _suggested(session, department_id, items, evaluation, wanted)
        if wanted.confidence == ANY_CONFIDENCE:
            ids = {label.name: label.id for label in departments.labels(session, department_id)}
            chosen = [ids[name] for name in wanted.labels if name in ids]
            suggested |= search.labelled_with(session, department_id, chosen)
        found.append(suggested)
    return found


def _suggested(
    session: Session, department_id: int, items: list[QueueItem], evaluation: bool, wanted: Wanted
) -> set[int]:
    """Records with a wanted suggestion; evaluation records only where it may be seen, once they are submitted."""
    splits = EVALUATION_SPLITS if evaluation else LABELLING_SPLITS
    spans = suggesting.of_models_and_files(session, department_id, splits)
    low, high = wanted.confidence
    everything = wanted.confidence == ANY_CONFIDENCE
    return {
        item.record_id
        for item in items
        if (not evaluation or item.status == "submitted")
        and any(
            (everything or (span["confidence"] is not None and low <= span["confidence"] <= high))
            and (not wanted.labels or span["label"] in wanted.labels)
            for span in spans.get(item.record_id, ())
        )
    }
