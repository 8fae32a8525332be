"""The tables of experiments as Plotly figures: plain data, made from finished runs alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ladtl_core.experiments.plans import Experiment, Row
from ladtl_core.experiments.tables import cells_of, f1_of

Figure = dict[str, Any]
_HEIGHT_OF_ROW = 28


def figure(runs: Sequence[Row], experiment: Experiment) -> Figure:
    """A figure of the experiment's last split: a heat map, curves or boxes, whichever it asks for."""
    split = experiment.splits[-1]
    found = f1_of(cells_of(runs, experiment), split)
    draw = {"curves": _curves, "boxes": _boxes, "map": _map}[experiment.drawn]
    made = draw(found)
    made["layout"] = {
        "title": {"text": f"{experiment.title}: {split} F1", "font": {"size": 15}},
        "template": "plotly_white",
        "margin": {"l": 150, "r": 20, "t": 50, "b": 60},
        **made["layout"],
    }
    return made


def _curves(found: dict[str, dict[str, np.ndarray]]) -> Figure:
    """Mean F1 against the columns, with the standard deviation over seeds as bars."""
    traces = []
    for name, row in found.items():
        spread = [float(f1.std(ddof=1)) if len(f1) > 1 else 0.0 for f1 in row.values()]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": list(row),
                "y": [float(f1.mean()) for f1 in row.values()],
                "error_y": {"array": spread, "visible": any(spread), "thickness": 1},
            }
        )
    # As categories: the values are a geometric row with 0 in it.
    return {"data": traces, "layout": {"xaxis": {"type": "category"}, "yaxis": {"title": {"text": "F1"}}}}


def _boxes(found: dict[str, dict[str, np.ndarray]]) -> Figure:
    """The seeds of every row as points beside a box; the last row of the table is at the bottom."""
    traces = [
        {
            "type": "box",
            "name": name,
            "x": [float(value) for f1 in row.values() for value in f1],
            "orientation": "h",
            "boxpoints": "all",
            "showlegend": False,
        }
        for name, row in reversed(found.items())
    ]
    return {"data": traces, "layout": {"xaxis": {"title": {"text": "F1"}}, "height": 140 + _HEIGHT_OF_ROW * len(found)}}


def _map(found: dict[str, dict[str, np.ndarray]]) -> Figure:
    """Mean F1 of every cell as a colour with its number; empty where a run is missing."""
    columns = list(dict.fromkeys(column for row in found.values() for column in row))
    means = [[float(row[c].mean()) if c in row else None for c in columns] for row in found.values()]
    trace = {
        "type": "heatmap",
        "x": columns,
        "y": list(found),
        "z": means,
        "texttemplate": "%{z:.1f}",
        "colorscale": "Viridis",
        "colorbar": {"title": {"text": "F1"}},
    }
    height = 140 + _HEIGHT_OF_ROW * len(found)
    return {"data": [trace], "layout": {"yaxis": {"autorange": "reversed"}, "height": height, "width": 900}}
