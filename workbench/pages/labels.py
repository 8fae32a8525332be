"""Labels: what each label set allows, and the guidelines that `h` shows while labelling."""

from __future__ import annotations

import streamlit as st

from workbench.services import access, label_sets
from workbench.services.label_sets import GuidedSet

DATABASE = access.database()
OVERLAPS_HELP = (
    "A new span then leaves the spans that it overlaps. JSON lines keeps them all; CoNLL and training have one label a "
    "token and take the longest."
)


def show() -> None:
    st.title("Labels")
    found = label_sets.label_sets(DATABASE)
    if not found:
        st.write("A label set comes with the first department that you import.")
        if st.button("Import records", type="primary"):
            st.switch_page("pages/data.py")
        return
    by_id = {one.label_set_id: one for one in found}
    chosen = by_id[st.selectbox("Label set", list(by_id), format_func=lambda key: by_id[key].name)]
    st.caption(f"Used by {', '.join(chosen.departments) or 'no department'}.")
    _overlaps(chosen)
    _guidelines(chosen)


def _overlaps(chosen: GuidedSet) -> None:
    key = f"overlaps-{chosen.label_set_id}"
    allowed = st.toggle("Spans may overlap and lie in each other", chosen.overlaps, key=key, help=OVERLAPS_HELP)
    if allowed != chosen.overlaps:
        label_sets.allow_overlaps(DATABASE, chosen.label_set_id, allowed, access.LOCAL_USER)
        st.rerun()


def _guidelines(chosen: GuidedSet) -> None:
    st.subheader("Guidelines", anchor=False)
    with st.form(f"guidelines-{chosen.label_set_id}", border=False):
        whole = st.text_area("For all labels (Markdown)", chosen.guideline, height=140)
        of_labels = {
            label.label_id: st.text_area(label.name, label.guideline, height=80, key=f"guideline-{label.label_id}")
            for label in chosen.labels
        }
        if st.form_submit_button("Save guidelines", type="primary"):
            label_sets.write_guidelines(DATABASE, chosen.label_set_id, whole, of_labels, access.LOCAL_USER)
            st.success("Guidelines saved.")


show()
