"""Each experiment: its runs, and which row and column of its table a run belongs to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import permutations
from typing import Any

from ladtl_core.config import Config
from ladtl_core.errors import ConfigError
from ladtl_core.experiments.tuning import ALIGNMENTS, PAIRS, TRIALS, UNKNOWNS, Change, changed, trial_of
from ladtl_core.methods import METHODS

DICTIONARY, SPACY = "dictionary", "spacy"
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
ALPHAS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3)
BETAS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0)
EPSILONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
GAMMAS = (0.0, 0.0001, 0.0005, 0.001, 0.005, 0.01)


@dataclass(frozen=True)
class RunSpec:
    """One run. `source` is empty for methods without one; `method` may be none of ours; the seed is the settings'."""

    source: str
    target: str
    method: str
    rate: float
    config: Config

    def key(self, data: str) -> str:
        """A hash of all that decides the result, with that of the data."""
        settings = self.config.to_dict()
        if self.method not in METHODS:
            settings = {"seed": self.config.training.seed, "scheme": self.config.model.scheme}
        else:
            for name in METHODS[self.method].unused:
                del settings["transfer"][name]
        parts = [self.source, self.target, self.method, self.rate, settings, data]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Request:
    """What is asked for: departments of the corpus, the pair of studies that have one, methods, seeds, and the settings
    of a method."""

    departments: Sequence[str]
    pair: tuple[str, str]
    methods: Sequence[str]
    seeds: int
    rate: float
    settings: Callable[[str], Config]


# The paper's claim, and what each of its parts adds.
_COMPARED = ("la-dtl", "joint-training")

Row = dict[str, str]
"""A finished run as in the table of runs: see `described` and `runner.COLUMNS`."""


@dataclass(frozen=True)
class Experiment:
    """`runs` says which there are; `row` and `column` say where a run is shown.

    `seeds` and `rate` hold unless others are asked for; `splits` are those to report; `versus` are the rows that all
    others are tested against, none where rows are no systems; `drawn` is the kind of figure: map, curves or boxes.
    `varied` are the settings in which its runs differ on purpose.
    """

    description: str
    title: str
    runs: Callable[[Request], list[RunSpec]]
    row: Callable[[Row], str] = lambda run: run["method"]
    column: Callable[[Row], str] = lambda run: f"{run['source']}>{run['target']}"
    seeds: int = 3
    rate: float = 0.1
    splits: tuple[str, ...] = ("test",)
    versus: tuple[str, ...] = ()
    drawn: str = "map"
    varied: tuple[str, ...] = ()


def _cell(ask: Request, pair: tuple[str, str], method: str, rate: float, **change: Any) -> list[RunSpec]:
    """A run for each seed, which draws the sample of labels too."""
    config = changed(ask.settings(method if method in METHODS else "non-transfer"), change)
    source = "" if method in METHODS and not METHODS[method].needs_source else pair[0]
    return [
        RunSpec(source, pair[1], method, rate, replace(config, training=replace(config.training, seed=seed)))
        for seed in range(ask.seeds)
    ]


def _pairs(ask: Request, *outsiders: str) -> list[RunSpec]:
    pairs = list(permutations(ask.departments, 2))
    methods = outsiders or (DICTIONARY, *ask.methods)
    return [spec for pair in pairs for method in methods for spec in _cell(ask, pair, method, ask.rate)]


def _trials(ask: Request) -> list[RunSpec]:
    return [spec for method in (DICTIONARY, *ask.methods) for spec in _cell(ask, ask.pair, method, ask.rate)]


def _sampling(ask: Request) -> list[RunSpec]:
    methods = (DICTIONARY, *ask.methods)
    return [spec for rate in RATES for method in methods for spec in _cell(ask, ask.pair, method, rate)]


def _sweep(ask: Request, name: str, values: Sequence[float], methods: Sequence[str]) -> list[RunSpec]:
    return [s for method in methods for v in values for s in _cell(ask, ask.pair, method, ask.rate, **{name: v})]


def _grid(ask: Request) -> list[RunSpec]:
    weights = [(alpha, beta) for alpha in ALPHAS for beta in BETAS]
    return [s for a, b in weights for s in _cell(ask, ask.pair, "la-dtl", ask.rate, alpha=a, beta=b)]


def _on_tuning_pairs(ask: Request, trials: dict[str, tuple[Change, ...]]) -> list[RunSpec]:
    pairs = [pair for pair in PAIRS if set(pair) <= set(ask.departments)] or [ask.pair]
    return [
        spec
        for pair in pairs
        for method, changes in trials.items()
        for change in changes
        for spec in _cell(ask, pair, method, ask.rate, **change)
    ]


