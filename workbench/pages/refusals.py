"""What a page says in place of its content where somebody may not see it, or where nothing goes at the moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import streamlit as st

from workbench.components.plain import plain
from workbench.services.access import Unavailable
from workbench.services.roles import Forbidden

AGAIN_SECONDS = 5.0


@contextmanager
def in_words() -> Iterator[None]:
    """Around a page; as a decorator around a fragment, whose reruns do not pass through the page."""
    try:
        yield
    except Forbidden as forbidden:
        st.error(plain(forbidden))
    except Unavailable as away:
        st.error(plain(f"The workbench cannot go on: {away}. This page tries again by itself."))
        _try_again()


def _try_again() -> None:
    looks = count()

    @st.fragment(run_every=AGAIN_SECONDS)
    def again() -> None:
        if next(looks):  # the first one is this very run
            st.rerun()

    again()
