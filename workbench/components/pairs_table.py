"""The table of pairs and methods in the form in which such tables are published."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ladtl_core.experiments.standings import Standing

_STYLE = """<style>
.pairs { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
.pairs th { font-weight: 600; text-align: right; padding: .3em .7em; border-bottom: 1px solid; white-space: nowrap; }
.pairs td { text-align: right; padding: .2em .7em; white-space: nowrap; }
.pairs tbody th { border: 0; text-align: left; font-weight: 400; }
.pairs small { opacity: .75; }
</style>"""


def pairs_table(rows: Sequence[Standing]) -> str:
    """HTML: a row a method, mean and deviation of each pair, the best of a column bold, a dagger where a method differs
    from La-DTL by more than chance."""
    columns = list(dict.fromkeys(column for row in rows for column in row.cells))
    best = {column: max(round(row.cells[column][0], 1) for row in rows if column in row.cells) for column in columns}
    best_mean = max((round(row.mean[0], 1) for row in rows if row.mean), default=None)
    averaged = best_mean is not None
    head = "".join(
        f'<th scope="col">{escape(name)}</th>' for name in [*columns, *(["mean", "95 %"] if averaged else [])]
    )
    body = []
    for row in rows:
        cells = [_cell(row.cells.get(column), best[column]) for column in columns]
        if averaged:
            interval = f"{row.interval[0]:.1f}-{row.interval[1]:.1f}" if row.interval else ""
            cells += [_cell(row.mean, best_mean, "†" if row.tells else ""), f"<td>{interval}</td>"]
        body.append(f'<tr><th scope="row">{escape(row.method)}</th>{"".join(cells)}</tr>')
    table = f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
    return f'{_STYLE}<div style="overflow-x:auto"><table class="pairs">{table}</table></div>'


def _cell(value: tuple[float, float | None] | None, best: float | None, mark: str = "") -> str:
    if value is None:
        return "<td>–</td>"
    mean, spread = value
    text = f"<b>{mean:.1f}</b>" if round(mean, 1) == best else f"{mean:.1f}"
    small = "" if spread is None else f" <small>±{spread:.1f}</small>"
    return f"<td>{text}{mark}{small}</td>"
