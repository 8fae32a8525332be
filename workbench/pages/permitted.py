"""The pages that the person of this session may open, and what the others are told."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from workbench.pages.who import user
from workbench.services import access, roles
from workbench.services.access import HOME, PAGES
from workbench.services.roles import OF_PAGES, Act


def shown_to() -> str | None:
    """The person for whom the page of this thread is made; None where it makes none."""
    return None if get_script_run_ctx(suppress_warning=True) is None else user()


def may(*acts: Act) -> bool:
    """Whether the person of this session may do one of the acts."""
    return roles.may(access.database(), *acts)


def navigation() -> None:
    """Show the page of the address. One that the person may not open is in no menu. Raises Forbidden at its address."""
    shown = {name for name in PAGES if may(*OF_PAGES[name])}
    pages = [
        st.Page(
            f"pages/{name}.py", title=title, default=name == HOME, visibility="visible" if name in shown else "hidden"
        )
        for name, title in PAGES.items()
    ]
    page = st.navigation(pages, position="top")
    name = page.url_path or HOME
    if name not in shown:
        roles.check(access.database(), user(), OF_PAGES[name][0])
    page.run()
