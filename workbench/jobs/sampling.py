"""Asks for the next trials of sampled sweeps and judges those that run; in workers, so that no page need be open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ladtl_core.errors import LadtlError
from workbench.jobs import api, search
from workbench.jobs.api import Prepared
from workbench.jobs.search import Finished
from workbench.store import runs, sampling, sweeps
from workbench.store.database import Database
from workbench.store.models import RUNS_ANEW
from workbench.store.sampling import Study, Tried


class Pruned(LadtlError):
    """The trial is given up: others were better at its epoch."""


@dataclass(frozen=True)
class Asker:
    """Sees that every study which goes on has one trial waiting, so that no worker is idle and few are asked early."""

    database: Database

    def step(self) -> None:
        """Look once."""
        with self.database.reading() as session:
            hungry = sampling.hungry(session)
        if hungry and search.installed():
            for study_id in hungry:
                ask(self.database, study_id)


def wanted(session: Session) -> bool:
    """Whether there is a trial to ask for here."""
    return search.installed() and bool(sampling.hungry(session))


def ask(database: Database, study_id: int) -> None:
    """Queue the next trial of a study, unless another worker does so at the moment."""
    with database.reading() as session:
        study, tried = session.get_one(Study, study_id), sampling.tried(session, study_id)
    weights = search.suggestion(study.space, _finished(study, tried), study.seed, len(tried))
    prepared = Prepared("train", study.department_id, study.title, sampling.with_weights(study, weights))
    with database.session() as session:
        still = sampling.still(session, study_id, len(tried))
        if still is None:
            return
        same = runs.by_hash(session, [prepared.hash]).get(prepared.hash)
        single = same is not None and same.state not in RUNS_ANEW and not sweeps.owned(session, [same.id])
        [run_id] = api.enqueue(session, [prepared])
        sampling.add_trial(session, still, len(tried), run_id, own=not single)


def judge(database: Database, run_id: int, epoch: int) -> None:
    """Raise Pruned if the run is a trial whose dev F1 up to this epoch is bad beside that of its study's others."""
    if epoch <= search.SPARED_EPOCHS or not search.installed():
        return
    with database.reading() as session:
        study = sampling.of_run(session, run_id)
        if study is None:
            return
        tried = sampling.tried(session, study.id)
    mine = next(one for one in tried if one.run_id == run_id)
    curve = {one: f1 for one, f1 in mine.curve.items() if one <= epoch}
    if epoch in curve and search.falls_behind(study.space, _finished(study, tried), _weights(study, mine), curve):
        raise Pruned(f"given up after epoch {epoch}: dev F1 {max(curve.values()):.1f} at best, below the median there")


def _finished(study: Study, tried: Sequence[Tried]) -> list[Finished]:
    """What the trials that succeeded or were given up have found. Failed and cancelled ones say nothing."""
    succeeded = [one for one in tried if one.state == "succeeded" and one.f1 is not None]
    given_up = [one for one in tried if one.state == "pruned" and one.curve]
    ended = sorted([*succeeded, *given_up], key=lambda one: one.number)
    return [Finished(_weights(study, one), one.curve, one.f1) for one in ended]


def _weights(study: Study, one: Tried) -> dict[str, float]:
    return {name: one.transfer[name] for name in study.space}
