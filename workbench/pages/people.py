"""People: how many label a record, who labels which records, and how far they are."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ladtl_core.errors import LadtlError
from workbench.components.plain import plain
from workbench.pages.permitted import may
from workbench.pages.roles_of_people import roles_of_people
from workbench.pages.shared import departments_or_hint, pick_department
from workbench.pages.who import user
from workbench.services import access, people, sharing, statistics
from workbench.services.roles import Act
from workbench.services.statistics import Work

DATABASE = access.database()
SETS = {False: "Records to label", True: "Evaluation set"}
ANYBODY = "anybody"
ORIGINS = {"model": "Model accepted", "rule": "Rules accepted", "propagated": "Propagated accepted"}


def show() -> None:
    st.title("People")
    if message := st.session_state.pop("people-done", None):
        st.success(plain(message))
    standings = departments_or_hint()
    if not standings:
        return
    if not may(Act.REVIEW):
        st.dataframe([{"Person": name} for name in people.names(DATABASE)], hide_index=True)
        return
    department = pick_department(standings)
    left, right = st.columns(2, gap="large")
    with left:
        _overlap(department.department_id)
    with right:
        _assignment(department.department_id)
    _work(department.department_id)
    roles_of_people({standing.department_id: standing.name for standing in standings})


def _overlap(department_id: int) -> None:
    st.subheader("People a record", anchor=False)
    now, share = sharing.setting(DATABASE, department_id)
    with st.form("overlap"):
        wanted = st.number_input("People who label a record", 1, sharing.MOST_PEOPLE, min(now, sharing.MOST_PEOPLE))
        percent = st.slider("in this share of the records, in percent; the others need one", 0, 100, share)
        if st.form_submit_button("Save"):
            sharing.set_people(DATABASE, department_id, int(wanted), percent, user())
            st.session_state["people-done"] = f"People a record: {wanted} in {percent} % of the records."
            st.rerun()
    for evaluation, title in SETS.items():
        found = sharing.progress(DATABASE, department_id, evaluation)
        several = f"{found.shared:,} need {now} people; " if now > 1 else ""
        st.caption(f"{title}: {found.records:,}; {several}{found.done:,} done, submitted by as many as they need.")


def _assignment(department_id: int) -> None:
    st.subheader("Assignment", anchor=False)
    names = people.names(DATABASE)
    loads = sharing.assigned(DATABASE, department_id)
    with st.form("share-out"):
        chosen = st.multiselect("Share the records out among", names)
        evaluation = st.segmented_control("of", list(SETS), format_func=SETS.__getitem__, default=False, required=True)
        if st.form_submit_button("Share out evenly"):
            _do(lambda: sharing.share_out(DATABASE, department_id, chosen, bool(evaluation), user()), "assigned")
    with st.form("reassign"):
        left, right = st.columns(2)
        holder = left.selectbox("Open records of", [*dict.fromkeys([*names, *loads])])
        to = right.selectbox("go to", [ANYBODY, *names])
        if st.form_submit_button("Reassign", help="Nobody's labels change: what was begun stays that person's draft."):
            receiver = None if to == ANYBODY else to
            _do(lambda: sharing.reassign(DATABASE, department_id, holder, receiver, user()), "reassigned")


def _work(department_id: int) -> None:
    st.subheader("Work so far", anchor=False)
    done = {work.person: work for work in statistics.of_department(DATABASE, department_id)}
    loads = sharing.assigned(DATABASE, department_id)
    rows = []
    for person in dict.fromkeys([*people.names(DATABASE), *done, *loads]):
        work = done.get(person) or Work(person, 0, 0, None)
        accepted = {ORIGINS[origin]: f"{good} of {of}" for origin, (good, of) in work.accepted.items()}
        rows.append(
            {
                "Person": person,
                "Assigned, open": loads.get(person, 0),
                "Submitted": work.records,
                "Spans": work.spans,
                "Seconds a record": None if work.seconds is None else round(work.seconds),
                **{title: accepted.get(title, "") for title in ORIGINS.values()},
            }
        )
    st.dataframe(rows, hide_index=True, placeholder="")
    st.caption(
        "What was imported is not counted. Seconds a record: the median, from the times of saves; the time between two "
        "saves belongs to the record of the later one, and pauses over 5 minutes are not counted."
    )


def _do(act: Callable[[], int], what: str) -> None:
    try:
        count = act()
    except LadtlError as error:
        st.error(plain(error))
        return
    st.session_state["people-done"] = f"{count:,} record{'' if count == 1 else 's'} {what}."
    st.rerun()


show()
