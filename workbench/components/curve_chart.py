"""F1 over labelled records as plain data: trainings, the law through them with its band, the F1 that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Trial = tuple[int, float, float]  # records, F1, its error
Band = tuple[float, float, float, float]  # records, F1, lower and upper end

_COLOUR, _FILL = "#0f9d8a", "rgba(15, 157, 138, 0.18)"


def learning_curve(title: str, trials: Sequence[Trial], band: Sequence[Band], goal: float) -> dict[str, Any]:
    """`trials` are drawn with their errors; `band` is the law from few to many records, empty where there is none."""
    records = [point[0] for point in band]
    most = max([*records, *(trial[0] for trial in trials)], default=1)
    edge = {"type": "scatter", "mode": "lines", "x": records, "line": {"width": 0}, "hoverinfo": "skip"}
    measured = {
        "type": "scatter",
        "mode": "markers",
        "x": [trial[0] for trial in trials],
        "y": [trial[1] for trial in trials],
        "error_y": {"type": "data", "array": [trial[2] for trial in trials], "color": "text", "thickness": 1},
        "marker": {"color": _COLOUR, "size": 8},
        "hovertemplate": "%{x} records: F1 %{y:.1f}<extra></extra>",
    }
    fitted = {
        "type": "scatter",
        "mode": "lines",
        "x": records,
        "y": [point[1] for point in band],
        "line": {"color": _COLOUR, "width": 2},
        "hovertemplate": "%{x:.0f} records: about F1 %{y:.1f}<extra></extra>",
    }
    lower = {**edge, "y": [point[2] for point in band]}
    upper = {**edge, "y": [point[3] for point in band], "fill": "tonexty", "fillcolor": _FILL}
    wanted = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": goal, "y1": goal}
    note = {"xref": "paper", "x": 1, "y": goal, "text": f"F1 {goal:g}", "xanchor": "right", "yanchor": "bottom"}
    return {
        "data": [lower, upper, fitted, measured],
        "layout": {
            "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
            "xaxis": {"title": {"text": "labelled records"}, "range": [0, most * 1.05]},
            "yaxis": {"title": {"text": "F1 (%)"}},
            "shapes": [{**wanted, "line": {"color": "text", "width": 1, "dash": "dot"}}],
            "annotations": [{**note, "showarrow": False}],
        },
        "description": f"{title}: {len(trials)} trainings",
    }
