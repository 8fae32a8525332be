"""Review: suggestions of the model and of files to correct, and the model's predictions beside the gold of dev."""

from __future__ import annotations

import streamlit as st

from workbench.components.highlight import Mark, highlighted
from workbench.components.palette import colours
from workbench.components.plain import plain
from workbench.components.queue_list import queue_list
from workbench.pages.shared import annotate, departments_or_hint, pick_department
from workbench.pages.who import user
from workbench.services import access, labelling, review
from workbench.services.review import ReviewedRecord, Suggested

DATABASE = access.database()


def show() -> None:
    st.title("Review")
    standings = departments_or_hint()
    if not standings:
        return
    department = pick_department(standings)
    found = review.suggested(DATABASE, department.department_id, user())
    if department.model_version is None:
        st.info(f"{plain(department.name)} has no model yet; a trained model's suggestions appear here.")
        if st.button("Train a model", type="primary"):
            st.switch_page("pages/train.py")
        if found:
            _suggestions(found)
        return
    names = ["Suggestions", "Gold against predicted"]
    suggestions, dev = st.tabs(names, default=names["dev-record" in st.session_state], key="review-tabs")
    with suggestions:
        _suggestions(found)
    with dev:
        _dev(department.department_id)


def _suggestions(found: list[Suggested]) -> None:
    if not found:
        st.info("Every record with a suggestion is submitted or skipped. Train again to use the corrections.")
        if st.button("Train again", type="primary"):
            st.switch_page("pages/train.py")
        return
    items = [one.item for one in found]
    ids = [item.record_id for item in items]
    current = st.session_state.get("review-record")
    if current not in ids:
        # A record that was just submitted has left the list; the one after it has its place.
        current = st.session_state["review-record"] = ids[0]
    left, centre = st.columns([18, 82], gap="medium")
    with left:
        st.caption(f"{len(found)} {'record' if len(found) == 1 else 'records'} with suggestions")
        rows = [
            {
                "id": one.item.record_id,
                "name": one.item.external_id,
                "status": one.item.status,
                "preview": f"{one.suggestions} suggested, {one.doubtful} doubtful",
            }
            for one in found
        ]
        queue_list(rows, current, key="review-queue", on_open=_open_clicked)
    with centre:
        annotate(items, current, "review-record")


def _open_clicked() -> None:
    st.session_state["review-record"] = st.session_state["review-queue"].open


def _dev(department_id: int) -> None:
    records = review.dev_records(DATABASE, department_id)
    if not records:
        st.info("No dev record is labelled yet. Label the evaluation set to see the model's errors.")
        return
    counts = review.counts(records)
    for column, (kind, count) in zip(st.columns(len(counts)), counts.items(), strict=True):
        column.metric(kind, count)
    kinds = st.pills("Show records with", review.KINDS[1:], selection_mode="multi", key="kinds")
    shown = [r for r in records if not kinds or any(f.kind in kinds for f in r.findings)]
    if not shown:
        st.info("No record has such an error.")
        return
    by_id = {record.record_id: record for record in shown}
    if (wanted := st.session_state.pop("dev-record", None)) in by_id:  # one that was chosen elsewhere
        st.session_state["dev-choice"] = wanted
    chosen = st.selectbox(
        f"Record ({len(shown)})",
        list(by_id),
        format_func=lambda key: f"{by_id[key].external_id} · {by_id[key].errors} errors",
        key="dev-choice",
    )
    record = by_id[chosen]
    gold, predicted = st.columns(2, gap="large")
    palette = colours(labelling.label_colours(DATABASE, department_id))
    with gold:
        st.subheader("Gold", anchor=False)
        st.html(_gold(record, palette))
    with predicted:
        st.subheader("Predicted", anchor=False)
        st.html(_predicted(record, palette))
    rows = [_row(record, finding) for finding in record.findings if finding.kind != "correct"]
    if rows:
        st.dataframe(rows, width="stretch", hide_index=True)
    if st.button("Correct the gold"):
        st.session_state["record"], st.session_state["evaluation"] = record.record_id, True
        st.switch_page("pages/annotate.py")


def _gold(record: ReviewedRecord, palette: dict[str, tuple[str, str]]) -> str:
    wrong = {f.gold for f in record.findings if f.gold and f.kind != "correct"}
    marks = [Mark(e.start, e.end, e.label, palette[e.label], wrong=e in wrong) for e in record.gold]
    return highlighted(record.text, record.tokens, marks)


def _predicted(record: ReviewedRecord, palette: dict[str, tuple[str, str]]) -> str:
    wrong = {f.predicted for f in record.findings if f.predicted and f.kind != "correct"}
    marks = [
        Mark(p.start, p.end, p.label, palette[p.label], f"{p.confidence:.2f}", p in wrong) for p in record.predicted
    ]
    return highlighted(record.text, record.tokens, marks)


def _row(record: ReviewedRecord, finding: review.Finding) -> dict[str, str]:
    gold, predicted = finding.gold, finding.predicted
    return {
        "error": finding.kind,
        "gold": f"{record.text[gold.start : gold.end]} ({gold.label})" if gold else "",
        "predicted": f"{record.text[predicted.start : predicted.end]} ({predicted.label})" if predicted else "",
        "confidence": f"{predicted.confidence:.2f}" if predicted else "",
    }


show()
