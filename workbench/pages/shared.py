"""What several pages need: the choice of a department, and the annotator with its way from record to record."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence

import streamlit as st

from ladtl_core.errors import LadtlError
from workbench.components.excerpts import excerpts
from workbench.components.plain import plain
from workbench.components.span_annotator import span_annotator
from workbench.pages.permitted import may
from workbench.pages.who import as_whom, token, user
from workbench.services import access, examples, label_sets, labelling, overview, sharing
from workbench.services.label_sets import GuidedSet
from workbench.services.overview import Standing
from workbench.services.queueing import QueueItem
from workbench.services.roles import Act

MOST_DIGITS = 18  # of an id in an address: a database has none with more
SHOWN_ADDRESS = 20  # characters


def departments_or_hint() -> list[Standing]:
    """All departments; where there is none, the page says how to get one."""
    standings = overview.standings(access.database())
    if not standings:
        st.info("There is no department yet. Import records on the Data page first.")
    return standings


def asked_id(name: str) -> int | None:
    """The id that the page's address gives under this name; None where there is none that a database could have."""
    asked = st.query_params.get(name, "")
    return int(asked) if asked.isdecimal() and len(asked) <= MOST_DIGITS else None


def opened_record(key: str, ids: Container[int]) -> int | None:
    """The record of these that was opened last, in this session (`key`) or by the address, which may say nonsense."""
    opened: int | None = st.session_state.get(key)
    if opened is not None:
        return opened if opened in ids else None
    asked, number = st.query_params.get("record"), asked_id("record")
    if asked is None or number in ids:
        return number
    st.info(f"There is no record {plain(asked[:SHOWN_ADDRESS])} in this list.")
    return None


def pick_department(standings: Sequence[Standing], label: str = "Department") -> Standing:
    """A select box that keeps its choice from page to page and in the page's address.

    It starts at the first department that needs labels.
    """
    by_id = {standing.department_id: standing for standing in standings}
    if (asked := asked_id("department")) is not None:
        st.session_state.setdefault("department", asked)  # after a reload, or by a link
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
    st.query_params["department"] = str(chosen)
    return by_id[chosen]


def attempt(act: Callable[[], object], place: str, said: str) -> None:
    """Do it and say so after the rerun, where `show_said` stands for the place, or say why not."""
    try:
        act()
    except LadtlError as error:
        st.error(plain(error))
    else:
        st.session_state[f"said-{place}"] = said
        st.rerun()


def show_said(place: str) -> None:
    if said := st.session_state.pop(f"said-{place}", None):
        st.success(plain(said))


def annotate(items: Sequence[QueueItem], current: int, choice: str, alike: Mapping[int, int] | None = None) -> None:
    """The annotator on one record of a list; going on writes the next record's id to `st.session_state[choice]`.

    Of records in one group of `alike` none is submitted right after another while there are others.
    """
    ids = [item.record_id for item in items]
    others = sharing.enter(access.database(), current, user())
    record = labelling.open_record(access.database(), current, user())
    event = span_annotator(
        record,
        key="annotator",
        author=user(),
        token=token(),
        save_url=f"/api/annotations/{current}",
        notice=f"{others} What you save is kept as your own labels." if others else "",
        position=f"{ids.index(current) + 1:,} of {len(ids):,}{as_whom()}",
    )
    if record["slow"]:
        st.warning(
            "Regular expressions that take too long on this record were not applied to it; the page Labels has them:"
        )
        st.code("\n".join(record["slow"]), language=None)
    # An event names its record: a repeated or late one must not skip another.
    if event is None or event["record"] != current or event["action"] in ("renew", "flagged"):
        return
    if event["action"] == "guidelines":
        _guidelines(st.session_state["department"])
        return
    st.session_state[choice] = _neighbour(items, current, event["action"], alike or {})
    st.rerun()


@st.dialog("Guidelines", width="medium")
def _guidelines(department_id: int) -> None:
    """What the department's label set says of all labels, and of each."""
    show_guidelines(label_sets.of_department(access.database(), department_id))
    if may(Act.LABELS):
        st.page_link("pages/labels.py", label="Write guidelines")


def show_guidelines(found: GuidedSet) -> None:
    """The guideline of a set, then each label's with examples from submitted records."""
    given = examples.examples(access.database(), [label.label_id for label in found.labels])
    if found.guideline:
        st.markdown(found.guideline)
    elif not any(label.guideline for label in found.labels):
        st.write(f"Nobody has written guidelines for {plain(found.name)} yet.")
    for label in found.labels:
        if label.guideline or given[label.label_id]:
            st.markdown(f"**{plain(label.name)}**" + (f"\n\n{label.guideline}" if label.guideline else ""))
        if given[label.label_id]:
            st.html(excerpts(given[label.label_id], label.colour))


def _neighbour(items: Sequence[QueueItem], current: int, action: str, alike: Mapping[int, int]) -> int:
    """The record to go to: the one before or after, or after a submission the next that is not done."""
    ids = [item.record_id for item in items]
    at = ids.index(current)
    if action == "previous":
        return ids[max(at - 1, 0)]
    if action == "submitted":
        later = [*items[at + 1 :], *items[:at]]
        open_ids = [item.record_id for item in later if item.status in ("pending", "draft")]
        open_ids.sort(key=lambda one: alike.get(one, one) == alike.get(current, current))  # near-duplicates last
        given = sharing.next_record(access.database(), user(), open_ids)
        if given is None:
            st.toast("Every record of this list is submitted or skipped.")
        return given or ids[min(at + 1, len(ids) - 1)]
    return ids[min(at + 1, len(ids) - 1)]
