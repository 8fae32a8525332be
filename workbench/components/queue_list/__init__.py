"""The list of records to label, each with its state; a click opens a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from workbench.components.turning import signed

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "queue_list",
    html='<ol class="queue" aria-label="Records"></ol>',
    css=(_HERE / "queue_list.css").read_text(encoding="utf-8"),
    js=(_HERE / "queue_list.js").read_text(encoding="utf-8"),
)


def queue_list(
    items: Sequence[dict[str, Any]], current: int | None, *, key: str, on_open: Callable[[], None] | None = None
) -> int | None:
    """Show items {id, name, status, preview}; returns the id of the record that was clicked in this rerun, if any.

    `on_open` runs before the script does; it finds the id as `st.session_state[key].open`.
    """
    readable = [{**item, "name": signed(item["name"]), "preview": signed(item["preview"])} for item in items]
    data = {"items": readable, "current": current}
    opened: int | None = _component(key=key, data=data, on_open_change=on_open or (lambda: None)).open
    return opened
