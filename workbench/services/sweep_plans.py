"""What a sweep would run, before anything is queued: how many runs, which of them exist, how long they take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from math import prod
from statistics import median
from typing import Any

from ladtl_core.config import Config
from ladtl_core.errors import ConfigError
from ladtl_core.methods import METHODS
from workbench.jobs import api
from workbench.jobs.api import Prepared, TrainSpec
from workbench.services import training
from workbench.services.roles import Act, needs
from workbench.services.training import Offer
from workbench.store import outcomes, runs
from workbench.store.database import Database
from workbench.store.models import RUNS_ANEW
from workbench.store.outcomes import Took

WEIGHTS = ("alpha", "beta", "epsilon", "gamma")
MOST_RUNS = 2000  # a sweep; more is a slip of the keyboard
LOOKED_AT = 500  # finished runs, for the time


@dataclass(frozen=True)
class Grid:
    """Every combination of these is a run. `pairs` are ids of source departments and of a target.

    `weights` are the values of alpha, beta, epsilon and gamma to try, the default where there are none; `shares` are of
    the target's labels, above 0 and up to 1. All other settings are those of `config`.
    """

    pairs: tuple[tuple[tuple[int, ...], int], ...]
    methods: tuple[str, ...]
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    shares: tuple[float, ...] = (1.0,)
    seeds: int = 1
    config: Config = field(default_factory=Config)

    @property
    def size(self) -> int:
        """Combinations; those that differ in nothing that their method uses are one run."""
        tried = (self.pairs, self.methods, self.shares, *filter(None, self.weights.values()))
        return prod(map(len, tried)) * self.seeds


@dataclass(frozen=True)
class Planned:
    """A run of the plan; `state` of the same run, where there is one."""

    prepared: Prepared
    share: float
    state: str | None


@dataclass(frozen=True)
class Plan:
    """`seconds` are those of the runs that are to be queued, one after another; None without a run to go by.

    `measured` is how many finished runs that comes from.
    """

    runs: tuple[Planned, ...]
    seconds: float | None
    measured: int

    def count(self, *states: str | None) -> int:
        """The runs that are in one of these states already; None: that do not exist."""
        return sum(run.state in states for run in self.runs)

    @property
    def new(self) -> int:
        """The runs that queueing the plan queues: one that did not succeed is attempted anew."""
        return self.count(None, *RUNS_ANEW)


def numbers(text: str, name: str) -> tuple[float, ...]:
    """Numbers with spaces between them, each once. Raises ConfigError."""
    try:
        return tuple(dict.fromkeys(float(part) for part in text.replace(",", " ").split()))
    except ValueError:
        raise ConfigError(f"{name} is {text!r}; expected numbers with spaces between them: 0 0.02 0.1") from None


def pairs(
    sources: Sequence[int], targets: Sequence[int], together: bool = False
) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Each target with each source, or with all of them at once; a department is never its own source."""
    found: list[tuple[tuple[int, ...], int]] = []
    for target in targets:
        others = tuple(source for source in sources if source != target)
        alone = [(source,) for source in others] if sources else [()]
        found += [(used, target) for used in ([others] if together else alone)]
    return tuple(found)


@needs(Act.RESEARCH)
def plan(database: Database, grid: Grid) -> Plan:
    """The runs of the grid with today's labels. Nothing is queued.

    Raises ConfigError for a grid that is empty, too large or has a value out of its limits, and where a department has
    nothing to learn from; NotFound.
    """
    check(grid)
    return planned(database, trainings(database, grid))


@needs(Act.RESEARCH)
def planned(database: Database, shares: Sequence[tuple[TrainSpec, float]]) -> Plan:
    """The same of trainings with their shares of the target's labels."""
    prepared = api.prepare(database, [spec for spec, _ in shares])
    once = {one.hash: (one, share) for one, (_, share) in zip(prepared, shares, strict=True)}
    with database.reading() as session:
        existing = runs.states_by_hash(session, list(once))
        whole = [same.hash for one, share in once.values() if (same := _single(one, share))]
        single = runs.states_by_hash(session, whole)
        done = outcomes.took(session, LOOKED_AT)
    found = tuple(_planned(one, share, existing, single) for one, share in once.values())
    to_do = [run.prepared for run in found if run.state in (None, *RUNS_ANEW)]
    return Plan(found, *expected(to_do, done))


