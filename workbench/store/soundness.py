"""What must hold of the tables beyond what the database enforces. Answers are ids: they go where no text may go."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select, text
from sqlalchemy.orm import InstrumentedAttribute

from workbench.store.adjudications import Adjudication
from workbench.store.models import (
    Annotation,
    AnnotationChange,
    Department,
    Model,
    RecordRow,
    Run,
    RunEvent,
    Snapshot,
    SnapshotItem,
    Span,
)

_MOST_DAMAGES = 20


def damages(connection: Connection) -> list[str]:
    """What SQLite finds wrong with its file; PostgreSQL checks its pages and references itself."""
    if connection.dialect.name != "sqlite":
        return []
    said = [row[0] for row in connection.execute(text(f"PRAGMA integrity_check({_MOST_DAMAGES})"))]
    lost = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(_MOST_DAMAGES)
    references = [f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is gone" for row in lost]
    return [one for one in said if one != "ok"] + references


def spans_outside(connection: Connection) -> list[int]:
    """Annotations with a span that is empty or not inside its record's text."""
    outside = (Span.start < 0) | (Span.start >= Span.end) | (Span.end > func.length(RecordRow.text))
    query = select(Annotation.id).join(RecordRow).where(exists().where(Span.annotation_id == Annotation.id, outside))
    return _ids(connection, query)


def annotations_with_gaps(connection: Connection) -> list[int]:
    """Annotations whose history does not count from 1 to their revision."""
    counted = _uncounted(AnnotationChange.revision, 1) | (func.max(AnnotationChange.revision) != Annotation.revision)
    without = AnnotationChange.revision.is_(None)
    joined = select(Annotation.id).outerjoin(AnnotationChange, AnnotationChange.annotation_id == Annotation.id)
    gaps = joined.group_by(Annotation.id, Annotation.revision).having(counted)
    return sorted({*_ids(connection, gaps), *_ids(connection, joined.where(without))})


def adjudications_with_gaps(connection: Connection) -> list[int]:
    """Records whose adjudications do not count from 1."""
    return _with_gaps(connection, Adjudication.record_id, Adjudication.revision, 1)


def runs_with_gaps(connection: Connection) -> list[int]:
    """Runs whose events do not count from 0."""
    return _with_gaps(connection, RunEvent.run_id, RunEvent.seq, 0)


def incomplete_snapshots(connection: Connection) -> list[int]:
    """Snapshots that have not as many records as they say."""
    items = select(func.count()).where(SnapshotItem.snapshot_id == Snapshot.id).scalar_subquery()
    return _ids(connection, select(Snapshot.id).where(Snapshot.records != items))


def departments_without_their_model(connection: Connection) -> list[int]:
    """Departments whose current model is none of theirs."""
    own = exists().where(Model.id == Department.current_model_id, Model.department_id == Department.id)
    return _ids(connection, select(Department.id).where(Department.current_model_id.is_not(None), ~own))


def models(connection: Connection) -> list[tuple[int, str, str]]:
    """Id, folder and hash of every model."""
    query = select(Model.id, Model.folder, Model.hash).order_by(Model.id)
    return [(model_id, folder, digest) for model_id, folder, digest in connection.execute(query)]


def runs(connection: Connection) -> dict[int, str]:
    """The state of every run by its id."""
    return {run_id: state for run_id, state in connection.execute(select(Run.id, Run.state))}


def server(connection: Connection) -> str:
    """The kind of the database, with its version."""
    version = ".".join(map(str, connection.dialect.server_version_info or ()))
    return f"{'SQLite' if connection.dialect.name == 'sqlite' else 'PostgreSQL'} {version}"


def _with_gaps(
    connection: Connection, of: InstrumentedAttribute[int], number: InstrumentedAttribute[int], first: int
) -> list[int]:
    return _ids(connection, select(of).group_by(of).having(_uncounted(number, first)))


def _uncounted(number: InstrumentedAttribute[int], first: int) -> ColumnElement[bool]:
    """Whether the numbers of a group, which differ, are not first, first + 1, ..."""
    return (func.min(number) != first) | (func.max(number) - func.min(number) + 1 != func.count(number))


def _ids(connection: Connection, query: Select[int]) -> list[int]:
    return sorted(connection.scalars(query))
