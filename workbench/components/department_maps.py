"""Heat maps of departments against each other, as plain data: sources are rows, targets columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.components.charts import NUMBERS

Cells = Mapping[tuple[str, str], tuple[float | None, str]]
"""By source and target the value, None if there is none, and what is said of it: on the cell if it is empty."""

_NEAR_TO_FAR = [[0, "#0f9d8a"], [0.5, "#8fcfc5"], [1, "#eef3f2"]]
_LOSS_TO_GAIN = [[0, "#c9822b"], [0.5, "#eef3f2"], [1, "#0f9d8a"]]


def distance_map(title: str, departments: Sequence[str], cells: Cells) -> dict[str, Any]:
    """Distances from 0 to 1, the nearer the stronger."""
    return _map(title, departments, cells, "%{z:.2f}", {"colorscale": _NEAR_TO_FAR, "zmin": 0, "zmax": 1})


def gain_map(title: str, departments: Sequence[str], cells: Cells) -> dict[str, Any]:
    """Gains and losses of F1 in points, 0 in the middle of the colours."""
    most = max((abs(value) for value, _ in cells.values() if value is not None), default=0.0) or 1.0
    scale = {"colorscale": _LOSS_TO_GAIN, "zmin": -most, "zmax": most}
    return _map(title, departments, cells, "%{z:+.1f}", scale)


def height(departments: int) -> int:
    """Pixels in which a map of so many is legible."""
    return 130 + 44 * departments


def _map(title: str, departments: Sequence[str], cells: Cells, shown: str, scale: Mapping[str, Any]) -> dict[str, Any]:
    rows = [[cells.get((source, target), (None, "")) for target in departments] for source in departments]
    empty = [
        {"x": target, "y": source, "text": said.replace(", ", "<br>").replace(" and ", "<br>and ")}
        for (source, target), (value, said) in cells.items()
        if value is None
    ]
    trace = {
        "type": "heatmap",
        "x": list(departments),
        "y": list(departments),
        "z": [[value for value, _ in row] for row in rows],
        "customdata": [[said for _, said in row] for row in rows],
        "texttemplate": shown,
        "textfont": {"color": NUMBERS},
        "hovertemplate": f"%{{y}} → %{{x}}: {shown}<br>%{{customdata}}<extra></extra>",
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        **scale,
    }
    category = {"type": "category", "showgrid": False, "zeroline": False}
    edge = len(departments) - 0.5
    return {
        "data": [trace],
        "layout": {
            "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
            "xaxis": {**category, "title": {"text": "target"}, "range": [-0.5, edge]},
            "yaxis": {**category, "title": {"text": "source"}, "range": [edge, -0.5]},
            "annotations": [{**note, "showarrow": False, "font": {"size": 11}} for note in empty],
        },
        "description": f"{title}: rows are sources, columns targets",
    }
