"""What an experiment shows: means and spreads in a Markdown table, and whether systems differ by more than chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ladtl_core.experiments.plans import Plan, RunSpec
from ladtl_core.experiments.runner import Results, rows_of
from ladtl_core.experiments.runs import Corpus
from ladtl_core.significance import compare, f1_interval, holm


def report(plan: Plan, results: Results, corpus: Corpus) -> str:
    """The whole text. F1 in percent, mean (standard deviation over seeds)."""
    parts = [f"# {plan.title}"]
    for split in plan.splits:
        parts += [
            f"F1 on {split}, in percent: mean (standard deviation over seeds).",
            _table(plan, results, corpus, split),
        ]
    if plan.versus in plan.cells:
        parts.append(_differences(plan, results, corpus))
    return "\n\n".join(parts) + "\n"


def _table(plan: Plan, results: Results, corpus: Corpus, split: str) -> str:
    columns = list(next(iter(plan.cells.values())))
    average = ["mean"] if len(columns) > 1 and plan.versus else []
    lines = [f"| | {' | '.join(columns + average)} |", "|---" * (1 + len(columns + average)) + "|"]
    for name, row in plan.cells.items():
        cells = [_f1(results, corpus, specs, split) for specs in row.values()]
        texts = ["-" if f1 is None else _shown(f1) for f1 in cells]
        if average:
            found = [f1 for f1 in cells if f1 is not None]
            texts.append(_shown(np.mean(found, axis=0)) if len(found) == len(cells) else "-")
        lines.append(f"| {name} | {' | '.join(texts)} |")
    return "\n".join(lines)


def _f1(results: Results, corpus: Corpus, specs: Sequence[RunSpec], split: str) -> np.ndarray | None:
    rows = rows_of(results, corpus, specs)
    return None if rows is None else np.array([float(row[f"{split}_f1"]) for row in rows])


def _shown(f1: np.ndarray) -> str:
    return f"{f1.mean():.1f} ({f1.std(ddof=1):.1f})" if len(f1) > 1 else f"{f1.mean():.1f}"


def _differences(plan: Plan, results: Results, corpus: Corpus) -> str:
    """Every row's interval, and the chosen row against each of the others."""
    strata = {name: _strata(row, results, corpus) for name, row in plan.cells.items()}
    mine = strata[plan.versus]
    others = {name: found for name, found in strata.items() if name != plan.versus and found is not None}
    if mine is None:
        return f"{plan.versus} is not finished; nothing is compared with it."
    compared = {name: compare(mine, found) for name, found in others.items()}
    adjusted = dict(zip(compared, holm(c.p_value for c in compared.values()), strict=True))
    documents = sum(map(len, mine))
    lines = [
        f"{plan.versus} against each other system on the {documents} test documents of {len(mine)} target(s): "
        "approximate randomisation, two-sided, 10,000 draws, Holm over the rows; intervals draw documents anew. "
        "The last column is what the test could reach at best.",
        "",
        f"| | F1, 95 % | {plan.versus} minus it | p | p (Holm) | smallest p |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in {plan.versus: mine, **others}.items():
        interval = f1_interval(found)
        shown = "-" if interval is None else f"{interval[0]:.1f}-{interval[1]:.1f}"
        test = compared.get(name)
        rest = ["", "", "", ""]
        if test is not None:
            rest = [f"{test.difference:+.2f}", f"{test.p_value:.4f}", f"{adjusted[name]:.4f}", f"{test.smallest_p:.1g}"]
        lines.append(f"| {name} | {shown} | {' | '.join(rest)} |")
    return "\n".join(lines)


def _strata(row: dict[str, list[RunSpec]], results: Results, corpus: Corpus) -> list[np.ndarray] | None:
    """Counts of a row by target, (documents, cells, 3); None while a run is missing."""
    cells: dict[str, list[np.ndarray]] = {}
    for specs in row.values():
        rows = rows_of(results, corpus, specs)
        if rows is None:
            return None
        for spec, found in zip(specs, rows, strict=True):
            counts = results.counts_of(found["key"], "test")
            cells.setdefault(spec.target, []).append(np.array(list(counts.values()), dtype=np.int64))
    return [np.stack(of_target, axis=1) for of_target in cells.values()]
