"""Agreement: records that several people labelled, to be adjudicated, and how far the people agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from workbench.components.adjudicator import adjudicator
from workbench.components.plain import plain
from workbench.components.queue_list import queue_list
from workbench.pages.shared import departments_or_hint, opened_record, pick_department
from workbench.pages.who import token, user
from workbench.services import access, adjudication, agreement
from workbench.services.adjudication import Case
from workbench.services.agreement import Agreement
from workbench.services.overview import Standing

DATABASE = access.database()
VIEWS = ("Adjudicate", "Figures")
OPENED = "adjudicated-record"
ON_SPANS = ("records", "spans", "exact F1", "overlapping F1")
ON_TOKENS = ("tokens", "alpha", "tokens with a label", "alpha without O")


def show() -> None:
    standings = departments_or_hint()
    if not standings:
        return
    left, centre = st.columns([18, 82], gap="medium")
    with left:
        department = pick_department(standings)
    found = adjudication.cases(DATABASE, department.department_id)
    if not found:
        centre.info(
            f"No record of {plain(department.name)} was submitted by two people yet. From the first on, their versions "
            "are adjudicated here, and their agreement is told."
        )
        return
    with left:
        view = st.segmented_control(
            "View", VIEWS, default=VIEWS[0], required=True, label_visibility="collapsed", width="stretch"
        )
    if view == VIEWS[0]:
        _adjudicate(left, centre, department.department_id, found)
    else:
        with centre:
            _figures(department)


def _adjudicate(left: DeltaGenerator, centre: DeltaGenerator, department_id: int, found: Sequence[Case]) -> None:
    with left:
        _take_agreed(department_id, adjudication.agreed_cases(found))
    differing = adjudication.differing_cases(found)
    if not differing:
        centre.info("Where two people submitted the same record, they agree everywhere.")
        return
    ids = [case.record_id for case in differing]
    current = _current(differing)
    st.query_params["record"] = str(current)
    with left:
        done = sum(case.state == "adjudicated" for case in differing)
        st.caption(f"{done} of {len(differing)} that differ are adjudicated")
        queue_list([_row(case) for case in differing], current, key="adjudication-queue", on_open=_open_clicked)
    with centre:
        event = adjudicator(
            adjudication.open_record(DATABASE, current),
            key="adjudicator",
            author=user(),
            token=token(),
            save_url=f"/api/adjudications/{current}",
            position=f"{ids.index(current) + 1:,} of {len(ids):,}",
        )
    # An event names its record: a repeated or late one must not skip another.
    if event is not None and event["record"] == current and event["action"] != "renew":
        st.session_state[OPENED] = _neighbour(differing, ids.index(current), event["action"])
        st.rerun()


def _current(cases: Sequence[Case]) -> int:
    """The record that is open: the last one opened, also after a reload, else the first that is to be adjudicated."""
    ids = [case.record_id for case in cases]
    current = opened_record(OPENED, ids) or _next_open(cases, 0) or ids[0]
    st.session_state[OPENED] = current
    return current


def _take_agreed(department_id: int, agreed: Sequence[Case]) -> None:
    """A button for the records whose versions agree wholly; what it did is said after the rerun."""
    if said := st.session_state.pop("adjudicated-said", None):
        st.success(plain(said))
    if agreed and st.button(_counted("Take {} that agree", len(agreed)), width="stretch"):
        taken = adjudication.take_agreed(DATABASE, department_id, user())
        st.session_state["adjudicated-said"] = _counted("{} adjudicated: everybody had the same labels.", taken)
        st.rerun()


def _counted(text: str, number: int) -> str:
    return text.format(f"{number:,} record{'' if number == 1 else 's'}")


def _row(case: Case) -> dict[str, Any]:
    decided = f"{case.decided} of {case.places} decided"
    return {
        "id": case.record_id,
        "name": case.external_id,
        "status": case.state,
        "preview": f"{decided} · {', '.join(case.people)}",
    }


def _open_clicked() -> None:
    st.session_state[OPENED] = st.session_state["adjudication-queue"].open


def _next_open(cases: Sequence[Case], begin: int) -> int | None:
    """The first record from `begin` on, and then from the first on, that is not adjudicated as it stands."""
    later = [*cases[begin:], *cases[:begin]]
    return next((case.record_id for case in later if case.state != "adjudicated"), None)


def _neighbour(cases: Sequence[Case], at: int, action: str) -> int:
    """The record to go to: the one before or after, or after the end of one the next that is not done."""
    if action == "finished":
        return _next_open(cases, at + 1) or cases[at].record_id
    step = -1 if action == "previous" else 1
    return cases[max(0, min(len(cases) - 1, at + step))].record_id


def _figures(department: Standing) -> None:
    found = agreement.of_department(DATABASE, department.department_id)
    rows = agreement.rows(found)
    figures = {
        "exact F1": _number(found.spans.exact, 1),
        "overlapping F1": _number(found.spans.overlapping, 1),
        "alpha": _number(found.tokens.alpha, 2),
        "alpha without O": _number(found.tokens.labelled_alpha, 2),
    }
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, value)
    st.caption(_explained(found))
    st.subheader("Pairs", anchor=False)
    _table([row for row in rows if row["kind"] == "pair"], "people", ON_SPANS)
    st.subheader("Labels", anchor=False)
    _table([row for row in rows if row["kind"] == "label"], "label", (*ON_SPANS[1:], *ON_TOKENS))
    name = f"{department.name} agreement.csv"
    st.download_button("Download as CSV", agreement.to_csv(found), name, "text/csv", on_click="ignore")


def _number(value: float | None, digits: int) -> str:
    return "cannot be told" if value is None else f"{value:.{digits}f}"


def _explained(found: Agreement) -> str:
    left_out = (
        f" {found.left_out:,} overlapping spans are left out of alpha: a token has one label." if found.left_out else ""
    )
    return (
        f"{found.records:,} records that two or more of {len(found.people)} people submitted; {found.spans.spans:,} "
        "spans, summed over pairs. F1 in percent: exact has the same edges and label, overlapping the same label and "
        f"a shared character. Krippendorff's alpha over {found.tokens.tokens:,} tokens, and over the "
        f"{found.tokens.labelled_tokens:,} that somebody gave a label; 1 is perfect, 0 is chance. "
        f"An empty cell cannot be told.{left_out}"
    )


def _table(rows: Sequence[dict[str, Any]], first: str, columns: Sequence[str]) -> None:
    table = pd.DataFrame([{first: row["of"], **{name: row[name] for name in columns}} for row in rows])
    formats = {name: "%.1f" if "F1" in name else "%.2f" if "alpha" in name else "%d" for name in columns}
    config = {name: st.column_config.NumberColumn(format=format) for name, format in formats.items()}
    st.dataframe(table.astype(dict.fromkeys(columns, float)), column_config=config, hide_index=True)


show()
