"""Experiments side by side: which runs of a table belong into one view, and what it says of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.experiments.figures import Figure, figure
from ladtl_core.experiments.groups import comparable
from ladtl_core.experiments.plans import EXPERIMENTS, Row, value_of
from ladtl_core.experiments.rows import COLUMNS, checked_rows
from ladtl_core.experiments.tables import cells_of
from ladtl_core.formats.scan import check_name
from workbench.services.roles import Act, needs
from workbench.store import audit, experiments
from workbench.store.database import Database
from workbench.store.experiments import Listed

__all__ = ["VIEWS", "Listed", "Row", "View", "add_table", "as_csv", "at_point", "pairs_of", "rows", "tables", "view"]


# Experiments of `ladtl_core` that are views here, with their names on the page.
VIEWS = {
    "pairs": "Pairs",
    "sampling": "Share of labels",
    "alpha": "alpha",
    "beta": "beta",
    "epsilon": "epsilon",
    "gamma": "gamma",
    "grid": "alpha x beta",
    "trials": "Trials",
}
REFERENCE = "la-dtl"


@dataclass(frozen=True, slots=True)
class View:
    """The runs of one view and its figure; `said` is what they are: how many, which spread."""

    runs: list[Row]
    figure: Figure
    said: str


@needs(Act.RESEARCH)
def add_table(database: Database, name: str, data: bytes, file: str, who: str) -> tuple[int, int]:
    """Bring in a table of runs (CSV); returns its id and how many runs were new.

    Raises DataError with file and line; nothing is kept then.
    """
    found = checked_rows(data, file)
    check_name("table's name", name)
    with database.session() as session:
        table_id, new = experiments.add(session, name, who, found)
        audit.note(session, who, "imported experiments", f"experiment table {table_id}", {"runs": new})
    return table_id, new


@needs(Act.RESEARCH)
def tables(database: Database) -> list[Listed]:
    """All tables of runs, the newest first."""
    with database.reading() as session:
        return experiments.tables(session)


@needs(Act.RESEARCH)
def rows(database: Database, table_id: int) -> list[Row]:
    """The rows of a table. Raises NotFound."""
    with database.reading() as session:
        return experiments.rows(session, table_id)


def pairs_of(runs: Sequence[Row]) -> list[str]:
    """`source>target` of all runs, those with most runs first."""
    found: dict[str, int] = {}
    for run in runs:
        if run["source"]:
            pair = f"{run['source']}>{run['target']}"
            found[pair] = found.get(pair, 0) + 1
    return sorted(found, key=lambda pair: (-found[pair], pair))


def view(runs: Sequence[Row], name: str, pair: str, split: str) -> View:
    """What a view shows of the runs that have an F1 on the split: of one pair but for the table of pairs.

    Raises DataError if that is nothing.
    """
    experiment = EXPERIMENTS[name]
    runs = [run for run in runs if run[f"{split}_f1"]]
    chosen = runs if name == "pairs" else [run for run in runs if _is_of(run, pair)]
    if name == "grid":
        chosen = [run for run in chosen if run["method"] == REFERENCE]
    found = comparable(chosen, experiment)
    if not found:
        raise DataError(f"no run with an F1 on {split} fulfils the choices above")
    if experiment.varied:
        found = _several_values(found, experiment.varied)
        if not found:
            raise DataError(f"no two of these runs differ in {' and '.join(experiment.varied)} alone")
    return View(found, figure(found, experiment, split, partial=True), _said(found, name, split))


def _several_values(runs: Sequence[Row], varied: Sequence[str]) -> list[Row]:
    """The runs of the methods that have them for more than one value of what is varied."""
    values: dict[str, set[tuple[str, ...]]] = {}
    for run in runs:
        values.setdefault(run["method"], set()).add(tuple(value_of(run, name) for name in varied))
    return [run for run in runs if len(values[run["method"]]) > 1]


def _said(found: list[Row], name: str, split: str) -> str:
    """How many runs, seeds and documents are behind a view."""
    experiment = EXPERIMENTS[name]
    seeds = [len(runs) for row in cells_of(found, experiment).values() for runs in row.values() if runs]
    said = f"F1 on {split}, percent; {len(found):,} runs, n = {_span(seeds)} seeds a point."
    if split == "test":
        said += f" Test documents: {_span([run['test_counts'].count('[') - 1 for run in found])}."
    banded = experiment.drawn == "curves" and max(seeds) > 1
    return said + (" Bands: standard deviation over seeds." if banded else "")


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"


def at_point(runs: Sequence[Row], name: str, point: Mapping[str, Any]) -> list[Row]:
    """The runs behind a point of a view's figure, {x, y, name of its trace}; none where it is between them."""
    experiment = EXPERIMENTS[name]
    row, column = (point["y"], point["x"]) if experiment.drawn == "map" else (point["name"], point["x"])
    cells = cells_of(runs, experiment)
    if experiment.drawn == "boxes":
        return [run for found in cells.get(row, {}).values() for run in found]
    return cells.get(str(row), {}).get(str(column), [])


def _is_of(run: Row, pair: str) -> bool:
    source, _, target = pair.partition(">")
    return run["target"] == target and run["source"] in ("", source)


def as_csv(runs: Sequence[Row]) -> str:
    """The runs as the table that `experiment` writes, so that they can be brought in again."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(runs)
    return out.getvalue()
