"""The tables of experiments as Plotly figures: plain data, made from finished runs alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ladtl_core.experiments.plans import Experiment, Row
from ladtl_core.experiments.tables import cells_of, f1_of

Figure = dict[str, Any]
_HEIGHT_OF_ROW = 28
# One colour a method, the same in every chart; legible on light and on dark.
METHOD_COLOURS = {
    "non-transfer": "#8a8f98",
    "linear-projection": "#7a8b2a",
    "domain-mask": "#5a9a55",
    "cd-learning": "#a5785a",
    "re-training": "#c9822b",
    "joint-training": "#4a90d9",
    "la-mmd": "#b05fb8",
    "crf-l2": "#6a6fd0",
    "mmd-crf-l2": "#d0545f",
    "la-dtl": "#0f9d8a",
}
_OUTSIDER = "#d08fb0"


def figure(runs: Sequence[Row], experiment: Experiment, split: str = "", partial: bool = False) -> Figure:
    """A heat map, curves or boxes, whichever the experiment asks for, of its last split if none is named.

    Cells that lack a seed which others have are left out, unless `partial`.
    """
    split = split or experiment.splits[-1]
    found = f1_of(cells_of(runs, experiment), split, partial)
    draw = {"curves": _curves, "boxes": _boxes, "map": _map}[experiment.drawn]
    made = draw(found)
    made["layout"] = {
        "title": {"text": f"{experiment.title}: {split} F1", "font": {"size": 13}, "x": 0, "xanchor": "left"},
        "template": "plotly_white",
        "margin": {"l": 150, "r": 20, "t": 50, "b": 60},
        **made["layout"],
    }
    return made


def _curves(found: dict[str, dict[str, np.ndarray]]) -> Figure:
    """Mean F1 against the columns, in a band of the standard deviation over seeds; each line named at its end."""
    traces, names = [], []
    for name, row in found.items():
        if not row:
            continue
        columns, colour = list(row), METHOD_COLOURS.get(name, _OUTSIDER)
        means = [float(f1.mean()) for f1 in row.values()]
        spread = [float(f1.std(ddof=1)) if len(f1) > 1 else 0.0 for f1 in row.values()]
        if any(spread):
            upper, lower = ([m + sign * s for m, s in zip(means, spread, strict=True)] for sign in (1, -1))
            traces.append(
                {
                    "type": "scatter",
                    "x": [*columns, *reversed(columns)],
                    "y": [*upper, *reversed(lower)],
                    "fill": "toself",
                    "mode": "none",
                    "fillcolor": f"{colour}26",
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
            )
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": columns,
                "y": means,
                "line": {"color": colour, "width": 2},
                "customdata": [[len(f1), s] for f1, s in zip(row.values(), spread, strict=True)],
                "hovertemplate": f"{name}, %{{x}}: %{{y:.1f}} (sd %{{customdata[1]:.1f}}, n %{{customdata[0]}})"
                "<extra></extra>",
            }
        )
        names.append(name)
    # As categories: the values are a geometric row with 0 in it.
    layout = {
        "xaxis": {"type": "category"},
        "yaxis": {"title": {"text": "F1"}},
        "showlegend": len(names) > 1,
        "legend": {"orientation": "h", "y": -0.2},
    }
    return {"data": traces, "layout": layout}


def _boxes(found: dict[str, dict[str, np.ndarray]]) -> Figure:
    """The seeds of every row as points beside a box; the last row of the table is at the bottom."""
    traces = [
        {
            "type": "box",
            "name": name,
            "x": [float(value) for f1 in row.values() for value in f1],
            "orientation": "h",
            "boxpoints": "all",
            "marker": {"color": METHOD_COLOURS.get(name, _OUTSIDER)},
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
        "customdata": [[len(row[c]) if c in row else 0 for c in columns] for row in found.values()],
        "texttemplate": "%{z:.1f}",
        "hovertemplate": "%{y}, %{x}: %{z:.1f} (n %{customdata})<extra></extra>",
        # Opaque, so that numbers of one colour are legible on light and on dark.
        "textfont": {"color": "#12171b"},
        "colorscale": [[0, "#eef3f2"], [1, "#0f9d8a"]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }
    height = 140 + _HEIGHT_OF_ROW * len(found)
    return {
        "data": [trace],
        "layout": {
            "yaxis": {"autorange": "reversed", "showgrid": False},
            "xaxis": {"showgrid": False},
            "height": height,
            "width": 900,
        },
    }