def _tried(run: Row) -> str:
    """The method and its trial."""
    return f"{run['method']}, {trial_of(config_of(run), TRIALS[run['method']])}"


def _swept(name: str, description: str, values: Sequence[float], methods: Sequence[str]) -> Experiment:
    return Experiment(
        description,
        f"F1 against {name}",
        partial(_sweep, name=name, values=values, methods=methods),
        column=lambda run: value_of(run, name),
        splits=("dev", "test"),
        drawn="curves",
        varied=(name,),
    )


EXPERIMENTS = {
    "pairs": Experiment(
        "every method on every pair of departments", "All pairs of departments", _pairs, versus=_COMPARED
    ),
    "sampling": Experiment(
        "F1 against the share of the target's labels",
        "F1 against the share of labelled target sentences",
        _sampling,
        column=lambda run: run["rate"],
        drawn="curves",
        varied=("rate",),
    ),
    "trials": Experiment(
        "the spread of ten trials of every method on one pair", "Spread over trials", _trials,
        seeds=10, versus=_COMPARED, drawn="boxes",
    ),
    "alpha": _swept("alpha", "F1 against alpha", ALPHAS, ("la-mmd", "la-dtl")),
    "beta": _swept("beta", "F1 against beta", BETAS, ("crf-l2", "la-dtl")),
    "epsilon": _swept("epsilon", "F1 against epsilon", EPSILONS, ("joint-training", "la-dtl")),
    "gamma": _swept("gamma", "F1 against gamma", GAMMAS, ("joint-training", "la-dtl")),
    # Settings are chosen by these three tables, so they never show test.
    "grid": Experiment(
        "dev F1 of La-DTL over alpha and beta",
        "La-DTL by alpha and beta",
        _grid,
        row=lambda run: f"alpha {run['alpha']}",
        column=lambda run: f"beta {run['beta']}",
        seeds=1,
        splits=("dev",),
        varied=("alpha", "beta"),
    ),
    "tuning": Experiment(
        "dev F1 of the trials from which every method's settings were chosen", "Trials of every method",
        lambda ask: _on_tuning_pairs(ask, {method: TRIALS[method] for method in ask.methods}),
        row=_tried, seeds=1, splits=("dev",),
    ),
    "alignment": Experiment(
        "dev F1 of La-MMD with other weights, estimates and kernels of the MMD", "Ways to align label by label",
        lambda ask: _on_tuning_pairs(ask, {"la-mmd": ALIGNMENTS}),
        row=lambda run: trial_of(config_of(run), ALIGNMENTS), splits=("dev",),
    ),
    "unknown": Experiment(
        "dev F1 of every method with one vector for all unknown words, and with known words spelled alike",
        "Words that training never met",
        lambda ask: _on_tuning_pairs(ask, dict.fromkeys(ask.methods, UNKNOWNS)),
        row=lambda run: f"{run['method']}, {trial_of(config_of(run), UNKNOWNS)}", seeds=1, splits=("dev",),
    ),
    "social": Experiment(
        "every method on one pair, with all labels of the target", "Formal to social media, all target labels", _trials,
        rate=1.0, versus=_COMPARED, drawn="boxes",
    ),
    "dictionary": Experiment(
        "the floor: mentions of the training text looked up", "The dictionary of training mentions",
        lambda ask: _pairs(ask, DICTIONARY),
    ),
    "spacy": Experiment(
        "the practical outsider: spaCy's trainer on source and target", "spaCy from scratch",
        lambda ask: _pairs(ask, SPACY),
    ),
}  # fmt: skip


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
        "rate": f"{spec.rate:g}",
        "seed": spec.config.training.seed,
        **{name: f"{transfer[name]:g}" for name in ("alpha", "beta", "epsilon")},
        "config": json.dumps(spec.config.to_dict(), sort_keys=True),
    }


def value_of(run: Row, name: str) -> str:
    """A column of the run, or a weight that has none of its own and is in its settings alone."""
    return run[name] if name in run else f"{json.loads(run['config'])['transfer'].get(name, 0.0):g}"


def config_of(run: Row) -> Config:
    """The settings of a finished run."""
    return settings_of_finished(json.loads(run["config"]))


def settings_of_finished(values: dict[str, Any]) -> Config:
    """The settings that a finished run noted. Those newer than the run had what is now the default, but for words that
    training never met: they had one vector."""
    config = Config.from_dict(values)
    return config if "unknown" in values.get("model", {}) else changed(config, {"unknown": "one"})


def spec_of(run: Row) -> RunSpec:
    """What `described` described."""
    return RunSpec(run["source"], run["target"], run["method"], float(run["rate"]), config_of(run))
