"""Runs and their attempts. Only the latest attempt of a running run may write: every write of a worker is fenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workbench.store.base import now
from workbench.store.database import insert_for
from workbench.store.errors import Fenced, NotClaimable, NotFound
from workbench.store.models import RUN_ENDINGS, RUNS_ANEW, Attempt, Run, RunEvent
from workbench.store.sweeps import OF_A_SWEEP

IMPORTED = "imported"  # in the spec of the run that stands for the training of a model from elsewhere
TRAINED_HERE = (Run.kind == "train", Run.state == "succeeded", Run.spec[IMPORTED].as_string().is_(None))
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a heartbeat: whether the attempt is still the run's own, and whether it was asked to stop."""

    mine: bool
    cancel_requested: bool


def create(
    session: Session,
    *,
    kind: str,
    department_id: int,
    title: str,
    spec: dict[str, Any],
    spec_hash: str,
    code_version: str,
) -> Run:
    """The run with that spec hash: a new, queued one, unless there is one already (then as it stands)."""
    values = {
        "kind": kind,
        "department_id": department_id,
        "title": title,
        "spec": spec,
        "spec_hash": spec_hash,
        "code_version": code_version,
    }
    return create_all(session, [values])[spec_hash]


def create_all(session: Session, rows: Sequence[dict[str, Any]]) -> dict[str, Run]:
    """The runs with these values by their spec hashes: new, queued ones, or those that there are, as they stand."""
    statement = insert_for(session, Run).on_conflict_do_nothing(index_elements=[Run.spec_hash])
    for first in range(0, len(rows), _AT_ONCE):
        session.execute(statement, rows[first : first + _AT_ONCE])
    return by_hash(session, [row["spec_hash"] for row in rows])


def get(session: Session, run_id: int) -> Run:
    """The run as the database has it now. Raises NotFound."""
    run = session.get(Run, run_id, populate_existing=True)
    if run is None:
        raise NotFound("run", run_id)
    return run


def all_runs(
    session: Session, department_id: int | None = None, *, state: str | None = None, with_sweeps: bool = True
) -> list[Run]:
    """Runs, the newest first; those that a sweep queued can be left out."""
    query = select(Run).order_by(Run.id.desc())
    if department_id is not None:
        query = query.where(Run.department_id == department_id)
    if state is not None:
        query = query.where(Run.state == state)
    if not with_sweeps:
        query = query.where(~OF_A_SWEEP)
    return list(session.scalars(query))


def by_hash(session: Session, hashes: Sequence[str]) -> dict[str, Run]:
    """The runs that there are of these spec hashes."""
    found: dict[str, Run] = {}
    for first in range(0, len(hashes), _AT_ONCE):
        part = hashes[first : first + _AT_ONCE]
        found |= {run.spec_hash: run for run in session.scalars(select(Run).where(Run.spec_hash.in_(part)))}
    return found


def states_by_hash(session: Session, hashes: Sequence[str]) -> dict[str, str]:
    """The states of the runs that there are of these spec hashes."""
    found: dict[str, str] = {}
    for first in range(0, len(hashes), _AT_ONCE):
        part = hashes[first : first + _AT_ONCE]
        found |= {
            hash: state
            for hash, state in session.execute(select(Run.spec_hash, Run.state).where(Run.spec_hash.in_(part)))
        }
    return found


def attempts(session: Session, run_id: int) -> list[Attempt]:
    return list(session.scalars(select(Attempt).where(Attempt.run_id == run_id).order_by(Attempt.number)))


def claim(session: Session, run_id: int, worker: str) -> int:
    """Start the next attempt, from here on the only one that may write; returns its number.

    A running run is given only to the worker that has it, which lost it by being killed and started again; `release`
    frees it for others. Raises NotClaimable if the run has ended or another worker has it, NotFound.
    """
    run = _locked(session, run_id)
    if run.state in RUN_ENDINGS or (run.state == "running" and attempts(session, run_id)[-1].worker != worker):
        raise NotClaimable(run_id, run.state)
    at = now()
    _end_attempt(session, run_id, run.attempt, "lost")
    run.attempt += 1
    run.state, run.heartbeat_at, run.started_at, run.error = "running", at, run.started_at or at, None
    session.add(Attempt(run_id=run_id, number=run.attempt, worker=worker, started_at=at))
    session.flush()
    return run.attempt


def left_behind(session: Session, worker: str) -> int | None:
    """A run under way whose latest attempt is this worker's; None without one."""
    latest = (Attempt.run_id == Run.id) & (Attempt.number == Run.attempt)
    query = select(Run.id).join(Attempt, latest).where(Run.state == "running", Attempt.worker == worker)
    return session.scalar(query.order_by(Run.id).limit(1))


