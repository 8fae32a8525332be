"""What a model says of records that could be labelled next, and which of them say nearly the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workbench.store.base import Base
from workbench.store.database import insert_for
from workbench.store.models import Model, RecordRow
from workbench.store.records import LABELLING_SPLITS


class RecordScore(Base):
    """A model's scores of one pool or training record, as `ladtl_core.selection.RecordScore` explains them.

    `doubtful` and `gap_parts` name labels as the model learned them. `near_to` is the first record that says nearly
    the same, maybe this one.
    """

    __tablename__ = "record_score"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True, index=True)
    tokens: Mapped[int]
    uncertainty: Mapped[float]
    close: Mapped[int]
    doubtful: Mapped[list[Any]]
    gap: Mapped[float | None]
    gap_parts: Mapped[dict[str, Any]]
    rank: Mapped[int | None]
    near_to: Mapped[int]


@dataclass(frozen=True, slots=True)
class Key:
    """What puts one record into an order."""

    record_id: int
    uncertainty: float
    gap: float | None
    rank: int | None
    near_to: int


def store(session: Session, model_id: int, rows: Sequence[dict[str, Any]]) -> None:
    """A model's scores, each row with the columns of `RecordScore` but the model; earlier ones are replaced."""
    if not rows:
        return
    statement = insert_for(session, RecordScore)
    keys = ("record_id", "model_id")
    renewed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=renewed),
        [{**row, "model_id": model_id} for row in rows],
    )


def keys(session: Session, model_id: int) -> dict[int, Key]:
    """What puts the model's records into an order, by record id."""
    columns = (
        RecordScore.record_id,
        RecordScore.uncertainty,
        RecordScore.gap,
        RecordScore.rank,
        RecordScore.near_to,
    )
    query = select(*columns).where(RecordScore.model_id == model_id)
    return {row[0]: Key(*row) for row in session.execute(query)}


def of_record(session: Session, record_id: int, model_id: int) -> RecordScore | None:
    return session.get(RecordScore, (record_id, model_id))


def has_all(session: Session, model_id: int) -> bool:
    """Whether the model has scored every pool and training record of its department."""
    scored = select(RecordScore.record_id).where(RecordScore.model_id == model_id)
    department = select(Model.department_id).where(Model.id == model_id).scalar_subquery()
    query = select(RecordRow.id).where(RecordRow.department_id == department, RecordRow.split.in_(LABELLING_SPLITS))
    return session.scalar(query.where(RecordRow.id.not_in(scored)).limit(1)) is None
