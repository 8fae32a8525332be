"""Agreement: how far people agree who labelled the same records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from workbench.pages.shared import departments_or_hint, pick_department
from workbench.services import access, agreement
from workbench.services.agreement import Agreement
from workbench.services.overview import Standing

DATABASE = access.database()
ON_SPANS = ("records", "spans", "exact F1", "overlapping F1")
ON_TOKENS = ("tokens", "alpha", "tokens with a label", "alpha without O")


def show() -> None:
    st.title("Agreement")
    standings = departments_or_hint()
    if standings:
        _agreement(pick_department(standings))


def _agreement(department: Standing) -> None:
    found = agreement.of_department(DATABASE, department.department_id)
    if not found.records:
        st.info(f"No record of {department.name} was submitted by two people yet. Agreement is told from the first on.")
        return
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
