"""Differences of F1 by label as plain data: a point each, with its interval where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = tuple[str, float, tuple[float, float] | None]  # label, difference in points, its interval

_COLOUR = "#0f9d8a"
ROW_PIXELS = 30


def difference_chart(title: str, rows: Sequence[Row], x: str) -> dict[str, Any]:
    """The first row is at the top; a line at 0 parts gains from losses."""
    ends = [interval or (value, value) for _, value, interval in rows]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [value for _, value, _ in rows],
        "y": [label for label, _, _ in rows],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - value for (_, value, _), (_, high) in zip(rows, ends, strict=True)],
            "arrayminus": [value - low for (_, value, _), (low, _) in zip(rows, ends, strict=True)],
            "color": "text",
            "thickness": 1,
        },
        "marker": {"color": _COLOUR, "size": 9},
        "hovertemplate": "%{y}: %{x:+.1f}<extra></extra>",
    }
    zero = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": 0}
    return {
        "data": [points],
        "layout": {
            "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
            "xaxis": {"title": {"text": x}, "zeroline": False},
            "yaxis": {"type": "category", "autorange": "reversed"},
            "shapes": [{**zero, "line": {"color": "text", "width": 1, "dash": "dot"}}],
            "margin": {"l": 90, "r": 16, "t": 34, "b": 42},
        },
        "description": f"{title}: " + ", ".join(f"{label} {value:+.1f}" for label, value, _ in rows),
    }
