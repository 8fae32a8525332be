"""Hidden states in two dimensions, as plain data: colour by label, shape by domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.components.charts import LINES

_OUTSIDE = "#8a8f98"
_SHAPES = {"source": "diamond-open", "target": "circle"}


def states_chart(
    points: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    explained: tuple[float, float],
    colours: Mapping[str, int],
) -> dict[str, Any]:
    """`points` by domain and BIO tag, `colours` indices of the labels' colours; O, which has none, is grey."""
    labels = sorted({_label(tag) for tags in points.values() for tag in tags}, key=lambda one: (one == "O", one))
    traces = [
        trace
        for label in reversed(labels)  # O is drawn first, below the others
        for domain, shape in _SHAPES.items()
        if (trace := _trace(label, domain, points.get(domain, {}), shape, _colour(label, colours)))["x"]
    ]
    tokens = sum(len(trace["x"]) for trace in traces)
    title = f"Hidden states of {tokens} tokens, first two principal components"
    axis = {"zeroline": False, "showticklabels": False}
    return {
        "data": traces,
        "layout": {
            "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
            "xaxis": {**axis, "title": {"text": f"first component, {explained[0]:.0%} of the variance"}},
            "yaxis": {**axis, "title": {"text": f"second, {explained[1]:.0%}"}, "scaleanchor": "x"},
            "showlegend": True,
            "legend": {"traceorder": "reversed"},
        },
        "description": f"{title}: {', '.join(labels)}",
    }


def _trace(
    label: str, domain: str, of_tags: Mapping[str, Sequence[Sequence[float]]], shape: str, colour: str
) -> dict[str, Any]:
    places = [(x, y, tag) for tag, found in of_tags.items() if _label(tag) == label for x, y in found]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{label}, {domain}",
        "x": [x for x, _, _ in places],
        "y": [y for _, y, _ in places],
        "customdata": [tag for *_, tag in places],
        "marker": {"color": colour, "symbol": shape, "size": 7, "opacity": 0.8},
        "hovertemplate": f"%{{customdata}}, {domain}<extra></extra>",
    }


def _label(tag: str) -> str:
    return tag.removeprefix("B-").removeprefix("I-")


def _colour(label: str, colours: Mapping[str, int]) -> str:
    return LINES[colours[label] % len(LINES)] if label in colours else _OUTSIDE
