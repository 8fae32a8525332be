"""Sweeps: queued as planned, paused, gone on with, cancelled, and how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ladtl_core.errors import ConfigError
from ladtl_core.formats.scan import check_name
from workbench.jobs import api
from workbench.services.roles import Act, needs, visible
from workbench.services.sweep_plans import WEIGHTS, Plan
from workbench.store import audit, belonging, runs, sampling, sweeps
from workbench.store.database import Database
from workbench.store.sweeps import Listed

ALIVE = ("queued", "running")
AS_IT_IS = (*ALIVE, "succeeded")  # what joins a sweep without being queued


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is; trials that are `to_come` are not asked for yet, those `dropped` because it was cancelled."""

    listed: Listed
    to_come: int = 0
    dropped: int = 0

    @property
    def total(self) -> int:
        return sum(self.listed.states.values()) + self.to_come + self.dropped

    @property
    def done(self) -> int:
        """Runs that need no more work: succeeded or pruned."""
        return self.count("succeeded", "pruned")

    @property
    def share(self) -> float:
        """Of its runs those that are done, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def alive(self) -> int:
        return self.count(*ALIVE) + self.to_come

    @property
    def cancelled(self) -> int:
        return self.count("cancelled") + self.dropped

    @property
    def moving(self) -> bool:
        """Whether anything of it runs or may start."""
        return bool(self.count("running") or (self.alive and not self.listed.paused))

    @property
    def state(self) -> str:
        """One word or two: running, waiting, paused, done, cancelled or with how many failed."""
        if self.alive:
            going = "running" if self.count("running") else "waiting"
            return "paused" if self.listed.paused else going
        if failed := self.count("failed"):
            return f"{failed} failed"
        return "cancelled" if self.cancelled else "done"

    def count(self, *states: str) -> int:
        return sum(self.listed.states.get(state, 0) for state in states)


@needs(Act.RESEARCH)
def queue(database: Database, name: str, plan: Plan, who: str) -> int:
    """Queue what the plan says, behind all that is queued by itself; the sweep's id.

    What succeeded or is under way becomes a part of the sweep as it is. Raises DataError for a name, ConfigError for a
    plan without runs.
    """
    check_name("sweep's name", name)
    if not plan.runs:
        raise ConfigError("the plan has no run; choose what to try")
    with database.session() as session:
        sweep_id = sweeps.create(session, name, who)
        existing = runs.by_hash(session, [planned.prepared.hash for planned in plan.runs])
        of_sweeps = sweeps.owned(session, [run.id for run in existing.values()])
        single = {hash for hash, run in existing.items() if run.state in AS_IT_IS and run.id not in of_sweeps}
        run_ids = api.enqueue(session, [planned.prepared for planned in plan.runs])
        for run_id, planned in zip(run_ids, plan.runs, strict=True):
            sweeps.join(session, sweep_id, run_id, planned.share, own=planned.prepared.hash not in single)
        audit.note(session, who, "queued sweep", f"sweep {sweep_id}", {"runs": len(plan.runs)})
    return sweep_id


@needs(Act.RESEARCH)
def listed(database: Database) -> list[Progress]:
    """All sweeps, the newest first."""
    with database.reading() as session:
        sees = visible(session)
        found = [one for one in sweeps.listed(session) if all(map(sees, belonging.sweep(session, one.sweep_id)))]
        to_come, dropped = (sampling.not_asked(session, stopped) for stopped in (False, True))
    return [Progress(one, to_come.get(one.sweep_id, 0), dropped.get(one.sweep_id, 0)) for one in found]


@needs(Act.RESEARCH)
def progress(database: Database, sweep_id: int) -> Progress:
    """How far one is. Raises NotFound."""
    with database.reading() as session:
        sweeps.get(session, sweep_id)
    return next(one for one in listed(database) if one.listed.sweep_id == sweep_id)


@needs(Act.RESEARCH)
def pause(database: Database, sweep_id: int, who: str, paused: bool = True) -> None:
    """Let none of its waiting runs start, or let them start again; those that run go on. Raises NotFound."""
    with database.session() as session:
        sweeps.get(session, sweep_id).paused = paused
        audit.note(session, who, "paused" if paused else "resumed", f"sweep {sweep_id}")


@needs(Act.RESEARCH)
def cancel(database: Database, sweep_id: int, who: str) -> int:
    """Cancel its waiting and running runs but for those that another sweep wants too; how many. Raises NotFound.

    A sampled one asks for no more trials.
    """
    with database.session() as session:
        sweeps.get(session, sweep_id).paused = False
        sampling.stop(session, sweep_id, True)
        ids = sweeps.run_ids(session, sweep_id, ALIVE, alone=True)
        for run_id in ids:
            runs.request_cancel(session, run_id)
        audit.note(session, who, "cancelled", f"sweep {sweep_id}", {"runs": len(ids)})
    return len(ids)


@needs(Act.RESEARCH)
def retry(database: Database, sweep_id: int, state: str, who: str) -> int:
    """Queue its failed or its cancelled runs again, which go on from their checkpoints; how many. Raises NotFound.

    A cancelled sampled sweep asks for its other trials again.
    """
    with database.session() as session:
        sweeps.get(session, sweep_id)
        if state == "cancelled":
            sampling.stop(session, sweep_id, False)
        ids = sweeps.run_ids(session, sweep_id, [state])
        for run_id in ids:
            runs.requeue(session, run_id)
        audit.note(session, who, "retried", f"sweep {sweep_id}", {"runs": len(ids), "state": state})
    return len(ids)


@needs(Act.RESEARCH)
def failures(database: Database, sweep_id: int) -> list[dict[str, str]]:
    """The failed runs as rows of a table: run, settings, error."""
    with database.reading() as session:
        found = sweeps.failed(session, sweep_id)
    return [{"run": run.title, "settings": _settings(run.spec["config"]), "error": run.error or ""} for run in found]


def _settings(config: dict[str, Any]) -> str:
    weights = ", ".join(f"{name} {config['transfer'][name]:g}" for name in WEIGHTS)
    return f"{weights}, seed {config['training']['seed']}"
