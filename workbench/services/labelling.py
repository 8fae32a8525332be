"""Labelling records: what the annotator shows, and what it saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ladtl_core.errors import DataError, LadtlError
from ladtl_core.records import check_stretch
from workbench.services import patterns, suggesting
from workbench.services.patterns import Spans
from workbench.services.roles import Act, needs
from workbench.services.suggesting import Place
from workbench.store import annotations as labels_of
from workbench.store import departments, imported, label_sets, labels, records, rules, sharing, trained
from workbench.store.annotations import SpanData
from workbench.store.database import Database
from workbench.store.errors import Conflict
from workbench.store.models import RecordRow
from workbench.store.records import EVALUATION_SPLITS

LARGEST = 2**31 - 1
RecordView = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the person made of one suggestion: accepted, rejected, edited, or None while it is open."""

    model_id: int | None
    start: int
    end: int
    label_id: int
    kind: str | None
    origin: str = "model"


@dataclass(frozen=True, slots=True)
class Edit:
    """What a browser wants to save: all labels of a record, made on top of revision `base`, and all verdicts.

    `restores` is the earlier revision whose spans these are, after an undo, say.
    """

    base: int
    status: str
    spans: list[SpanData]
    verdicts: list[Verdict]
    restores: int | None = None


class Stale(LadtlError):
    """The labels were changed elsewhere since the edit's base; nothing was saved. `current` is the record as it is."""

    def __init__(self, current: RecordView) -> None:
        self.current = current
        super().__init__(
            f"the labels were changed elsewhere and are at revision {current['revision']}; nothing was saved"
        )


@needs(Act.SEE)
def label_colours(database: Database, department_id: int) -> dict[str, int]:
    """The palette index of each label of the department, by the label's name."""
    with database.reading() as session:
        return {label.name: label.colour for label in departments.labels(session, department_id)}


@needs(Act.ANNOTATE)
def open_record(database: Database, record_id: int, author: str) -> RecordView:
    """A record as the annotator and the JSON routes take it.

    Offsets are code points. `labels`: {id, name, key, colour (palette index), retired}. `spans` of the author: {id,
    start, end, label (its id), origin, confidence (0-1 or None), model (id or None)}; with `overlaps` a new span leaves
    those that it overlaps. `suggestions` of the department's current model, `model`, of its rules and of the file that
    the record came from: {start, end, label, confidence (None of a rule), model (id of the model's), origin (model,
    rule, propagated or import)}; those that are open overlap no other. `rejected` are indices into them, `slow` the
    regular expressions that took too long and were not applied. Evaluation records have no suggestions before they are
    submitted.
    Raises NotFound.
    """
    with database.reading() as session:
        return _view(session, records.get(session, record_id), author)


@needs(Act.ANNOTATE)
def save(database: Database, record_id: int, author: str, edit: Edit) -> int:
    """Save labels and verdicts in one transaction; returns the new revision.

    Raises Stale, NotFound, and DataError for spans and verdicts that cannot be right.
    """
    try:
        with database.session() as session:
            revision = labels_of.save(session, record_id, author, edit.base, edit.status, edit.spans, edit.restores)
            _decide(session, record_id, author, edit.verdicts)
            sharing.renew(session, record_id, author)
            return revision
    except Conflict as conflict:
        raise Stale(open_record(database, record_id, author)) from conflict


@needs(Act.ANNOTATE)
def history(database: Database, record_id: int, author: str) -> list[dict[str, Any]]:
    """Every revision of the author's labels, oldest first, for JSON.

    {revision, at (ISO, UTC), author, status, restores (a revision or None), added and removed: spans as `open_record`
    gives them; a changed span is in both}.
    """
    with database.reading() as session:
        return [
            {
                "revision": change.revision,
                "at": change.at.isoformat(),
                "author": change.author,
                "status": change.status,
                "restores": change.restores,
                "added": [_span(SpanData(**item)) for item in change.added],
                "removed": [_span(SpanData(**item)) for item in change.removed],
            }
            for change in labels_of.history(session, record_id, author)
        ]


def parse_edit(body: Any) -> Edit:
    """An edit from its JSON form; raises DataError naming what is wrong."""
    try:
        spans = [_parse_span(item) for item in body["spans"]]
        verdicts = [_parse_verdict(item) for item in body["decisions"]]
        restores = body.get("restores")
        restored = None if restores is None else whole(restores)
        return Edit(whole(body["base"]), str(body["status"]), spans, verdicts, restored)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"the edit cannot be read ({error!r}); reload the page") from error


def _parse_span(item: Mapping[str, Any]) -> SpanData:
    confidence, model = item["confidence"], item["model"]
    return SpanData(
        str(item["id"]),
        whole(item["start"]),
        whole(item["end"]),
        whole(item["label"]),
        str(item["origin"]),
        None if confidence is None else float(confidence),
        None if model is None else whole(model),
    )


def _parse_verdict(item: Mapping[str, Any]) -> Verdict:
    model = None if item["model"] is None else whole(item["model"])
    place = whole(item["start"]), whole(item["end"]), whole(item["label"])
    return Verdict(model, *place, item["kind"], str(item["origin"]))


