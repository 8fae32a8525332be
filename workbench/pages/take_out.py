"""Buttons that give out what a part of a page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench.components.standalone import standalone
from workbench.services.tables import as_csv


def take_out(rows: Sequence[Mapping[str, Any]], name: str, figure: dict[str, Any] | None = None) -> None:
    """The table as CSV and, where there is one, the figure as HTML; `name` is that of the files."""
    said = name.capitalize()
    with st.container(horizontal=True):
        st.download_button(f"{said} as CSV", lambda: as_csv(rows), f"{name}.csv", "text/csv", on_click="ignore")
        if figure is not None:
            st.download_button(
                f"{said} as HTML",
                lambda: standalone(figure),
                f"{name}.html",
                "text/html",
                on_click="ignore",
                help="One file with the chart and all that it needs; opens anywhere without a network.",
            )
