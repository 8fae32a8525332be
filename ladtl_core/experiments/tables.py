"""What an experiment shows, from its finished runs alone: Markdown tables of means and spreads, and whether systems
differ by more than chance."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from ladtl_core.experiments.plans import Experiment, Row
from ladtl_core.significance import compare, f1_interval, holm, same_documents

Cells = dict[str, dict[str, list[Row]]]
"""Runs by row and column of a table, a run a seed."""


def cells_of(runs: Sequence[Row], experiment: Experiment) -> Cells:
    """Every run where it is shown. What has no source stands under all pairs with its target."""
    placed = [(experiment.row(run), experiment.column(run), run) for run in runs]
    columns = list(dict.fromkeys(column for _, column, _ in placed if not column.startswith(">")))
    cells: Cells = {row: {column: [] for column in columns} for row, _, _ in placed}
    for row, column, run in placed:
        for shown in [c for c in columns if c == column or (column.startswith(">") and c.endswith(column))]:
            cells[row][shown].append(run)
    for by_column in cells.values():
        for found in by_column.values():
            found.sort(key=lambda run: int(run["seed"]))
    return cells


def report(runs: Sequence[Row], experiment: Experiment) -> str:
    """Tables of the experiment's splits, and the comparison. F1 in percent, mean (standard deviation over seeds)."""
    if not runs:
        return "No run has finished."
    cells = cells_of(runs, experiment)
    seeds = sorted({int(run["seed"]) for run in runs})
    parts = []
    for split in experiment.splits:
        said = f"F1 on {split}, in percent, seed {seeds[0]}."
        if len(seeds) > 1:
            said = f"F1 on {split}, in percent: mean (standard deviation) over the seeds {seeds[0]} to {seeds[-1]}."
        parts += [said, _table(cells, split)]
    parts += [_differences(cells, name) for name in experiment.versus if name in cells]
    return "\n\n".join(parts)


def f1_of(cells: Cells, split: str, partial: bool = False) -> dict[str, dict[str, np.ndarray]]:
    """F1 of every seed in each cell; one that lacks a seed which others have is left out, unless `partial`."""
    seeds = max(len(found) for row in cells.values() for found in row.values())
    return {
        name: {
            column: np.array([float(run[f"{split}_f1"]) for run in found])
            for column, found in row.items()
            if len(found) == seeds or (partial and found)
        }
        for name, row in cells.items()
    }


def _table(cells: Cells, split: str) -> str:
    columns = list(next(iter(cells.values())))
    average = ["mean"] if len(columns) > 1 and all(">" in column for column in columns) else []
    lines = [f"| | {' | '.join(columns + average)} |", "|---" * (1 + len(columns + average)) + "|"]
    for name, row in f1_of(cells, split).items():
        texts = [_shown(row[column]) if column in row else "-" for column in columns]
        if average:
            texts.append(_shown(np.mean(list(row.values()), axis=0)) if len(row) == len(columns) else "-")
        lines.append(f"| {name} | {' | '.join(texts)} |")
    return "\n".join(lines)


def _shown(f1: np.ndarray) -> str:
    return f"{f1.mean():.1f} ({f1.std(ddof=1):.1f})" if len(f1) > 1 else f"{f1.mean():.1f}"


def _differences(cells: Cells, versus: str) -> str:
    """Every row's interval, and the chosen row against each of the others."""
    names = [versus, *(name for name in cells if name != versus)]
    strata = {name: found for name in names if (found := strata_of(cells, name)) is not None}
    if versus not in strata:
        return f"{versus} is not finished; nothing is compared with it."
    mine = strata[versus]
    compared = {
        name: compare(mine, found) for name, found in strata.items() if name != versus and same_documents(mine, found)
    }
    adjusted = dict(zip(compared, holm(c.p_value for c in compared.values()), strict=True))
    lines = [
        f"{versus} against each other system on the {sum(map(len, mine))} test documents of {len(mine)} target(s): "
        "approximate randomisation, two-sided, 10,000 draws, Holm over the rows; intervals draw documents anew. "
        "The last column is what the test could reach at best.",
        "",
        f"| | F1, 95 % | {versus} minus it | p | p (Holm) | smallest p |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in strata.items():
        interval = f1_interval(found)
        shown = "-" if interval is None else f"{interval[0]:.1f}-{interval[1]:.1f}"
        test, rest = compared.get(name), ["", "", "", ""]
        if test is not None:
            rest = [f"{test.difference:+.2f}", f"{test.p_value:.4f}", f"{adjusted[name]:.4f}", f"{test.smallest_p:.1g}"]
        lines.append(f"| {name} | {shown} | {' | '.join(rest)} |")
    return "\n".join(lines)


def strata_of(cells: Cells, name: str) -> list[np.ndarray] | None:
    """Counts of a row by target, (documents, cells, 3); None while a run is missing, and where the runs of one target
    were tested on different documents, as those of two corpora are."""
    seeds = max(len(found) for row in cells.values() for found in row.values())
    by_target: dict[str, list[np.ndarray]] = {}
    for found in cells[name].values():
        if len(found) < seeds:
            return None
        for run in found:
            by_target.setdefault(run["target"], []).append(np.array(json.loads(run["test_counts"]), dtype=np.int64))
    if any(len({len(counts) for counts in found}) > 1 for found in by_target.values()):
        return None
    return [np.stack(by_target[target], axis=1) for target in sorted(by_target)]
