"""Annotate: the queue of a department's records, and the text to label."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components.queue_list import queue_list
from workbench.pages.shared import annotate, pick_department
from workbench.services import access, labelling, overview
from workbench.services.labelling import QueueItem

DATABASE = access.database()
SETS = {False: "To label", True: "Evaluation set"}
STATES = ("all", "pending", "draft", "submitted", "skipped")
LIST_LENGTH = 200  # records shown around the current one


def show() -> None:
    standings = overview.standings(DATABASE)
    if not standings:
        st.title("Annotate")
        st.write("Records that you import appear here, one after the other, to be labelled.")
        if st.button("Import records", type="primary"):
            st.switch_page("pages/data.py")
        return
    if st.query_params.get("department", "").isdecimal():
        st.session_state.setdefault("department", int(st.query_params["department"]))  # after a reload
    left, centre = st.columns([18, 82], gap="medium")
    with left:
        department = pick_department(standings)
        evaluation = _pick_set()
        items = labelling.queue(DATABASE, department.department_id, access.LOCAL_USER, evaluation)
        shown = _pick_state(items)
        current = _current(items, shown)
        _queue(shown, current)
    with centre:
        if current is None:
            _empty(items, evaluation)
        else:
            annotate(items, current, "record")


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


def _pick_state(items: Sequence[QueueItem]) -> list[QueueItem]:
    """The records in the chosen state, and always the one that is open: it must not vanish when it is submitted."""
    counts = {state: sum(item.status == state for item in items) for state in STATES} | {"all": len(items)}
    state = st.selectbox(
        "State", STATES, format_func=lambda s: f"{s} ({counts[s]:,})", key="queue-state", label_visibility="collapsed"
    )
    opened = st.session_state.get("record")
    return [item for item in items if state in ("all", item.status) or item.record_id == opened]


def _current(items: Sequence[QueueItem], shown: Sequence[QueueItem]) -> int | None:
    """The record that is open: the last one opened, also after a reload, else the first that is not done."""
    ids = {item.record_id for item in items}
    wanted = st.session_state.get("record") or st.query_params.get("record", "")
    current = int(wanted) if str(wanted).isdecimal() and int(wanted) in ids else None
    if current is None:
        open_items = [item for item in shown if item.status in ("pending", "draft")]
        current = next((item.record_id for item in [*open_items, *shown]), None)
    if current is not None:
        st.session_state["record"] = current
        st.query_params.from_dict(
            {
                "department": str(st.session_state["department"]),
                "set": "evaluation" if st.session_state["evaluation"] else "labelling",
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
        st.info("No record is in this state.")
    elif evaluation:
        st.info("This department has no evaluation set: none of its records was imported as dev or test.")
    else:
        st.info("All records of this department belong to its evaluation set.")


show()
