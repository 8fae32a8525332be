"""The frame of all pages: title, navigation, shared style."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.pages.who import pick_user
from workbench.services.access import HOME, PAGES

COMPONENTS = Path(__file__).parent / "components"

st.set_page_config(
    page_title="La-DTL workbench",
    page_icon=str(COMPONENTS / "icon.png"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
st.html(COMPONENTS / "style.css")
pick_user()
pages = [st.Page(f"pages/{name}.py", title=title, default=name == HOME) for name, title in PAGES.items()]
st.navigation(pages, position="top").run()
