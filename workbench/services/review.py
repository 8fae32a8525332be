"""Records with suggestions to go through, and gold against predicted: what the current model got wrong, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ladtl_core.records import Entity
from workbench.services import suggesting
from workbench.services.roles import Act, needs
from workbench.store import departments, records, sharing, trained
from workbench.store.database import Database
from workbench.store.gold import gold as gold_records
from workbench.store.records import QueueItem

# A suggestion below this is counted as doubtful.
DOUBTFUL = 0.5
KINDS = ("correct", "missed", "spurious", "wrong label", "wrong boundary")


@dataclass(frozen=True, slots=True)
class Prediction:
    """A predicted span with the probability (0-1) that the model gives it."""

    start: int
    end: int
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference or agreement: `gold` is None for a spurious span, `predicted` None for a missed one."""

    kind: str
    gold: Entity | None
    predicted: Prediction | None


@dataclass(frozen=True, slots=True)
class Suggested:
    """A record to go through: how many spans a model or a file suggests, and how many of them it doubts itself."""

    item: QueueItem
    suggestions: int
    doubtful: int


@dataclass(frozen=True)
class ReviewedRecord:
    """One labelled record with the model's spans and how they differ."""

    record_id: int
    external_id: str
    text: str
    tokens: tuple[tuple[int, int], ...]
    gold: tuple[Entity, ...]
    predicted: tuple[Prediction, ...]
    findings: tuple[Finding, ...] = field(default=())

    @property
    def errors(self) -> int:
        return sum(finding.kind != "correct" for finding in self.findings)


@needs(Act.ANNOTATE)
def suggested(database: Database, department_id: int, author: str) -> list[Suggested]:
    """Records that are the author's to do and have suggestions of the current model or a file, in their order."""
    with database.reading() as session:
        items = records.queue(session, department_id, author, evaluation=False)
        taken = sharing.taken(session, department_id, author)
        spans = suggesting.of_models_and_files(session, department_id, records.LABELLING_SPLITS)
        usable = {label.name for label in departments.labels(session, department_id) if not label.retired}
    offered = {key: [span for span in found if span["label"] in usable] for key, found in spans.items()}
    return [
        Suggested(item, len(found), sum(map(_doubtful, found)))
        for item in items
        if (item.status == "draft" or (item.status == "pending" and item.record_id not in taken))
        and (found := offered.get(item.record_id))
    ]


def _doubtful(span: Mapping[str, Any]) -> bool:
    return span["confidence"] is not None and span["confidence"] < DOUBTFUL


@needs(Act.ANNOTATE)
def dev_records(database: Database, department_id: int) -> list[ReviewedRecord]:
    """The labelled dev records under the department's current model; empty without a model."""
    with database.reading() as session:
        model_id = departments.get(session, department_id).current_model_id
        if model_id is None:
            return []
        gold = gold_records(session, department_id, ("dev",))
        spans = trained.suggestions(session, model_id, ("dev",))
    reviewed = []
    for item in gold:
        row = item.record
        predicted = [Prediction(**span) for span in spans.get(row.id, [])]
        reviewed.append(
            ReviewedRecord(
                row.id,
                row.external_id,
                row.text,
                tuple((start, end) for start, end in row.tokens),
                tuple(item.entities),
                tuple(predicted),
                tuple(compare(item.entities, predicted)),
            )
        )
    return reviewed


def compare(gold: Sequence[Entity], predicted: Sequence[Prediction]) -> list[Finding]:
    """Pair predictions with gold: first equal ones, then the same stretch, then an overlap of the same label.

    What then remains is missed or spurious. Each span is used once; the result is in the order of the text.
    """
    open_gold, open_predicted = list(gold), list(predicted)
    findings = []
    for kind, fits in (
        ("correct", lambda g, p: (g.start, g.end, g.label) == (p.start, p.end, p.label)),
        ("wrong label", lambda g, p: (g.start, g.end) == (p.start, p.end)),
        ("wrong boundary", lambda g, p: g.label == p.label and g.start < p.end and p.start < g.end),
    ):
        for span in list(open_predicted):
            match = next((entity for entity in open_gold if fits(entity, span)), None)
            if match is not None:
                findings.append(Finding(kind, match, span))
                open_gold.remove(match)
                open_predicted.remove(span)
    findings += [Finding("missed", entity, None) for entity in open_gold]
    findings += [Finding("spurious", None, span) for span in open_predicted]
    return sorted(findings, key=_place)


def _place(finding: Finding) -> tuple[int, int]:
    at = finding.gold or finding.predicted
    assert at is not None
    return at.start, at.end


def counts(records: Sequence[ReviewedRecord]) -> dict[str, int]:
    """How many findings of each kind, every kind named."""
    found = Counter(finding.kind for record in records for finding in record.findings)
    return {kind: found[kind] for kind in KINDS}
