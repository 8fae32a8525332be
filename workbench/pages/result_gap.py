"""The gap of a run's labels before and after adaptation, as a part of the page Results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench.components.gap_chart import ROW_PIXELS, gap_chart
from workbench.components.live_plot import live_plot
from workbench.components.plain import plain
from workbench.pages.take_out import take_out
from workbench.services import gaps
from workbench.services.gaps import Gap, TagGap
from workbench.services.results import Result


def show(result: Result, others: Sequence[Result], epochs: Sequence[Mapping[str, Any]]) -> None:
    """A row for each tag; `others` are further results of the department, `epochs` those of the result."""
    before = gaps.unadapted(result, others)
    found = gaps.of_result(result, before, epochs)
    if not found:
        st.info("A gap between departments is measured where source and target are trained together.")
        return
    tested = any(one.after for one in found)
    figure = _figure(result, before, found, tested)
    live_plot(figure, key="gap-before-after", height=110 + ROW_PIXELS * len(found))
    rows = [_row(one, before is not None, tested) for one in found]
    percent = {name: st.column_config.NumberColumn(format="%.1f") for name in rows[0] if "F1" in name}
    measured = {name: st.column_config.NumberColumn(format="%.4f") for name in rows[0] if "MMD²" in name}
    chances = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name.startswith("p ")}
    st.dataframe(rows, hide_index=True, column_config={**percent, **measured, **chances})
    st.caption(plain(" ".join(_said(result, before, tested))))
    take_out(rows, "gaps", figure)


def _figure(result: Result, before: Result | None, found: Sequence[TagGap], tested: bool) -> dict[str, Any]:
    """Tested gaps where the run has them, else those that were watched; F1 stands on the row of a label's B-."""
    rows = []
    for one in found:
        first = _mmd2(one.before) if tested else one.first
        last = _mmd2(one.after) if tested else one.kept
        scores = (one.f1_before, one.f1_after) if one.tag.startswith("B-") else (None, None)
        rows.append((one.tag, first, last, *scores))
    if tested and before is None:
        return gap_chart(f"Gap by label after v{result.version} {result.method}", rows)
    start = f"v{before.version} {before.method}" if tested and before else "its first epoch"
    return gap_chart(f"Gap by label: before, {start}; after, v{result.version} {result.method}", rows)


def _mmd2(gap: Gap | None) -> float | None:
    return gap.mmd2 if gap else None


def _row(one: TagGap, compared: bool, tested: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"tag": one.tag}
    if tested:
        row |= {"tokens source": one.source, "tokens target": one.target}
        if compared:
            row |= {"MMD² before": _mmd2(one.before), "p before": one.before and one.before.p_value}
        row |= {"MMD² after": _mmd2(one.after), "p after": one.after and one.after.p_value}
    row |= {"MMD² first epoch": one.first, "MMD² best epoch": one.kept}
    scores = {"F1 before": one.f1_before} if compared else {}
    return row | scores | {"F1 after": one.f1_after, "spans": one.spans}


def _said(result: Result, before: Result | None, tested: bool) -> list[str]:
    said = [
        "MMD²: unbiased, of the hidden states of the tag's tokens in the two departments; 0: they cannot be told "
        "apart; it may be negative."
    ]
    if tested:
        said.append(
            "Before and after: on labelled dev records of both departments, which no weight was trained on. p: "
            "one-sided permutation test over records, 1,000 exchanges, each tag by itself; small: the departments "
            "still differ."
        )
    else:
        said.append("No p: this run was not tested, which takes labelled dev records of both departments.")
    if before is not None:
        said.append(f"Before: v{before.version} {before.method}, the same labels and settings without adaptation.")
    elif tested and result.method != "joint-training":
        said.append("To see the gap before adaptation, train joint-training with the same labels and settings.")
    n = f"n = {result.dev.records} dev records of the target. " if result.dev else ""
    return [*said, f"First and best epoch: on the training sentences. F1 of the label in percent; {n}".strip()]
