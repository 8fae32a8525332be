"""Labels: what each label set allows, the guidelines that `h` shows while labelling, words that are suggested."""

from __future__ import annotations

import streamlit as st

from ladtl_core.errors import DataError
from workbench.services import access, label_sets, suggesting
from workbench.services.label_sets import GuidedSet
from workbench.services.suggesting import Trial

DATABASE = access.database()
KINDS = {"term": "words", "pattern": "regular expression", "propagated": "from a record"}
SHOWN_PLACES = 50  # hits and misses of a rule, each
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
    st.caption(f"Used by {', '.join(chosen.departments.values()) or 'no department'}.")
    _overlaps(chosen)
    _guidelines(chosen)
    if chosen.departments:
        _rules(chosen)


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


def _rules(chosen: GuidedSet) -> None:
    st.subheader("Words that are suggested", anchor=False)
    left, _ = st.columns([1, 2])
    department_id = left.selectbox("Department", list(chosen.departments), format_func=chosen.departments.__getitem__)
    found = suggesting.rules_of(DATABASE, department_id)
    tried = st.button("Try them on the labelled records") if found else False
    trials = suggesting.try_rules(DATABASE, department_id) if tried else {}
    for rule in found:
        words, label, kind, remove = st.columns([4, 2, 2, 1], vertical_alignment="center")
        words.text(rule["text"])
        label.text(rule["label"])
        kind.text(KINDS[rule["kind"]])
        if rule["id"] in trials:
            _trial(trials[rule["id"]], rule["label"])
        if remove.button("Remove", key=f"remove-{rule['id']}", help=f"{rule['text']} is suggested no more."):
            suggesting.remove_rule(DATABASE, department_id, rule["id"])
            st.rerun()
    with st.form("rule", clear_on_submit=True, border=False):
        words, label, kind, add = st.columns([4, 2, 2, 1], vertical_alignment="bottom")
        text = words.text_input("Words or regular expression")
        name = label.selectbox("Label", [label.name for label in chosen.labels])
        sort = kind.selectbox("Kind", ["term", "pattern"], format_func=KINDS.__getitem__)
        if add.form_submit_button("Add"):
            _add(department_id, sort, text, name)


def _trial(trial: Trial, label: str) -> None:
    """Hits and misses of one rule, the misses first: they are what to look at."""
    hits, misses = trial.places[True], trial.places[False]
    with st.expander(f"{len(hits):,} labelled {label}, {len(misses):,} not"):
        rows = [
            {"record": record, "before": before, "words": words, "after": after, f"labelled {label}": hit}
            for hit, places in ((False, misses), (True, hits))
            for record, before, words, after in places[:SHOWN_PLACES]
        ]
        if rows:
            st.dataframe(rows, hide_index=True)
        else:
            st.write("No labelled record has these words.")


def _add(department_id: int, kind: str, text: str, label: str) -> None:
    try:
        suggesting.add_rule(DATABASE, department_id, kind, text, label, access.LOCAL_USER)
    except DataError as error:
        st.error(str(error))
    else:
        st.rerun()


show()
