"""The part of the page Labels that says which labels of another set stand for which of the chosen one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components.plain import plain
from workbench.pages.shared import attempt, show_said
from workbench.pages.who import user
from workbench.services import access, label_mapping
from workbench.services.label_sets import GuidedSet

NONE = "none"
HELP = (
    "Used when a department of this set is trained with one of the other as its source. Hidden states and CRFs are "
    "aligned for labels that stand for each other; the others are learned, too, but not aligned."
)


def show(target: GuidedSet, others: Sequence[GuidedSet]) -> None:
    """A form with a row for each label of another label set. Nothing where there is no other."""
    by_id = {other.label_set_id: other for other in others}
    if not by_id:
        return
    st.subheader("Labels of other departments", anchor=False, help=HELP)
    left, _ = st.columns([1, 2])
    key = f"source-{target.label_set_id}"
    source = by_id[left.selectbox("Source", list(by_id), format_func=lambda one: _said(by_id[one]), key=key)]
    found = label_mapping.mapping(access.database(), source.label_set_id, target.label_set_id)
    show_said("mapping")
    if not found.source:
        st.write(f"{plain(source.name)} has no labels yet.")
        return
    st.caption(plain(f"Labels of {source.name}, and which label of {target.name} each stands for in training."))
    options = [None, *found.target]
    with st.form(f"mapping-{source.label_set_id}-{target.label_set_id}", border=False):
        columns = st.columns(4)
        chosen = {
            label_id: columns[index % len(columns)].selectbox(
                plain(name),
                options,
                options.index(found.pairs[label_id]),
                format_func=lambda one: found.target.get(one, NONE),
                key=f"pair-{label_id}-{target.label_set_id}",
            )
            for index, (label_id, name) in enumerate(found.source.items())
        }
        if st.form_submit_button("Save mapping"):
            ids = source.label_set_id, target.label_set_id
            said = f"Training takes labels of {source.name} for those of {target.name} as chosen here."
            attempt(lambda: label_mapping.save(access.database(), *ids, chosen, user()), "mapping", said)


def _said(one: GuidedSet) -> str:
    users = ", ".join(one.departments.values())
    return one.name if users in ("", one.name) else f"{one.name} ({users})"
