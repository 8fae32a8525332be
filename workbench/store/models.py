"""The tables. Identities are integers; offsets are code points of the record's text, end exclusive; times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.base import Base, now

ANNOTATION_STATUSES = ("draft", "submitted", "skipped", "flagged")
SPAN_ORIGINS = ("manual", "suggestion", "rule", "propagated", "changed", "import")
RULE_KINDS = ("propagated", "term", "pattern")
DECISION_KINDS = ("accepted", "rejected", "edited")
ERASED = "erased"  # the split of a record whose content was erased: none that anything asks for
RUN_ENDINGS = ("succeeded", "failed", "cancelled", "pruned")
RUNS_ANEW = ("failed", "cancelled", "pruned")  # what is queued once more when it is asked for again


class LabelSet(Base):
    """What departments label; with `overlaps` a new span leaves those that it overlaps. `guideline` is Markdown."""

    __tablename__ = "label_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    overlaps: Mapped[bool] = mapped_column(default=False)
    guideline: Mapped[str] = mapped_column(default="")
    labels: Mapped[list[Label]] = relationship(order_by="Label.position", back_populates="label_set")


class Label(Base):
    """A label keeps its id when its name changes; `colour` is an index into the palette, `guideline` is Markdown.

    A retired one takes no new spans. One that was merged is retired and says which label it became, never in a chain.
    """

    __tablename__ = "label"
    __table_args__ = (UniqueConstraint("label_set_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    label_set_id: Mapped[int] = mapped_column(ForeignKey("label_set.id"))
    name: Mapped[str]
    colour: Mapped[int]
    key: Mapped[str | None]
    position: Mapped[int]
    retired: Mapped[bool] = mapped_column(default=False)
    former_names: Mapped[list[Any]] = mapped_column(default=list)
    merged_into: Mapped[int | None]  # no foreign key: SQLite would have to make a new table under all spans
    guideline: Mapped[str] = mapped_column(default="")
    label_set: Mapped[LabelSet] = relationship(back_populates="labels")


class Department(Base):
    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    label_set_id: Mapped[int] = mapped_column(ForeignKey("label_set.id"))
    scheme: Mapped[str]
    generated: Mapped[bool] = mapped_column(default=False)
    current_model_id: Mapped[int | None]  # no foreign key: model -> run -> department would close a circle
    created_at: Mapped[datetime] = mapped_column(default=now)
    label_set: Mapped[LabelSet] = relationship()


class RecordRow(Base):
    """One text as it was imported; text, split and tokens never change, but for an erasure (`store/erasure.py`).

    `tokenizer` is 'given' or, say, 'word-1'.
    """

    __tablename__ = "record"
    __table_args__ = (UniqueConstraint("department_id", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    external_id: Mapped[str]
    patient: Mapped[str | None]
    text: Mapped[str]
    split: Mapped[str]
    position: Mapped[int]
    tokens: Mapped[list[Any]]
    sentence_starts: Mapped[list[Any]]
    tokenizer: Mapped[str]
    department: Mapped[Department] = relationship()


class Annotation(Base):
    """One person's labels of one record; `revision` counts the saves that changed something.

    Flagged is set aside with a question: it counts as little as a draft.
    """

    __tablename__ = "annotation"
    __table_args__ = (
        UniqueConstraint("record_id", "author"),
        CheckConstraint("status IN ('draft', 'submitted', 'skipped', 'flagged')", name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    author: Mapped[str]
    status: Mapped[str]
    revision: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(default=now)
    spans: Mapped[list[Span]] = relationship(
        order_by="(Span.start, Span.end, Span.span_id)", cascade="all, delete-orphan", back_populates="annotation"
    )


class Span(Base):
    """A labelled stretch; `span_id` is made by the client and stays with the span through its changes."""

    __tablename__ = "span"
    __table_args__ = (
        UniqueConstraint("annotation_id", "span_id"),
        CheckConstraint("origin IN ('manual', 'suggestion', 'rule', 'propagated', 'changed', 'import')", name="origin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotation.id"))
    span_id: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"))
    origin: Mapped[str]
    confidence: Mapped[float | None]
    model_id: Mapped[int | None] = mapped_column(ForeignKey("model.id"))
    annotation: Mapped[Annotation] = relationship(back_populates="spans")


class AnnotationChange(Base):
    """What one revision added and removed, as span dicts; a changed span is in both.

    `restores` is the earlier revision whose spans an undo, a redo or a person brought back; 0 is before the first.
    """

    __tablename__ = "annotation_change"

    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotation.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    author: Mapped[str]
    status: Mapped[str]
    added: Mapped[list[Any]]
    removed: Mapped[list[Any]]
    restores: Mapped[int | None]


class Suggestion(Base):
    """A model's spans for one record: a list of {start, end, label (its name), confidence 0-1}."""

    __tablename__ = "suggestion"
    __table_args__ = (UniqueConstraint("record_id", "model_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), index=True)
    spans: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Decision(Base):
    """What a person decided of one suggested span, whoever suggested it; a later decision replaces the earlier.

    `origin` is model, rule, propagated or import; `model_id` is set for the first.
    """

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("record_id", "start", "end", "label_id", "author"),
        CheckConstraint("kind IN ('accepted', 'rejected', 'edited')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    model_id: Mapped[int | None] = mapped_column(ForeignKey("model.id"))
    origin: Mapped[str] = mapped_column(default="model")
    start: Mapped[int]
    end: Mapped[int]
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"))
    kind: Mapped[str]
    author: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


class Rule(Base):
    """Words that are suggested with a label in all records of a department; a pattern is a regular expression."""

    __tablename__ = "rule"
    __table_args__ = (CheckConstraint("kind IN ('propagated', 'term', 'pattern')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    kind: Mapped[str]
    text: Mapped[str]
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"))
    author: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


class Snapshot(Base):
    """A frozen set of submitted labels, named by the hash of its content."""

    __tablename__ = "snapshot"

    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    records: Mapped[int]


class SnapshotItem(Base):
    """The labels of one record as they were, one person's or adjudicated: [start, end, label's name then]."""

    __tablename__ = "snapshot_item"

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshot.id"), primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    annotation_revision: Mapped[int]
    split: Mapped[str]
    entities: Mapped[list[Any]]
    adjudicated: Mapped[bool] = mapped_column(default=False)


class Run(Base):
    """One training or prediction; `attempt` numbers its starts, and only the latest may write."""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("kind IN ('train', 'predict')", name="kind"),
        CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'pruned')", name="state"),
        Index("ix_run_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    title: Mapped[str]
    spec: Mapped[dict[str, Any]]
    spec_hash: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]
    code_version: Mapped[str]


class Attempt(Base):
    __tablename__ = "attempt"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    worker: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class RunEvent(Base):
    """One step of a run's progress; `seq` counts from 0 within the run, over all its attempts."""

    __tablename__ = "run_event"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=now)
    payload: Mapped[dict[str, Any]]


class Model(Base):
    """A trained tagger: `folder` relative to the home folder's models, `version` counted within the department."""

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("department_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), unique=True)
    version: Mapped[int]
    folder: Mapped[str]
    hash: Mapped[str]
    scores: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Audit(Base):
    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    who: Mapped[str]
    what: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
