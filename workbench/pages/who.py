"""Who is labelling: the person who signed in, or without accounts the one chosen in the sidebar."""

from __future__ import annotations

import time
from typing import NoReturn
from urllib.parse import urlsplit

import streamlit as st

from ladtl_core.errors import DataError
from workbench.components.plain import plain
from workbench.services import access, logins, people, roles, sign_in, tokens
from workbench.services.access import LOCAL_USER, Unavailable

PERSON, CHOICE = "person", "labelling-as"  # in the session state: who it is, and the state of the select box
ADDRESS = "as"  # in the page's address, so that a reload keeps the person


def user() -> str:
    """The person of this session; without accounts the local user if nobody was chosen."""
    return str(st.session_state.get(PERSON, LOCAL_USER))


def token() -> str:
    """What lets the browser save as the person; it does not outlast the sign-in."""
    session = logins.session_of(st.user.to_dict())
    if session is None:
        return tokens.issue(user())
    return tokens.issue(user(), lifetime=min(tokens.LIFETIME_SECONDS, session.ends - time.time()), session=session.key)


def as_whom() -> str:
    """A note of who labels, to be shown beside the record; the local user alone needs none."""
    return "" if user() == LOCAL_USER else f" · as {user()}"


def pick_user() -> None:
    """Find out who it is, on every page: with accounts nothing else is shown until somebody signed in."""
    if sign_in.settings():
        _sign_in()
    else:
        _choose()


def _sign_in() -> None:
    claims = st.user.to_dict()
    if not claims.get("is_logged_in"):
        _ask_to_sign_in()
    try:
        name = logins.account_of(access.database(), claims)
    except DataError as error:
        _ask_to_sign_in(str(error))
    if refused := logins.refusal(access.database(), claims):
        _ask_to_sign_in(refused)
    roles.claimed(access.database(), name, logins.claimed_role(claims))
    st.session_state[PERSON] = name
    with st.sidebar:
        st.text(f"Signed in as {name}")
        if st.button("Sign out"):
            st.logout()


def _ask_to_sign_in(refused: str = "") -> NoReturn:
    st.title("La-DTL workbench", anchor=False)
    if refused:
        st.warning(plain(refused))
    if urlsplit(str(st.context.url)).path.strip("/"):
        st.caption("Labels that this page could not save are kept in this tab, and are saved once you are signed in.")
    if st.button("Sign in", type="primary"):
        st.login()
    st.stop()


def _choose() -> None:
    """The choice in the sidebar."""
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
    except (DataError, Unavailable) as error:
        st.session_state["person-refused"] = str(error)
        return
    st.session_state["new-person"] = ""
    _switch(name)


def _switch(name: str) -> None:
    """What the person before had open is not the next one's to label."""
    st.session_state[PERSON] = name
    st.session_state.pop("record", None)
    st.query_params.pop("record", None)
