"""The trials of a sampled sweep as figures: F1 in the order in which they were asked for, or against a weight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from workbench.components.charts import LINES

Figure = dict[str, Any]
Point = tuple[float, float, str]  # x, F1 in percent, what is said of it

DONE, GIVEN_UP = LINES[0], LINES[-1]


def trials_chart(title: str, x: str, done: list[Point], given_up: list[Point], kind: str, best: bool) -> Figure:
    """Points, with crosses for what was given up, at its best F1 by then.

    `best` is for numbers of trials as x, and adds the best F1 so far as a line.

    `kind` of the axis is linear or log.
    """
    traces = [_points("succeeded", done, DONE, "circle"), _points("pruned", given_up, GIVEN_UP, "x")]
    if best and done:
        steps = {"type": "scatter", "mode": "lines", "name": "best so far", "line": {"color": DONE, "shape": "hv"}}
        x_of, f1_of = [point[0] for point in done], [point[1] for point in done]
        traces.insert(0, {**steps, "x": x_of, "y": list(accumulate(f1_of, max)), "hoverinfo": "skip"})
    layout = {
        "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
        "xaxis": {"title": {"text": x}, "type": kind, **({"dtick": -(-len(done + given_up) // 12)} if best else {})},
        "yaxis": {"title": {"text": "F1 on dev (%)"}},
        "showlegend": False,
        "margin": {"l": 50, "r": 16, "t": 34, "b": 60},
    }
    return {"data": traces, "layout": layout, "description": f"{title}: {len(done)} succeeded, {len(given_up)} pruned"}


def _points(name: str, points: Sequence[Point], colour: str, symbol: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [point[0] for point in points],
        "y": [point[1] for point in points],
        "text": [point[2] for point in points],
        "marker": {"color": colour, "symbol": symbol, "size": 8},
        "hovertemplate": "%{text}<br>F1 %{y:.1f}<extra></extra>",
    }
