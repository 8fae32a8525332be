"""The head of the page Labels: which label set, and sets made, copied and given another name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from workbench.components.plain import plain
from workbench.pages.shared import attempt, show_said
from workbench.pages.who import user
from workbench.services import access, label_sets
from workbench.services.label_sets import GuidedSet

CHOICE, NEXT = "label-set", "next-label-set"
WIDE = 420  # pixels


def pick(found: Sequence[GuidedSet]) -> GuidedSet | None:
    """The chosen label set; None while there is none."""
    by_id = {one.label_set_id: one for one in found}
    if (made := st.session_state.pop(NEXT, None)) in by_id:
        st.session_state[CHOICE] = made
    left, *popovers = st.columns([5, 1.2, 1.2, 1.2], vertical_alignment="bottom")
    # A popover with another key is another one, and closed.
    with popovers[0].popover("New set", width="stretch", key=f"new-{len(by_id)}"):
        _new()
    if not by_id:
        return None
    chosen = by_id[left.selectbox("Label set", list(by_id), format_func=lambda key: by_id[key].name, key=CHOICE)]
    with popovers[1].popover("Copy", width="stretch", key=f"copy-{len(by_id)}"):
        _named("Name of the copy", f"{chosen.name}, copy", "Copy label set", lambda name: _copy(chosen, name))
    with popovers[2].popover("Rename", width="stretch", key=f"rename-{chosen.name}"):
        _named("New name", chosen.name, "Rename label set", lambda name: _rename(chosen, name))
    show_said("label sets")
    users = ", ".join(chosen.departments.values())
    st.caption(f"Used by {plain(users) or 'no department yet: choose it at an import'}.")
    return chosen


def _new() -> None:
    with st.form("new-label-set", border=False):
        name = st.text_input("Name of the label set", width=WIDE)
        given = st.text_input("Its labels, with commas between", placeholder="Problem, Test, Treatment", width=WIDE)
        if st.form_submit_button("Create label set"):
            names = [part.strip() for part in given.split(",") if part.strip()]
            act = lambda: _go_to(label_sets.create_set(access.database(), name.strip(), names, user()))  # noqa: E731
            attempt(act, "label sets", f"{name.strip()} made. A department takes it when its records are imported.")


def _named(label: str, value: str, button: str, act: Callable[[str], None]) -> None:
    with st.form(button, border=False):
        name = st.text_input(label, value, width=WIDE).strip()
        if st.form_submit_button(button):
            attempt(lambda: act(name), "label sets", f"{name} saved.")


def _copy(chosen: GuidedSet, name: str) -> None:
    _go_to(label_sets.copy_set(access.database(), chosen.label_set_id, name, user()))


def _rename(chosen: GuidedSet, name: str) -> None:
    label_sets.rename_set(access.database(), chosen.label_set_id, name, user())


def _go_to(label_set_id: int) -> None:
    st.session_state[NEXT] = label_set_id  # the box cannot be set once it was shown
