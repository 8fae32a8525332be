"""A chart as one HTML file that needs nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

# Plotly takes some HTML in texts, links too; names keep none of it but what our own texts have.
_TAGS = re.compile(r"<(?!\\?/?(?:br|b|i|sub|sup|extra)>)")
# What the colours of the theme are on the white page of a file.
_THEME = {"text": "#182126", "primary": "#0b6b6f"}


def standalone(figure: dict[str, Any]) -> str:
    """HTML with the figure and plotly.js in it; some megabytes."""
    import plotly.io

    given = _TAGS.sub("&lt;", json.dumps({key: figure[key] for key in ("data", "layout")}))
    html: str = plotly.io.to_html(json.loads(given, object_hook=_without_theme), include_plotlyjs=True)
    return html


def _without_theme(part: dict[str, Any]) -> dict[str, Any]:
    named = part.get("color")
    return part | {"color": _THEME[named]} if isinstance(named, str) and named in _THEME else part
