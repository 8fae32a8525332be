"""Who is labelling: the person of this browser session, chosen in the sidebar."""

from __future__ import annotations

import streamlit as st

from ladtl_core.errors import DataError
from workbench.components.plain import plain
from workbench.services import access, people
from workbench.services.access import LOCAL_USER

PERSON, CHOICE = "person", "labelling-as"  # in the session state: who it is, and the state of the select box
ADDRESS = "as"  # in the page's address, so that a reload keeps the person


def user() -> str:
    """The person of this session, the local user if nobody was chosen; a login would be asked here."""
    return str(st.session_state.get(PERSON, LOCAL_USER))


def as_whom() -> str:
    """A note of who labels, to be shown beside the record; the local user alone needs none."""
    return "" if user() == LOCAL_USER else f" · as {user()}"


def pick_user() -> None:
    """The choice in the sidebar, on every page."""
    names = people.names(access.database())
    if st.session_state.get(PERSON) not in names:
        asked = st.query_params.get(ADDRESS)
        st.session_state[PERSON] = asked if asked in names else LOCAL_USER
    st.session_state[CHOICE] = user()
    with st.sidebar:
        st.selectbox("Labelling as", names, key=CHOICE, on_change=lambda: _switch(st.session_state[CHOICE]))
        st.text_input("Add a person", key="new-person", placeholder="Name, then Enter", on_change=_add)
        if refused := st.session_state.pop("person-refused", None):
            st.error(plain(refused))
    if user() != LOCAL_USER:
        st.query_params[ADDRESS] = user()
    else:
        st.query_params.pop(ADDRESS, None)


def _add() -> None:
    try:
        name = people.add(access.database(), st.session_state["new-person"])
    except DataError as error:
        st.session_state["person-refused"] = str(error)
        return
    st.session_state["new-person"] = ""
    _switch(name)


def _switch(name: str) -> None:
    """What the person before had open is not the next one's to label."""
    st.session_state[PERSON] = name
    st.session_state.pop("record", None)
    st.query_params.pop("record", None)
