"""What a trained model got wrong on dev, mention by mention, beside what another model made of the same places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ladtl_core.data import TRAINING_SPLITS
from ladtl_core.records import Entity, Record
from workbench.services import review
from workbench.services.results import Result
from workbench.services.review import Finding, Prediction
from workbench.services.roles import Act, needs
from workbench.store import records, snapshots, trained
from workbench.store.database import Database

__all__ = ["CONTEXT", "Mistake", "confused", "of_result"]

CONTEXT = 40  # characters shown on each side


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mention that the model missed, made up, called wrong or cut wrong.

    `gold` and `predicted` are labels, empty where there is none; `words` of the gold mention, or else of the predicted
    one; `seen` if these words are a mention somewhere in the labels that the run learned from, whatever their case.
    `other` is what the model that is compared with made of the same mention, one of `review.KINDS`; empty without one.
    """

    record_id: int
    record: str
    kind: str
    gold: str
    predicted: str
    before: str
    words: str
    after: str
    tokens: int
    seen: bool
    other: str


@needs(Act.RESULTS)
def of_result(database: Database, result: Result, other: Result | None = None) -> list[Mistake]:
    """The model's mistakes on the dev records of its run, in the order of the records and their text."""
    with database.reading() as session:
        spec = result.run.spec
        seen = _mentions(session, [*spec["sources"], spec["target"]])
        dev = [r for r in snapshots.records_today(session, spec["target"]["snapshot"]) if r.split == "dev"]
        ids = records.ids(session, spec["target"]["department"])
        found = trained.suggestions(session, result.model_id, ("dev",))
        compared = trained.suggestions(session, other.model_id, ("dev",)) if other else None
    mistakes = []
    for record in dev:
        key, gold = ids[record.id], list(record.entities or ())
        others = None if compared is None else review.compare(gold, [Prediction(**s) for s in compared.get(key, [])])
        for finding in review.compare(gold, [Prediction(**span) for span in found.get(key, [])]):
            if finding.kind != "correct":
                mistakes.append(_mistake(key, record, finding, seen, others))
    return mistakes


def _mistake(
    record_id: int, record: Record, finding: Finding, seen: set[str], others: Sequence[Finding] | None
) -> Mistake:
    at = finding.gold or finding.predicted
    assert at is not None
    words = record.text[at.start : at.end]
    return Mistake(
        record_id=record_id,
        record=record.id,
        kind=finding.kind,
        gold=finding.gold.label if finding.gold else "",
        predicted=finding.predicted.label if finding.predicted else "",
        before=record.text[max(0, at.start - CONTEXT) : at.start],
        words=words,
        after=record.text[at.end : at.end + CONTEXT],
        tokens=sum(start < at.end and at.start < end for start, end in record.tokens or ()),
        seen=_form(words) in seen,
        other="" if others is None else _made_of(at, finding, others),
    )


def _made_of(at: Entity | Prediction, mine: Finding, others: Iterable[Finding]) -> str:
    """What the other model made of the mention: of the gold one, or of the place where there is none."""
    if mine.gold is not None:
        return next(finding.kind for finding in others if finding.gold == mine.gold)
    invented = [finding.predicted for finding in others if finding.gold is None and finding.predicted is not None]
    return "spurious" if any(p.start < at.end and at.start < p.end for p in invented) else "correct"


def _mentions(session: Session, parts: Iterable[dict[str, int]]) -> set[str]:
    """The forms of all mentions in the labels that a run learned from."""
    return {
        _form(record.text[entity.start : entity.end])
        for part in parts
        for record in snapshots.records(session, part["snapshot"])
        if record.split in TRAINING_SPLITS
        for entity in record.entities or ()
    }


def _form(words: str) -> str:
    return " ".join(words.casefold().split())


def confused(mistakes: Iterable[Mistake]) -> list[tuple[str, str, str, int, int]]:
    """Kind, gold label, predicted label, how often, and how often of words that were seen; the most frequent first."""
    counts = Counter((one.kind, one.gold, one.predicted) for one in mistakes)
    seen = Counter((one.kind, one.gold, one.predicted) for one in mistakes if one.seen)
    return [(*key, count, seen[key]) for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
