"""The pages that the person of this session may open, and what the others are told."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from workbench.pages.who import user
from workbench.services import access, roles
from workbench.services.access import HOME, PAGES
from workbench.services.roles import OF_PAGES, Act, Forbidden


def shown_to() -> str | None:
    """The person for whom the page of this thread is made; None where it makes none."""
    return None if get_script_run_ctx(suppress_warning=True) is None else user()


def may(*acts: Act) -> bool:
    """Whether the person of this session may do one of the acts."""
    return roles.may(access.database(), *acts)


def navigation() -> None:
    """Show the page of the address. One that the person may not open is in no menu, and says so at its address."""
    pages = []
    for name, title in PAGES.items():
        home = name == HOME
        if may(*OF_PAGES[name]):
            pages.append(st.Page(f"pages/{name}.py", title=title, default=home))
        else:
            refusal = _refusing(OF_PAGES[name][0])
            pages.append(st.Page(refusal, title=title, default=home, url_path=name, visibility="hidden"))
    try:
        st.navigation(pages, position="top").run()
    except Forbidden as forbidden:
        st.error(str(forbidden))


def _refusing(act: Act) -> Callable[[], None]:
    return lambda: roles.check(access.database(), user(), act)