def check(grid: Grid, trials: int = 1) -> None:
    """Raise ConfigError for a sweep that is empty, too large or has a share out of its limits."""
    size = grid.size * trials
    if not grid.pairs or not grid.methods or not grid.shares:
        raise ConfigError("the sweep is empty; choose a target, a method and a share of the labels")
    if size > MOST_RUNS:
        raise ConfigError(f"these are {size:,} runs; expected at most {MOST_RUNS:,}, so try fewer values at once")
    for share in grid.shares:
        if not 0 < share <= 1:
            raise ConfigError(f"a share of the labels is {share:g}; expected numbers above 0 and up to 1")


@needs(Act.RESEARCH)
def trainings(database: Database, grid: Grid) -> list[tuple[TrainSpec, float]]:
    """The trainings with their shares of the labels; some are asked for more than once. Raises as `plan` does."""
    found = []
    configs = {method: list(_configs(grid, method)) for method in grid.methods}

    @cache
    def offered(used: tuple[int, ...], target: int, method: str) -> Offer:
        return training.offer(database, TrainSpec(used, target, configs[method][0]))

    needing = next((method for method in grid.methods if METHODS[method].needs_source), "")
    for (sources, target), method in product(grid.pairs, grid.methods):
        used = sources if METHODS[method].needs_source else ()
        offer = offered(used, target, needing if used else method)
        if offer.problem:
            raise ConfigError(offer.problem)
        for share, config in product(grid.shares, configs[method]):
            # Always with a number of records: a run of a sweep leaves scores alone, no model.
            keep = max(1, round(share * offer.target_labelled))
            found.append((TrainSpec(used, target, config, keep), share))
    return found


def _configs(grid: Grid, method: str) -> Iterable[Config]:
    """All settings to try; what the method does not use keeps its default."""
    names = [name for name in WEIGHTS if grid.weights.get(name) and name not in METHODS[method].unused]
    for values in product(*(grid.weights[name] for name in names)):
        weights: dict[str, Any] = dict(zip(names, values, strict=True))
        transfer = replace(grid.config.transfer, method=method, **weights)
        for seed in range(grid.seeds):
            yield replace(grid.config, transfer=transfer, training=replace(grid.config.training, seed=seed))


def _single(prepared: Prepared, share: float) -> Prepared | None:
    """The same training as a person starts it, which learns from all labels and leaves a model."""
    if share < 1:
        return None
    target = {name: value for name, value in prepared.spec["target"].items() if name != "keep"}
    return replace(prepared, spec={**prepared.spec, "target": target})


def _planned(one: Prepared, share: float, existing: Mapping[str, str], single: Mapping[str, str]) -> Planned:
    """The run as it is planned, from the states of those that there are."""
    same = _single(one, share) if single else None
    state = single.get(same.hash) if same else None
    if same and state == "succeeded":
        return Planned(same, share, state)
    return Planned(one, share, existing.get(one.hash))


def expected(to_do: Sequence[Prepared], done: Sequence[Took]) -> tuple[float | None, int]:
    """Seconds of these runs, and of how many finished ones they are taken.

    From runs of the same method, length and department, else of any department, else by their steps alone, which is the
    most that they can take.
    """
    like: dict[tuple[object, ...], list[float]] = defaultdict(list)
    a_step = []
    for run in done:
        for key in _likeness(run.method, run.max_steps, run.department_id):
            like[key].append(run.seconds)
        a_step.append(run.seconds / max(run.steps, 1))
    if not done:
        return None, 0
    total = 0.0
    for one in to_do:
        config = one.spec["config"]
        steps = config["training"]["max_steps"]
        keys = _likeness(config["transfer"]["method"], steps, one.department_id)
        alike = next((like[key] for key in keys if key in like), None)
        total += median(alike) if alike else median(a_step) * steps
    return total, len(done)


def _likeness(method: str, steps: int, department_id: int) -> list[tuple[object, ...]]:
    """What a run takes its time from, the closest first."""
    return [(method, steps, department_id), (method, steps)]
