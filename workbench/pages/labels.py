"""Labels: those of each set and what it allows, the guidelines that `h` shows while labelling, words to suggest."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ladtl_core.errors import LadtlError
from workbench.components.palette import PALETTE, swatches
from workbench.components.plain import plain
from workbench.pages import label_mapping, label_set_choice
from workbench.pages.shared import attempt, show_guidelines, show_said
from workbench.pages.who import user
from workbench.services import access, label_sets, suggesting
from workbench.services.label_sets import GuidedSet, Standing
from workbench.services.suggesting import Trial

DATABASE = access.database()
KINDS = {"term": "words", "pattern": "regular expression", "propagated": "from a record"}
SHOWN_PLACES = 50  # hits and misses of a rule, each; spans of a retired label
SHOWN_RECORDS = 3
OVERLAPS_HELP = (
    "A new span then leaves the spans that it overlaps. JSON lines keeps them all; CoNLL and training have one label a "
    "token and take the longest."
)


def show() -> None:
    st.title("Labels")
    found = label_sets.label_sets(DATABASE)
    if not found:
        st.write("A label set comes with the first department that you import, or make one before.")
        if st.button("Import records", type="primary"):
            st.switch_page("pages/data.py")
    chosen = label_set_choice.pick(found)
    if chosen is None:
        return
    _labels(chosen)
    _overlaps(chosen)
    _guidelines(chosen)
    if chosen.departments:
        _rules(chosen)
    label_mapping.show(chosen, [one for one in found if one is not chosen])


def _labels(chosen: GuidedSet) -> None:
    """The labels as they stand, and what can be done with one of them."""
    found = {label.label_id: label for label in label_sets.standings(DATABASE, chosen.label_set_id)}
    st.dataframe(
        [
            {
                "label": label.name,
                "key": label.key or "",
                "colour": label.colour % len(PALETTE) + 1,
                "spans": label.spans,
                "state": "retired" if label.retired else "in use",
                "also known as": ", ".join(label.former_names),
            }
            for label in found.values()
        ],
        hide_index=True,
    )
    show_said("labels")
    with st.form("add-label", clear_on_submit=True, border=False):
        field, button, _ = st.columns([3, 1, 4], vertical_alignment="bottom")
        name = field.text_input("New label")
        if button.form_submit_button("Create label"):
            _do(f"{name} added.", lambda: label_sets.add_label(DATABASE, chosen.label_set_id, name, user()))
    if found:
        left, _ = st.columns([1, 2])
        key = f"label-{chosen.label_set_id}"
        label_id = left.selectbox("Change a label", list(found), format_func=lambda one: found[one].name, key=key)
        _change(found[label_id])
        _merge(found[label_id], {one.label_id: one.name for one in found.values() if not one.retired})


def _change(label: Standing) -> None:
    number = label.label_id
    if label.retired:
        st.info(f"{plain(label.name)} is retired: it takes no new spans. Those that have it, {label.spans:,}, stay.")
        rows = label_sets.places(DATABASE, number, SHOWN_PLACES)
        if rows:
            names = ("department", "record", "labelled by", "words")
            st.dataframe([dict(zip(names, row, strict=True)) for row in rows], hide_index=True)
        if st.button(f"Bring {plain(label.name)} back"):
            _do(
                f"{label.name} takes new spans again.",
                lambda: label_sets.bring_back_label(DATABASE, number, user()),
            )
        return
    with st.form(f"change-{number}", border=False):
        fields = st.columns([3, 1, 5, 1.2], vertical_alignment="bottom")
        name = fields[0].text_input("Name", label.name, help="Suggestions and files with the old name still mean it.")
        keys = [None, *label_sets.KEYS]
        key = fields[1].selectbox("Key", keys, keys.index(label.key), format_func=lambda one: one or "none")
        # Its buttons have the palette's colours, see `swatches`.
        colour = fields[2].segmented_control(
            "Colour",
            range(len(PALETTE)),
            default=label.colour % len(PALETTE),
            format_func=lambda index: str(index + 1),
            required=True,
            key=f"swatches-{number}",
        )
        if fields[3].form_submit_button("Save label"):
            _do(
                f"{name} saved.",
                lambda: label_sets.change_label(DATABASE, number, name, int(colour), key, user()),
            )
    st.html(f"<style>{swatches('[class*=st-key-swatches-]')}</style>")
    if st.button(
        f"Retire {plain(label.name)}", help="Its spans stay and it can be brought back; it takes no new spans."
    ):
        _do(f"{label.name} retired.", lambda: label_sets.retire_label(DATABASE, number, user()))


def _merge(label: Standing, targets: dict[int, str]) -> None:
    others = [target for target in targets if target != label.label_id]
    if not others:
        return
    with st.popover(f"Merge {plain(label.name)} into another"):
        target = st.selectbox("Merge into", others, format_func=targets.__getitem__, key=f"into-{label.label_id}")
        st.write(
            f"{label.spans:,} spans of {plain(label.name)} become {plain(targets[target])}, with its rules and "
            "decisions. Two in the same place become one. Each record's history keeps them as they were; the merge "
            "itself cannot be undone."
        )
        if st.button(f"Merge {plain(label.name)} into {plain(targets[target])}"):
            _do(
                f"{label.name} merged into {targets[target]}.",
                lambda: label_sets.merge_labels(DATABASE, label.label_id, target, user()),
            )


def _do(said: str, act: Callable[[], object]) -> None:
    attempt(act, "labels", said)


def _overlaps(chosen: GuidedSet) -> None:
    key = f"overlaps-{chosen.label_set_id}"
    allowed = st.toggle("Spans may overlap and lie in each other", chosen.overlaps, key=key, help=OVERLAPS_HELP)
    if allowed != chosen.overlaps:
        label_sets.allow_overlaps(DATABASE, chosen.label_set_id, allowed, user())
        st.rerun()


def _guidelines(chosen: GuidedSet) -> None:
    st.subheader("Guidelines", anchor=False)
    with st.form(f"guidelines-{chosen.label_set_id}", border=False):
        whole = st.text_area("For all labels (Markdown)", chosen.guideline, height=140)
        of_labels = {
            label.label_id: st.text_area(
                plain(label.name), label.guideline, height=80, key=f"guideline-{label.label_id}"
            )
            for label in chosen.labels
        }
        if st.form_submit_button("Save guidelines", type="primary"):
            label_sets.write_guidelines(DATABASE, chosen.label_set_id, whole, of_labels, user())
            st.success("Guidelines saved.")
    with st.expander("As they are shown while labelling, with examples from submitted records"):
        show_guidelines(label_sets.by_id(DATABASE, chosen.label_set_id))  # as they are now


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
        if remove.button("Remove", key=f"remove-{rule['id']}", help=f"{plain(rule['text'])} is suggested no more."):
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
    if trial.slow:
        some = ", ".join(trial.slow[:SHOWN_RECORDS]) + (" …" if len(trial.slow) > SHOWN_RECORDS else "")
        count = f"{len(trial.slow):,} record{'' if len(trial.slow) == 1 else 's'}"
        st.warning(f"Not applied to {count}, since it takes too long: {plain(some)}")
    with st.expander(f"{len(hits):,} labelled {plain(label)}, {len(misses):,} not"):
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
        suggesting.add_rule(DATABASE, department_id, kind, text, label, user())
    except LadtlError as error:
        st.error(plain(error))
    else:
        st.rerun()


show()
