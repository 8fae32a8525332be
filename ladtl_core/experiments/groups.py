"""Of any table of runs those that one view may show side by side: alike in all settings but the ones that it varies."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from ladtl_core.experiments.plans import Experiment, Row, value_of
from ladtl_core.methods import METHODS


def comparable(runs: Iterable[Row], experiment: Experiment) -> list[Row]:
    """Of every method the runs whose settings are the same but for the seed and what the experiment varies.

    Where a method was run with several settings, those with most columns of the experiment's table are taken, then
    those with most runs. A seed that was run twice, on other data or by another version, counts once, the later row.
    They are in the order of what is varied, then of the methods, then of the pairs.
    """
    groups: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        groups[run["method"]][_settings(run["config"], run["method"], run["rate"], experiment.varied)].append(run)
    found = [
        run
        for of_method in groups.values()
        for run in _once(max(of_method.values(), key=lambda rows: (_columns(rows, experiment), len(rows))), experiment)
    ]
    return sorted(found, key=lambda run: _place(run, experiment))


def _place(run: Row, experiment: Experiment) -> tuple[list[float], int, str, str]:
    method = list(METHODS).index(run["method"]) if run["method"] in METHODS else -1
    return [float(value_of(run, name)) for name in experiment.varied], method, run["source"], run["target"]


def _columns(rows: list[Row], experiment: Experiment) -> int:
    return len({(experiment.row(run), experiment.column(run)) for run in rows})


def _once(rows: list[Row], experiment: Experiment) -> list[Row]:
    return list({(experiment.row(run), experiment.column(run), run["seed"]): run for run in rows}.values())


@lru_cache(maxsize=2**16)
def _settings(config: str, method: str, rate: str, varied: tuple[str, ...]) -> str:
    """All that must be equal, as text."""
    values = json.loads(config)
    values["training"].pop("seed", None)
    unused = METHODS[method].unused if method in METHODS else set(values["transfer"])
    for name in {"method", *unused, *varied} & values["transfer"].keys():
        del values["transfer"][name]
    if method not in METHODS:
        values = {}
    return json.dumps([values, None if "rate" in varied else rate], sort_keys=True)
