"""Each experiment as a table to fill: rows, columns, and the runs behind every cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import permutations
from typing import Any

from ladtl_core.config import Config
from ladtl_core.errors import ConfigError
from ladtl_core.methods import METHODS

DICTIONARY = "dictionary"
RATES = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
ALPHAS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3)
BETAS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0)
EPSILONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class RunSpec:
    """One run: `source` is empty for methods without one; `method` may be the dictionary; the seed is the settings'."""

    source: str
    target: str
    method: str
    rate: float
    config: Config

    def key(self, data: str) -> str:
        """A hash of all that decides the result, with that of the data."""
        parts = [self.source, self.target, self.method, self.rate, self.config.to_dict(), data]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Request:
    """What is asked for: departments of the corpus, the pair of studies that have one, methods, seeds and settings."""

    departments: Sequence[str]
    pair: tuple[str, str]
    methods: Sequence[str]
    seeds: int
    rate: float
    config: Config


@dataclass(frozen=True)
class Plan:
    """`cells[row][column]` holds the runs of a cell, one a seed. `splits` are those to report.

    `versus` names the row that the others are tested against; empty where rows are no systems.
    """

    title: str
    cells: dict[str, dict[str, list[RunSpec]]]
    splits: tuple[str, ...] = ("test",)
    versus: str = ""

    @property
    def runs(self) -> list[RunSpec]:
        return [spec for row in self.cells.values() for specs in row.values() for spec in specs]


def _seeds(ask: Request, pair: tuple[str, str], method: str, rate: float, **transfer: float) -> list[RunSpec]:
    """One cell: a run for each seed, which draws the sample of labels too."""
    name = method if method in METHODS else "non-transfer"
    config = replace(ask.config, transfer=replace(ask.config.transfer, method=name, **transfer))  # type: ignore[arg-type]
    source = pair[0] if method == DICTIONARY or METHODS[method].needs_source else ""
    return [
        RunSpec(source, pair[1], method, rate, replace(config, training=replace(config.training, seed=seed)))
        for seed in range(ask.seeds)
    ]


def _systems(ask: Request) -> list[str]:
    return [DICTIONARY, *ask.methods]


def _pairs(ask: Request) -> Plan:
    pairs = {f"{source}>{target}": (source, target) for source, target in permutations(ask.departments, 2)}
    cells = {m: {name: _seeds(ask, pair, m, ask.rate) for name, pair in pairs.items()} for m in _systems(ask)}
    return Plan("All pairs of departments", cells, versus="la-dtl")


def _dictionary(ask: Request) -> Plan:
    return replace(_pairs(replace(ask, methods=())), title="The dictionary of training mentions", versus="")


def _sampling(ask: Request) -> Plan:
    cells = {m: {f"{rate:g}": _seeds(ask, ask.pair, m, rate) for rate in RATES} for m in _systems(ask)}
    return Plan(f"F1 against the share of labelled target sentences, {_named(ask)}", cells)


def _trials(ask: Request) -> Plan:
    cells = {m: {_named(ask): _seeds(ask, ask.pair, m, ask.rate)} for m in _systems(ask)}
    return Plan(f"Spread over {ask.seeds} trials", cells, versus="la-dtl")


def _social(ask: Request) -> Plan:
    return replace(_trials(ask), title="Formal to social media, all target labels")


def _sweep(name: str, values: Sequence[float], methods: Sequence[str]) -> Callable[[Request], Plan]:
    def plan(ask: Request) -> Plan:
        cells = {
            m: {f"{value:g}": _seeds(ask, ask.pair, m, ask.rate, **{name: value}) for value in values} for m in methods
        }
        return Plan(f"F1 against {name}, {_named(ask)}", cells, splits=("dev", "test"))

    return plan


def _grid(ask: Request) -> Plan:
    cells = {
        f"alpha {alpha:g}": {
            f"beta {beta:g}": _seeds(ask, ask.pair, "la-dtl", ask.rate, alpha=alpha, beta=beta) for beta in BETAS
        }
        for alpha in ALPHAS
    }
    # Settings are chosen by this table, so it never shows test.
    return Plan(f"La-DTL by alpha and beta, {_named(ask)}", cells, splits=("dev",))


def _named(ask: Request) -> str:
    return f"{ask.pair[0]}>{ask.pair[1]}"


@dataclass(frozen=True)
class Experiment:
    """`plan` makes the table; `seeds` and `rate` hold unless others are asked for."""

    description: str
    plan: Callable[[Request], Plan]
    seeds: int = 3
    rate: float = 0.1


EXPERIMENTS = {
    "pairs": Experiment("every method on every pair of departments", _pairs),
    "sampling": Experiment("F1 against the share of the target's labels", _sampling),
    "trials": Experiment("the spread of ten trials of every method on one pair", _trials, seeds=10),
    "alpha": Experiment("F1 against alpha", _sweep("alpha", ALPHAS, ("la-mmd", "la-dtl"))),
    "beta": Experiment("F1 against beta", _sweep("beta", BETAS, ("crf-l2", "la-dtl"))),
    "epsilon": Experiment("F1 against epsilon", _sweep("epsilon", EPSILONS, ("joint-training", "la-dtl"))),
    "grid": Experiment("dev F1 of La-DTL over alpha and beta", _grid, seeds=1),
    "social": Experiment("every method on one pair, with all labels of the target", _social, rate=1.0),
    "dictionary": Experiment("the floor: mentions of the training text looked up", _dictionary),
}


def checked_pair(departments: Sequence[str], given: Sequence[str] | None) -> tuple[str, str]:
    """The pair asked for, or C and R, as in the paper, or the first two. Raises ConfigError."""
    if len(departments) < 2:
        raise ConfigError(f"the corpus has {len(departments)} departments; expected folders of two or more")
    pair = tuple(given) if given else ("C", "R") if {"C", "R"} <= set(departments) else tuple(departments[:2])
    if unknown := sorted(set(pair) - set(departments)):
        raise ConfigError(f"no such department: {', '.join(unknown)}; the corpus has {', '.join(departments)}")
    return pair[0], pair[1]


def described(spec: RunSpec) -> dict[str, Any]:
    """What repeats a run, as columns of a table."""
    transfer = asdict(spec.config.transfer)
    return {
        "source": spec.source,
        "target": spec.target,
        "method": spec.method,
        "rate": spec.rate,
        "seed": spec.config.training.seed,
        **{name: transfer[name] for name in ("alpha", "beta", "epsilon")},
        "config": json.dumps(spec.config.to_dict(), sort_keys=True),
    }
