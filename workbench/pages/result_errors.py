"""The errors of a run, as a part of the page Results."""

from __future__ import annotations

import streamlit as st

from workbench.components.plain import plain
from workbench.services import access, mistakes, review
from workbench.services.mistakes import Mistake
from workbench.services.results import Result


def show(result: Result, other: Result | None) -> None:
    """What the model got wrong on dev, by kind, labels, length and whether its words were seen in training."""
    found = mistakes.of_result(access.database(), result, other)
    if not found:
        st.info("No error on the dev records of this run, or none of them was labelled.")
        return
    names = ("error", "gold", "predicted", "mentions", "seen in training")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.dataframe([dict(zip(names, row, strict=True)) for row in mistakes.confused(found)], hide_index=True)
    with right:
        shown = _chosen(found, other)
    _list(shown, len(found), other)


def _chosen(found: list[Mistake], other: Result | None) -> list[Mistake]:
    """The errors that fulfil the conditions."""
    kinds = st.pills("Kind", review.KINDS[1:], selection_mode="multi")
    labels = st.multiselect(
        "Gold or predicted label", sorted({n for one in found for n in (one.gold, one.predicted) if n})
    )
    longest = max(one.tokens for one in found)
    low, high = st.slider("Words", 1, max(longest, 2), (1, max(longest, 2)))
    seen = st.segmented_control("Words of the mention in training", ["seen", "unseen"])
    better = other is not None and st.checkbox(f"Only where v{other.version} {plain(other.method)} is right")
    return [
        one
        for one in found
        if (not kinds or one.kind in kinds)
        and (not labels or one.gold in labels or one.predicted in labels)
        and low <= one.tokens <= high
        and (seen is None or one.seen == (seen == "seen"))
        and (not better or one.other == "correct")
    ]


def _list(shown: list[Mistake], count: int, other: Result | None) -> None:
    st.caption(f"{len(shown):,} of {count:,} errors; choose one to see its record.")
    rows = [
        {
            "record": one.record,
            "error": one.kind,
            "gold": one.gold,
            "predicted": one.predicted,
            "before": one.before,
            "words": one.words,
            "after": one.after,
            "seen": one.seen,
            **({f"v{other.version}": one.other} if other else {}),
        }
        for one in shown
    ]
    event = st.dataframe(rows, hide_index=True, on_select="rerun", selection_mode="single-row", height=360)
    for index in event.selection.rows[:1]:
        if st.button(f"Open {plain(shown[index].record)} in Review", type="primary"):
            st.session_state["dev-record"] = shown[index].record_id
            st.switch_page("pages/review.py")
