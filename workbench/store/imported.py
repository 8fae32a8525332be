"""Predictions that came with imported records, kept as suggestions: they belong to no model and outlive them all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ForeignKey, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ladtl_core.records import Prediction
from workbench.store import departments
from workbench.store.base import Base
from workbench.store.models import Label, RecordRow


class ImportedSuggestion(Base):
    """What a file suggested for one record: a list of {start, end, label (its id), confidence 0-1 or None}."""

    __tablename__ = "imported_suggestion"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    spans: Mapped[list[Any]]


def add(session: Session, predictions: Mapping[int, Iterable[Prediction]], labels: Mapping[str, Label]) -> None:
    """Keep the predictions of new records, by record id, whose labels `labels` has; others are left out.

    Of several for one place and label the surest is kept. A score that is no probability is not kept.
    """
    rows = []
    for record_id, found in predictions.items():
        best: dict[tuple[int, int, int], float | None] = {}
        for one in found:
            if one.label in labels:
                place = one.start, one.end, labels[one.label].id
                best[place] = max(best.get(place), _probability(one.confidence), key=_surety)
        spans = [
            {"start": start, "end": end, "label": label, "confidence": best[start, end, label]}
            for start, end, label in sorted(best)
        ]
        if spans:
            rows.append({"record_id": record_id, "spans": spans})
    if rows:
        session.execute(insert(ImportedSuggestion), rows)


def of_department(
    session: Session, department_id: int, record_ids: Collection[int] | None = None
) -> dict[int, list[dict[str, Any]]]:
    """The suggestions that came with the department's records, or with some, by record id; merged labels followed."""
    meant = {label.id: label.merged_into or label.id for label in departments.labels(session, department_id)}
    query = select(ImportedSuggestion).join(RecordRow, RecordRow.id == ImportedSuggestion.record_id)
    query = query.where(RecordRow.department_id == department_id)
    if record_ids is not None:
        query = query.where(RecordRow.id.in_(record_ids))
    return {
        row.record_id: [{**span, "label": meant[span["label"]]} for span in row.spans] for row in session.scalars(query)
    }


def _surety(confidence: float | None) -> float:
    return -1.0 if confidence is None else confidence


def _probability(score: float | None) -> float | None:
    return score if score is not None and 0 <= score <= 1 else None
