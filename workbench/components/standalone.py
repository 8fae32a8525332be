"""A chart as one HTML file that needs nothing else."""

from __future__ import annotations

from typing import Any


def standalone(figure: dict[str, Any]) -> str:
    """HTML with the figure and plotly.js in it; some megabytes."""
    import plotly.io

    html: str = plotly.io.to_html({key: figure[key] for key in ("data", "layout")}, include_plotlyjs=True)
    return html
