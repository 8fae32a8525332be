"""What several pages need: the choice of a department, and the annotator with its way from record to record."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components.span_annotator import span_annotator
from workbench.pages.who import as_whom, user
from workbench.services import access, label_sets, labelling, overview, sharing, tokens
from workbench.services.overview import Standing
from workbench.services.queueing import QueueItem


def departments_or_hint() -> list[Standing]:
    """All departments; where there is none, the page says how to get one."""
    standings = overview.standings(access.database())
    if not standings:
        st.info("There is no department yet. Import records on the Data page first.")
    return standings


def pick_department(standings: Sequence[Standing], label: str = "Department") -> Standing:
    """A select box that keeps its choice from page to page; starts at the first department that needs labels."""
    by_id = {standing.department_id: standing for standing in standings}
    if st.session_state.get("department") not in by_id:
        needy = [s for s in standings if s.labelled < s.records - s.evaluation_records]
        st.session_state["department"] = (needy or list(standings))[0].department_id
    # A widget's own state ends with its page; the choice is kept beside it.
    chosen = st.selectbox(
        label,
        list(by_id),
        index=list(by_id).index(st.session_state["department"]),
        format_func=lambda department_id: by_id[department_id].name,
    )
    st.session_state["department"] = chosen
    return by_id[chosen]


def annotate(items: Sequence[QueueItem], current: int, choice: str) -> None:
    """The annotator on one record of a list; going on writes the next record's id to `st.session_state[choice]`."""
    ids = [item.record_id for item in items]
    others = sharing.enter(access.database(), current, user())
    record = labelling.open_record(access.database(), current, user())
    event = span_annotator(
        record,
        key="annotator",
        author=user(),
        token=tokens.issue(user()),
        save_url=f"/api/annotations/{current}",
        notice=f"{others} What you save is kept as your own labels." if others else "",
        position=f"{ids.index(current) + 1:,} of {len(ids):,}{as_whom()}",
    )
    # An event names its record: a repeated or late one must not skip another.
    if event is None or event["record"] != current or event["action"] in ("renew", "flagged"):
        return
    if event["action"] == "guidelines":
        _guidelines(st.session_state["department"])
        return
    st.session_state[choice] = _neighbour(items, current, event["action"])
    st.rerun()


@st.dialog("Guidelines", width="medium")
def _guidelines(department_id: int) -> None:
    """What the department's label set says of all labels, and of each."""
    found = label_sets.of_department(access.database(), department_id)
    parts = [found.guideline, *(f"**{label.name}**\n\n{label.guideline}" for label in found.labels if label.guideline)]
    if any(parts):
        st.markdown("\n\n".join(filter(None, parts)))
    else:
        st.write(f"Nobody has written guidelines for {found.name} yet.")
    st.page_link("pages/labels.py", label="Write guidelines")


def _neighbour(items: Sequence[QueueItem], current: int, action: str) -> int:
    """The record to go to: the one before or after, or after a submission the next that is not done."""
    ids = [item.record_id for item in items]
    at = ids.index(current)
    if action == "previous":
        return ids[max(at - 1, 0)]
    if action == "submitted":
        later = [*items[at + 1 :], *items[:at]]
        open_ids = [item.record_id for item in later if item.status in ("pending", "draft")]
        given = sharing.next_record(access.database(), user(), open_ids)
        if given is None:
            st.toast("Every record of this list is submitted or skipped.")
        return given or ids[min(at + 1, len(ids) - 1)]
    return ids[min(at + 1, len(ids) - 1)]
