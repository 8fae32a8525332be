"""The gap of every tag and the F1 of its label as plain data, before and after adaptation, on one row a tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# tag, MMD² before and after, F1 of its label before and after
Row = tuple[str, float | None, float | None, float | None, float | None]

ROW_PIXELS = 30
_COLOUR = "#0f9d8a"
_MARKERS: dict[str, dict[str, Any]] = {
    "before": {"symbol": "circle-open", "line": {"width": 2}},
    "after": {"symbol": "circle"},
}


def gap_chart(title: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Open circles before, full ones after, a line between the two; the first row is at the top."""
    traces: list[dict[str, Any]] = []
    for axis, first, unit in (("x", 1, "MMD² %{x:.4f}"), ("x2", 3, "F1 %{x:.1f}")):
        change: dict[str, list[Any]] = {"x": [], "y": []}
        for row in rows:
            if row[first] is not None and row[first + 1] is not None:
                change["x"] += [row[first], row[first + 1], None]
                change["y"] += [row[0], row[0], None]
        line = {"color": "text", "width": 1}
        traces.append({"type": "scatter", "mode": "lines", "xaxis": axis, **change, "line": line, "hoverinfo": "skip"})
        for column, when in ((first, "before"), (first + 1, "after")):
            shown = [row for row in rows if row[column] is not None]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "xaxis": axis,
                    "name": when,
                    "x": [row[column] for row in shown],
                    "y": [row[0] for row in shown],
                    "marker": {"color": _COLOUR, "size": 10, **_MARKERS[when]},
                    "hovertemplate": f"%{{y}} {when}: {unit}<extra></extra>",
                    "showlegend": axis == "x",
                }
            )
        traces[-3]["showlegend"] = False
    order = [row[0] for row in rows]
    return {
        "data": traces,
        "layout": {
            "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
            "xaxis": {"title": {"text": "MMD² between the departments"}, "domain": [0, 0.55]},
            "xaxis2": {"title": {"text": "F1 of the label (%)"}, "domain": [0.62, 1], "range": [0, 100]},
            "yaxis": {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": order,
                "range": [len(rows) - 0.5, -0.5],
            },
            "showlegend": True,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "margin": {"l": 90, "r": 16, "t": 44, "b": 42},
        },
        "description": f"{title}: {', '.join(order)}",
    }
