"""The trials of a sampled sweep as figures: F1 in the order in which they were asked for, or over their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from workbench.components.charts import LINES

Figure = dict[str, Any]


class Point(NamedTuple):
    """A trial's place in a figure, what is said of it, its number and F1 in percent."""

    x: float
    y: float
    text: str
    number: int
    f1: float


DONE, GIVEN_UP = LINES[0], LINES[-1]
LOW_TO_HIGH = [[0, "#eef3f2"], [1, "#0f9d8a"]]


def trials_chart(title: str, x: str, done: list[Point], given_up: list[Point], kind: str, best: bool) -> Figure:
    """Points, with crosses for what was given up, at its best F1 by then.

    `best` is for numbers of trials as x, and adds the best F1 so far as a line.

    `kind` of the axis is linear or log.
    """
    traces = [
        _points("succeeded", done, {"color": DONE, "symbol": "circle", "size": 8}),
        _points("pruned", given_up, {"color": GIVEN_UP, "symbol": "x", "size": 8}),
    ]
    if best and done:
        steps = {"type": "scatter", "mode": "lines", "name": "best so far", "line": {"color": DONE, "shape": "hv"}}
        x_of, f1_of = [point.x for point in done], [point.f1 for point in done]
        traces.insert(0, {**steps, "x": x_of, "y": list(accumulate(f1_of, max)), "hoverinfo": "skip"})
    layout = {
        "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
        "xaxis": {"title": {"text": x}, "type": kind, **({"dtick": -(-len(done + given_up) // 12)} if best else {})},
        "yaxis": {"title": {"text": "F1 on dev (%)"}},
        "showlegend": False,
        "margin": {"l": 50, "r": 16, "t": 34, "b": 60},
    }
    return {"data": traces, "layout": layout, "description": f"{title}: {len(done)} succeeded, {len(given_up)} pruned"}


def weights_chart(title: str, axes: Mapping[str, str], done: list[Point], given_up: list[Point]) -> Figure:
    """Trials over two weights, coloured by F1, with crosses for what was given up.

    `axes` are the weights of x and y and the kinds of their axes, linear or log.
    """
    marker = {"coloraxis": "coloraxis", "size": 12, "line": {"color": GIVEN_UP, "width": 1}}
    of_state = {"succeeded": (done, "circle"), "pruned": (given_up, "x")}
    traces = [
        _points(name, points, {**marker, "color": [point.f1 for point in points], "symbol": symbol})
        for name, (points, symbol) in of_state.items()
    ]
    ticks = {"log": {"type": "log", "dtick": "D2"}, "linear": {"type": "linear"}}  # 1, 2, 5, 10
    x, y = ({"title": {"text": name}, **ticks[kind]} for name, kind in axes.items())
    layout = {
        "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
        "xaxis": x,
        "yaxis": y,
        "coloraxis": {"colorscale": LOW_TO_HIGH, "colorbar": {"title": {"text": "F1 (%)"}, "thickness": 14}},
        "showlegend": False,
        "margin": {"l": 60, "r": 16, "t": 34, "b": 60},
    }
    return {"data": traces, "layout": layout, "description": f"{title}: {len(done)} succeeded, {len(given_up)} pruned"}


def _points(name: str, points: Sequence[Point], marker: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [point.x for point in points],
        "y": [point.y for point in points],
        "text": [f"{point.text}<br>F1 {point.f1:.1f}" for point in points],
        "customdata": [point.number for point in points],
        "marker": dict(marker),
        "hovertemplate": "%{text}<extra></extra>",
    }
