"""Sampled sweeps: what one would run, queueing it, and its trials so far. Workers ask for these: `jobs.sampling`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ladtl_core.errors import ConfigError
from ladtl_core.formats.scan import check_name
from ladtl_core.methods import METHODS
from workbench.jobs import api
from workbench.jobs.api import Prepared
from workbench.services import sweep_plans, training
from workbench.services.roles import Act, needs
from workbench.services.sweep_plans import LOOKED_AT, Grid
from workbench.store import audit, outcomes, sampling, sweeps
from workbench.store.database import Database

INSTALL = "Sampled sweeps need Optuna: `pip install -r requirements-sweeps.txt`, then start the app anew."


@dataclass(frozen=True)
class Sampled:
    """Each training of the grid, which names no weights, is tried so many times with other weights.

    `ranges` are the lowest and the highest value of those that are sampled: evenly from 0 on and for epsilon, else by
    size.
    """

    grid: Grid
    ranges: Mapping[str, tuple[float, float]]
    trials: int


@dataclass(frozen=True)
class Studied:
    """A study of the plan: the training whose weights its trials change, and the limits of these."""

    prepared: Prepared
    share: float
    space: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class SampledPlan:
    """`seconds` are those of all trials to their end, one after another; None without a run to go by.

    `measured` is how many finished runs that comes from.
    """

    studies: tuple[Studied, ...]
    trials: int
    seed: int
    seconds: float | None
    measured: int

    @property
    def new(self) -> int:
        return len(self.studies) * self.trials


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial of a sweep; `number` counts from 1 within its study.

    `f1` on dev, in percent, is the best of its epochs until it has succeeded; None before the first. `weights` are
    those that are sampled.
    """

    study: str
    number: int
    run_id: int
    weights: dict[str, float]
    state: str
    f1: float | None
    curve: dict[int, float]  # F1 on dev by epoch, in percent

    @property
    def epochs(self) -> int:
        return max(self.curve, default=0)


def possible() -> bool:
    """Whether what they need is installed; `INSTALL` says what to do."""
    return api.can_sample()


def limits(text: str, name: str) -> tuple[float, float] | None:
    """The lowest and the highest value to try; None for an empty text. Raises ConfigError."""
    found = sweep_plans.numbers(text, name)
    if not found:
        return None
    if len(found) != 2 or found[0] >= found[1]:
        raise ConfigError(f"{name} is {text!r}; expected the lowest and the highest value to try: 0.001 0.3")
    return found[0], found[1]


@needs(Act.RESEARCH)
def plan(database: Database, wanted: Sampled) -> SampledPlan:
    """The studies with today's labels. Nothing is queued.

    Raises ConfigError as a grid's plan does, and for a target without labelled dev records: its dev F1 is what the
    search goes by. NotFound.
    """
    if not possible():
        raise ConfigError(INSTALL)
    sweep_plans.check(wanted.grid, wanted.trials)
    specs = sweep_plans.trainings(database, wanted.grid)
    if not all(training.offer(database, one).dev_labelled for one in {spec.target: spec for spec, _ in specs}.values()):
        raise ConfigError("the search goes by F1 on dev, and a target has no labelled dev record; label some first")
    found: dict[str, Studied] = {}
    for one, (spec, share) in zip(api.prepare(database, [spec for spec, _ in specs]), specs, strict=True):
        transfer = spec.config.transfer
        space = {name: ends for name, ends in wanted.ranges.items() if name not in METHODS[transfer.method].unused}
        if not space:
            raise ConfigError(f"none of the ranges is of a weight of {transfer.method}; give one that it uses")
        for name, ends in space.items():
            for value in ends:
                limit: dict[str, Any] = {name: value}
                replace(transfer, **limit)  # tells a value that the weight cannot have
        found[one.hash] = Studied(one, share, space)
    with database.reading() as session:
        done = outcomes.took(session, LOOKED_AT)
    trials = [study.prepared for study in found.values() for _ in range(wanted.trials)]
    seed = wanted.grid.config.training.seed
    return SampledPlan(tuple(found.values()), wanted.trials, seed, *sweep_plans.expected(trials, done))


@needs(Act.RESEARCH)
def queue(database: Database, name: str, planned: SampledPlan, who: str) -> int:
    """Let workers ask for the trials and run them behind all that is queued by itself; the sweep's id.

    Raises DataError for a name, ConfigError for a plan without studies.
    """
    check_name("sweep's name", name)
    if not planned.studies:
        raise ConfigError("the plan has no trial; choose what to try")
    with database.session() as session:
        sweep_id = sweeps.create(session, name, who)
        for study in planned.studies:
            sampling.add(
                session,
                sweep_id,
                department_id=study.prepared.department_id,
                title=study.prepared.title,
                spec=study.prepared.spec,
                share=study.share,
                space={name: list(ends) for name, ends in study.space.items()},
                trials=planned.trials,
                seed=planned.seed,
            )
        audit.note(session, who, "queued sweep", f"sweep {sweep_id}", {"trials": planned.new})
    return sweep_id


@needs(Act.RESEARCH)
def trials(database: Database, sweep_id: int) -> list[Trial]:
    """Those that were asked for so far, study by study."""
    found = []
    with database.reading() as session:
        for study in sampling.studies(session, sweep_id):
            seed = study.spec["config"]["training"]["seed"]
            for one in sampling.tried(session, study.id):
                weights = {name: one.transfer[name] for name in study.space}
                so_far = max(one.curve.values(), default=None)
                f1 = one.f1 if one.state == "succeeded" else so_far
                title = f"{study.title}, seed {seed}"
                found.append(Trial(title, one.number + 1, one.run_id, weights, one.state, f1, one.curve))
    return found


def best(found: Sequence[Trial]) -> Trial | None:
    """The succeeded trial with the highest F1 on dev, the first of several."""
    done = [one for one in found if one.state == "succeeded" and one.f1 is not None]
    return max(done, key=lambda one: one.f1 or 0.0, default=None)


@needs(Act.RESEARCH)
def sampled(database: Database, sweep_id: int) -> bool:
    """Whether the sweep is a sampled one."""
    with database.reading() as session:
        return bool(sampling.studies(session, sweep_id))
