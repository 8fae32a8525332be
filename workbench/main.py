"""The frame of all pages: title, navigation, shared style."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.pages.permitted import navigation, shown_to
from workbench.pages.refusals import in_words
from workbench.pages.who import pick_user
from workbench.services import access

COMPONENTS = Path(__file__).parent / "components"

st.set_page_config(
    page_title="La-DTL workbench",
    page_icon=str(COMPONENTS / "icon.png"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
st.html(COMPONENTS / "style.css")
access.pages_are_for(shown_to)
with in_words():
    pick_user()
    navigation()