def beat(session: Session, run_id: int, attempt: int) -> Beat:
    """Say that the attempt lives."""
    cancel_requested = _hold(session, run_id, attempt)
    return Beat(mine=cancel_requested is not None, cancel_requested=bool(cancel_requested))


def tell_trouble(session: Session, run_id: int, attempt: int, why: str) -> None:
    """Say what the attempt waits for, which is the run's error until the next event; nothing if it was replaced."""
    _hold(session, run_id, attempt, error=why)


def record_event(session: Session, run_id: int, attempt: int, seq: int, payload: dict[str, Any]) -> None:
    """Store one event; a resumed attempt overwrites the events that it repeats. What it waited for is over.

    Raises Fenced.
    """
    if _hold(session, run_id, attempt, error=None) is None:
        raise Fenced(run_id, attempt)
    statement = insert_for(session, RunEvent).values(run_id=run_id, seq=seq, attempt=attempt, at=now(), payload=payload)
    renewed = {name: statement.excluded[name] for name in ("attempt", "at", "payload")}
    session.execute(statement.on_conflict_do_update(index_elements=[RunEvent.run_id, RunEvent.seq], set_=renewed))


def events(session: Session, run_id: int, after_seq: int = -1) -> list[RunEvent]:
    query = select(RunEvent).where(RunEvent.run_id == run_id, RunEvent.seq > after_seq)
    return list(session.scalars(query.order_by(RunEvent.seq)))


def finish(
    session: Session,
    run_id: int,
    attempt: int,
    state: str,
    *,
    result: dict[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """End the attempt and its run in one of RUN_ENDINGS. Raises Fenced, ValueError for another state."""
    if state not in RUN_ENDINGS:
        raise ValueError(f"a run cannot end as {state!r}; expected one of {', '.join(RUN_ENDINGS)}")
    if _hold(session, run_id, attempt) is None:
        raise Fenced(run_id, attempt)
    _end_attempt(session, run_id, attempt, state)
    run = get(session, run_id)
    run.state, run.result, run.error, run.finished_at = state, result, error, now()
    session.flush()


def request_cancel(session: Session, run_id: int) -> str:
    """Cancel a queued run at once and ask a running one to stop; returns the run's state. Raises NotFound."""
    run = _locked(session, run_id)
    if run.state == "queued":
        run.state, run.finished_at = "cancelled", now()
    elif run.state == "running":
        run.cancel_requested = True
    session.flush()
    return run.state


def abandon(session: Session, run_id: int, state: str, error: str) -> bool:
    """End a run from outside, when its worker was killed or is gone; what that worker still writes is fenced.

    False if the run had ended already. Raises NotFound.
    """
    run = _locked(session, run_id)
    if run.state in RUN_ENDINGS:
        return False
    _end_attempt(session, run_id, run.attempt, "lost")
    run.state, run.error, run.finished_at = state, error, now()
    session.flush()
    return True


def release(session: Session, run_id: int, attempt: int) -> bool:
    """Take a running run from its silent worker and queue it again; False if that attempt is no longer under way."""
    run = _locked(session, run_id)
    if run.state != "running" or run.attempt != attempt:
        return False
    _end_attempt(session, run_id, attempt, "lost")
    run.state, run.error = "queued", None
    session.flush()
    return True


def requeue(session: Session, run_id: int) -> bool:
    """Put a run that did not succeed back in the queue for its next attempt; False if it is in another state."""
    run = _locked(session, run_id)
    if run.state not in RUNS_ANEW:
        return False
    run.state, run.cancel_requested, run.error, run.finished_at = "queued", False, None, None
    session.flush()
    return True


def _locked(session: Session, run_id: int) -> Run:
    run = session.get(Run, run_id, populate_existing=True, with_for_update=True)
    if run is None:
        raise NotFound("run", run_id)
    return run


def _hold(session: Session, run_id: int, attempt: int, **values: Any) -> bool | None:
    """Renew the heartbeat and lock the run; whether it is asked to stop, or None if it is not this attempt's."""
    mine = (Run.id == run_id) & (Run.attempt == attempt) & (Run.state == "running")
    statement = update(Run).where(mine).values(heartbeat_at=now(), **values).returning(Run.cancel_requested)
    return session.scalar(statement.execution_options(synchronize_session=False))


def _end_attempt(session: Session, run_id: int, number: int, outcome: str) -> None:
    attempt = session.get(Attempt, (run_id, number))
    if attempt is not None and attempt.ended_at is None:
        attempt.ended_at, attempt.outcome = now(), outcome
