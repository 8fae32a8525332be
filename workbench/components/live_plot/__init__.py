"""A Plotly chart that is updated in place: no flicker, the zoom stays, and plotly.js comes from the app itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

PLOTLY_URL = "/assets/plotly.min.js"
_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "live_plot",
    html='<div class="live-plot" role="figure"></div>',
    css=(_HERE / "live_plot.css").read_text(encoding="utf-8"),
    js=(_HERE / "live_plot.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def live_plot(
    figure: dict[str, Any], *, key: str, height: int = 260, on_click: Callable[[], None] | None = None
) -> None:
    """Show a figure as plain data: `{"data": [traces], "layout": {...}, "description": str}`; `height` in pixels.

    A trace colour that names a theme colour (`"text"`, `"primary"`) follows light and dark. `on_click` runs before the
    script does; it finds the point as `st.session_state[key].clicked`: {x, y, name (of its trace), of (its
    `customdata`, or None)}.
    """
    data = {"figure": figure, "height": height, "source": PLOTLY_URL, "clickable": on_click is not None}
    _component(key=key, data=data, height=height, on_clicked_change=on_click or (lambda: None))
