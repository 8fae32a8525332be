"""What training left: models, their suggestions, and what people decided of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from workbench.store import runs
from workbench.store.base import now
from workbench.store.database import insert_for
from workbench.store.departments import labels
from workbench.store.errors import NotFound
from workbench.store.labels import by_name
from workbench.store.models import DECISION_KINDS, ERASED, Decision, Department, Model, RecordRow, Run, Suggestion


class Measured(NamedTuple):
    """A model and its scores on dev, if it has any; those on test are as long, and looked at on request alone."""

    model_id: int
    version: int
    dev: dict[str, Any] | None


def add_model(
    session: Session, *, department_id: int, run_id: int, folder: str, hash: str, scores: dict[str, Any]
) -> Model:
    """The run's model as the department's next version, current if the department has none yet.

    A run has one model: a second call for it returns the first one's row. Raises NotFound.
    """
    query = select(Department).where(Department.id == department_id).with_for_update()
    department = session.scalar(query.execution_options(populate_existing=True))
    if department is None:
        raise NotFound("department", department_id)
    found = of_run(session, run_id)
    if found is not None:
        return found
    last = session.scalar(select(func.max(Model.version)).where(Model.department_id == department_id))
    version = (last or 0) + 1
    model = Model(department_id=department_id, run_id=run_id, version=version, folder=folder, hash=hash, scores=scores)
    session.add(model)
    session.flush()
    if department.current_model_id is None:
        department.current_model_id = model.id
        session.flush()
    return model


def add_imported(
    session: Session,
    *,
    department_id: int,
    title: str,
    about: dict[str, Any],
    key: str,
    folder: str,
    hash: str,
    code_version: str,
) -> Model:
    """A model that was trained elsewhere as the department's next version; the same key gives the same model.

    `about` says what it is. Its scores are empty: nothing was measured here. Raises NotFound.
    """
    run = runs.create(
        session,
        kind="train",
        department_id=department_id,
        title=title,
        spec={runs.IMPORTED: about},
        spec_hash=key,
        code_version=code_version,
    )
    run.state, run.finished_at = "succeeded", run.finished_at or now()
    return add_model(session, department_id=department_id, run_id=run.id, folder=folder, hash=hash, scores={})


def imported_models(session: Session, department_id: int) -> list[tuple[Model, dict[str, Any]]]:
    """The department's models from elsewhere with what they are, the newest first."""
    query = select(Model, Run.spec).join(Run, Run.id == Model.run_id).where(Model.department_id == department_id)
    query = query.where(Run.spec[runs.IMPORTED].as_string().is_not(None))
    return [(model, spec[runs.IMPORTED]) for model, spec in session.execute(query.order_by(Model.version.desc()))]


def get(session: Session, model_id: int) -> Model:
    """Raises NotFound."""
    model = session.get(Model, model_id)
    if model is None:
        raise NotFound("model", model_id)
    return model


def of_run(session: Session, run_id: int) -> Model | None:
    return session.scalar(select(Model).where(Model.run_id == run_id))


def of_department(session: Session, department_id: int) -> list[Model]:
    """The department's models, the newest first."""
    query = select(Model).where(Model.department_id == department_id)
    return list(session.scalars(query.order_by(Model.version.desc())))


def measured(session: Session, department_id: int) -> dict[int, Measured]:
    """The department's models by the runs that made them."""
    columns = (Model.run_id, Model.id, Model.version, Model.scores["dev"])
    rows: Any = session.execute(select(*columns).where(Model.department_id == department_id))
    return {run_id: Measured(*rest) for run_id, *rest in rows}


def current(session: Session, department_id: int) -> Model | None:
    query = select(Model).join(Department, Department.current_model_id == Model.id)
    return session.scalar(query.where(Department.id == department_id))


def make_current(session: Session, model_id: int) -> Model:
    """Let the model's suggestions be the ones that its department sees. Raises NotFound."""
    model = get(session, model_id)
    department = session.get_one(Department, model.department_id)
    department.current_model_id = model_id
    session.flush()
    return model


def store_suggestions(session: Session, model_id: int, spans: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
    """A model's spans by record id, each {start, end, label (its name), confidence}; earlier ones are replaced."""
    if not spans:
        return
    at = now()
    rows = [
        {"record_id": record_id, "model_id": model_id, "spans": [dict(span) for span in own], "created_at": at}
        for record_id, own in spans.items()
    ]
    statement = insert_for(session, Suggestion)
    renewed = {"spans": statement.excluded.spans, "created_at": statement.excluded.created_at}
    keys = [Suggestion.record_id, Suggestion.model_id]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=renewed), rows)


def suggestion(session: Session, record_id: int, model_id: int) -> list[dict[str, Any]]:
    """The model's spans for the record, none if it never read it; their labels have today's names."""
    query = select(Suggestion.spans).where(Suggestion.record_id == record_id, Suggestion.model_id == model_id)
    return _of_today(session.scalar(query) or [], _names(session, model_id))


def suggestions(session: Session, model_id: int, splits: Sequence[str]) -> dict[int, list[dict[str, Any]]]:
    """The model's spans of all records of those splits, by record id; their labels have today's names."""
    names = _names(session, model_id)
    query = select(Suggestion.record_id, Suggestion.spans).join(RecordRow, RecordRow.id == Suggestion.record_id)
    query = query.where(Suggestion.model_id == model_id, RecordRow.split.in_(splits))
    return {record_id: _of_today(spans, names) for record_id, spans in session.execute(query)}


def _names(session: Session, model_id: int) -> dict[str, str]:
    """Today's name of each label by the names that a model may have learned."""
    found = labels(session, get(session, model_id).department_id)
    return {name: label.name for name, label in by_name(found).items()}


def _of_today(spans: Sequence[dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{**span, "label": names.get(span["label"], span["label"])} for span in spans]


def has_all_suggestions(session: Session, model_id: int) -> bool:
    """Whether the model has read every record of its department."""
    read = select(Suggestion.record_id).where(Suggestion.model_id == model_id)
    department = select(Model.department_id).where(Model.id == model_id).scalar_subquery()
    there = (RecordRow.department_id == department) & (RecordRow.split != ERASED)
    return session.scalar(select(RecordRow.id).where(there, RecordRow.id.not_in(read)).limit(1)) is None


def decide(
    session: Session,
    *,
    record_id: int,
    model_id: int | None,
    start: int,
    end: int,
    label_id: int,
    kind: str | None,
    author: str,
    origin: str = "model",
) -> None:
    """Keep what the author decided of a suggested span: accepted, rejected or edited. The last decision counts.

    None takes a decision back. `origin` and `model_id` say who suggested it last.
    """
    if kind is not None and kind not in DECISION_KINDS:
        raise DataError(f"the decision is {kind!r}; expected one of {', '.join(DECISION_KINDS)}")
    values = {
        "record_id": record_id,
        "start": start,
        "end": end,
        "label_id": label_id,
        "author": author,
    }
    if kind is None:
        session.execute(delete(Decision).filter_by(**values))
        return
    statement = insert_for(session, Decision).values(**values, model_id=model_id, origin=origin, kind=kind, at=now())
    renewed = {name: statement.excluded[name] for name in ("model_id", "origin", "kind", "at")}
    session.execute(statement.on_conflict_do_update(index_elements=list(values), set_=renewed))


def decisions(session: Session, record_id: int) -> list[Decision]:
    """What everybody decided of spans suggested for the record, in the order of the text."""
    query = select(Decision).where(Decision.record_id == record_id)
    return list(session.scalars(query.order_by(Decision.start, Decision.end, Decision.id)))
