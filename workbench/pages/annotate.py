"""Annotate: the queue of a department's records, and the text to label."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components.plain import plain
from workbench.components.queue_list import queue_list
from workbench.pages.order import pick_order
from workbench.pages.shared import annotate, asked_id, opened_record, pick_department
from workbench.pages.who import user
from workbench.services import access, ordering, overview, queueing, sharing
from workbench.services.queueing import ANY_CONFIDENCE, STATES, QueueItem, Wanted

DATABASE = access.database()
SETS = {False: "To label", True: "Evaluation"}
ALL = "all"
LIST_LENGTH = 200  # records shown around the current one


def show() -> None:
    standings = overview.standings(DATABASE)
    if not standings:
        st.title("Annotate")
        st.write("Records that you import appear here, one after the other, to be labelled.")
        if st.button("Import records", type="primary"):
            st.switch_page("pages/data.py")
        return
    left, centre = st.columns([18, 82], gap="medium")
    with left:
        department = pick_department(standings)
        evaluation = _pick_set()
        items = queueing.queue(DATABASE, department.department_id, user(), evaluation, opened=_opened())
        shown = _pick(department.department_id, evaluation, items)
        ranking = ordering.ranking(DATABASE, department.department_id)
        order = pick_order(ranking, items, evaluation)
        arranged = ordering.arranged(shown, order, ranking, user())
        shown = arranged.items
        current = _current(items, shown)
        _queue(shown, current)
    with centre:
        if current is None:
            _empty(items, evaluation)
        else:
            st.caption(plain(ordering.reason(DATABASE, ranking, arranged, current)))
            annotate(shown, current, "record", {} if order == ordering.GIVEN else ranking.alike)


def _pick_set() -> bool:
    """Whether the evaluation set is shown; the choice is kept from page to page."""
    evaluation = st.segmented_control(
        "Records",
        list(SETS),
        default=st.session_state.get("evaluation", st.query_params.get("set") == "evaluation"),
        format_func=SETS.__getitem__,
        required=True,
        label_visibility="collapsed",
        width="stretch",
    )
    st.session_state["evaluation"] = bool(evaluation)
    return bool(evaluation)


def _pick(department_id: int, evaluation: bool, items: Sequence[QueueItem]) -> list[QueueItem]:
    """The records that fulfil the conditions, and always the one that is open: it must not vanish when submitted."""
    words = st.text_input("Search", key="queue-words", placeholder="Search text", label_visibility="collapsed")
    wanted = _conditions(department_id, words)
    found = list(items)
    if wanted != Wanted():
        found = queueing.queue(DATABASE, department_id, user(), evaluation, wanted)
    counts = {state: sum(item.status == state for item in found) for state in STATES} | {ALL: len(found)}
    # Set anew, else the browser shows the count of before.
    st.session_state["queue-state"] = st.session_state.get("queue-state", ALL)
    state = st.selectbox(
        "State",
        (ALL, *STATES),
        format_func=lambda name: f"{name} ({counts[name]:,})",
        key="queue-state",
        label_visibility="collapsed",
    )
    ids = {item.record_id for item in found if state in (ALL, item.status)}
    opened = st.session_state.get("record")
    if wanted.authors:  # what others have begun as well
        items = [*found, *(item for item in items if item not in found)]
    return [item for item in items if item.record_id in ids or item.record_id == opened]


def _conditions(department_id: int, words: str) -> Wanted:
    keys = ("queue-labels", "queue-authors", "queue-confidence")
    labels, authors, confidence = (st.session_state.get(key) for key in keys)
    wanted = Wanted(words, tuple(labels or ()), tuple(authors or ()), tuple(confidence or ANY_CONFIDENCE))
    with st.popover(f"Filters ({wanted.conditions})" if wanted.conditions else "Filters", width="stretch"):
        st.multiselect("Labelled or suggested with", queueing.label_names(DATABASE, department_id), key=keys[0])
        st.multiselect("Begun by", queueing.authors(DATABASE, department_id), key=keys[1])
        st.slider("Confidence of a suggestion", *ANY_CONFIDENCE, ANY_CONFIDENCE, step=0.05, key=keys[2])
    return wanted


def _opened() -> int | None:
    """The record that was opened last, in this session or by the page's address."""
    opened: int | None = st.session_state.get("record")
    return opened or asked_id("record")


def _current(items: Sequence[QueueItem], shown: Sequence[QueueItem]) -> int | None:
    """The record that is open: the last one opened, also after a reload, else the first that is not done."""
    current = opened_record("record", {item.record_id for item in items})
    if current is None:
        open_ids = [item.record_id for item in shown if item.status in ("pending", "draft")]
        current = sharing.next_record(DATABASE, user(), open_ids) or next((item.record_id for item in shown), None)
    if current is not None:
        st.session_state["record"] = current
        st.query_params.update(
            {
                "set": "evaluation" if st.session_state["evaluation"] else "labelling",
                "order": str(st.session_state["order"]),
                "record": str(current),
            }
        )
    return current


def _queue(shown: Sequence[QueueItem], current: int | None) -> None:
    at = next((i for i, item in enumerate(shown) if item.record_id == current), 0)
    first = max(0, min(at - LIST_LENGTH // 2, len(shown) - LIST_LENGTH))
    part = shown[first : first + LIST_LENGTH]
    items = [
        {"id": item.record_id, "name": item.external_id, "status": item.status, "preview": item.preview}
        for item in part
    ]
    queue_list(items, current, key="queue", on_open=_open_clicked)
    if len(part) < len(shown):
        st.caption(f"{first + 1:,} to {first + len(part):,} of {len(shown):,}")


def _open_clicked() -> None:
    st.session_state["record"] = st.session_state["queue"].open


def _empty(items: Sequence[QueueItem], evaluation: bool) -> None:
    if items:
        st.info("No record fulfils these conditions.")
    elif evaluation:
        st.info("This department has no evaluation set: none of its records was imported as dev or test.")
    else:
        st.info("All records of this department belong to its evaluation set.")


show()