def whole(value: Any) -> int:
    """The value if it is a whole number of JSON that every database takes; else raises TypeError."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise TypeError(f"{str(value)[:40]!r} is not a whole number up to {LARGEST:,}")
    return value


def _view(session: Session, row: RecordRow, author: str) -> RecordView:
    annotation = labels_of.load(session, row.id, author)
    status = annotation.status if annotation else "pending"
    known_labels = departments.labels(session, row.department_id)
    usable = {label.name: label.id for label in known_labels if not label.retired}
    model = trained.current(session, row.department_id)
    hidden = row.split in EVALUATION_SPLITS and status != "submitted"
    rejected = _rejected(session, row.id, author)
    found: list[dict[str, Any]] = []
    of_patterns: Spans = {}
    if not hidden:
        known = [r for r in rules.of_department(session, row.department_id) if r.label_id in usable.values()]
        [of_patterns] = patterns.find(suggesting.expressions(known), [row.text])
        found = suggesting.matches(row.text, row.tokens, known, of_patterns)
    if model is not None and not hidden:
        found += _suggestions(session, row.id, model.id, usable)
    if not hidden:
        of_files = imported.of_department(session, row.department_id, [row.id]).get(row.id, [])
        found += [{**span, "model": None, "origin": "import"} for span in of_files if span["label"] in usable.values()]
    suggestions = suggesting.offered(found, rejected)
    return {
        "id": row.id,
        "external_id": row.external_id,
        "split": row.split,
        "text": row.text,
        "tokens": row.tokens,
        "labels": [
            {"id": label.id, "name": label.name, "key": label.key, "colour": label.colour, "retired": label.retired}
            for label in known_labels
        ],
        "spans": [_span(span) for span in labels_of.span_data(annotation)] if annotation else [],
        "suggestions": suggestions,
        "rejected": [i for i, one in enumerate(suggestions) if suggesting.place_of(one) in rejected],
        "slow": [expression for expression, spans in of_patterns.items() if spans is None],
        "model": model.id if model and not hidden else None,
        "revision": annotation.revision if annotation else 0,
        "status": status,
        "overlaps": label_sets.of_department(session, row.department_id).overlaps,
    }


def _span(span: SpanData) -> dict[str, Any]:
    return {
        "id": span.span_id,
        "start": span.start,
        "end": span.end,
        "label": span.label_id,
        "origin": span.origin,
        "confidence": span.confidence,
        "model": span.model_id,
    }


def _suggestions(session: Session, record_id: int, model_id: int, label_ids: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "start": span["start"],
            "end": span["end"],
            "label": label_ids[span["label"]],
            "confidence": span["confidence"],
            "model": model_id,
            "origin": "model",
        }
        for span in trained.suggestion(session, record_id, model_id)
        if span["label"] in label_ids  # a label may have been retired since the model was trained
    ]


def _rejected(session: Session, record_id: int, author: str) -> set[Place]:
    """What the author rejected is never offered again, whoever suggests it."""
    return {
        (decision.start, decision.end, decision.label_id)
        for decision in trained.decisions(session, record_id)
        if decision.author == author and decision.kind == "rejected"
    }


def _decide(session: Session, record_id: int, author: str, verdicts: Sequence[Verdict]) -> None:
    """Write the verdicts that differ from what is stored; most saves change none."""
    if not verdicts:
        return
    stored = {
        (decision.start, decision.end, decision.label_id): decision.kind
        for decision in trained.decisions(session, record_id)
        if decision.author == author
    }
    meant = labels.in_use(session, departments.get(session, records.get(session, record_id).department_id).label_set_id)
    for verdict in verdicts:
        label = meant.get(verdict.label_id)
        if label is None:
            raise DataError(f"a suggestion has the label {verdict.label_id}; the department's label set lacks it")
        place = verdict.start, verdict.end, label.id
        if verdict.kind == stored.get(place):
            continue
        _check_suggested(session, record_id, verdict)
        trained.decide(
            session,
            record_id=record_id,
            model_id=verdict.model_id,
            origin=verdict.origin,
            start=verdict.start,
            end=verdict.end,
            label_id=label.id,
            kind=verdict.kind,
            author=author,
        )


def _check_suggested(session: Session, record_id: int, verdict: Verdict) -> None:
    """Raise DataError for a verdict on what nobody suggested."""
    if verdict.origin not in suggesting.SOURCES:
        raise DataError(f"a suggestion's origin is {verdict.origin!r}; expected one of {', '.join(suggesting.SOURCES)}")
    if verdict.model_id is None:
        check_stretch("suggestion", verdict.start, verdict.end, records.get(session, record_id).text)
        return
    found = trained.suggestion(session, record_id, verdict.model_id)
    if (verdict.start, verdict.end) not in {(span["start"], span["end"]) for span in found}:
        raise DataError(f"model {verdict.model_id} suggested nothing at {verdict.start}-{verdict.end} of this record")
