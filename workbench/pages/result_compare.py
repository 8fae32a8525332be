"""Two runs side by side, as a part of the page Results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ladtl_core.experiments.figures import METHOD_COLOURS
from ladtl_core.scores import Scores
from workbench.components import charts
from workbench.components.difference_chart import ROW_PIXELS, difference_chart
from workbench.components.live_plot import live_plot
from workbench.components.plain import plain
from workbench.pages.take_out import take_out
from workbench.services import access, comparison, results
from workbench.services.comparison import Disagreement, LabelDifference
from workbench.services.results import Result


def show(result: Result, other: Result | None) -> None:
    """What differs between the two: settings, F1 over epochs, F1 label by label, and the sentences."""
    if other is None:
        st.info("Choose a run to compare with, above.")
        return
    same = comparison.same_evaluation(access.database(), result, other)
    if not same and result.dev and other.dev:
        st.warning(
            f"{_short(result)} was scored on {result.dev.records} dev records and {_short(other)} on "
            f"{other.dev.records}, not the same ones or not with the same labels: a difference of F1 may come from "
            "that, and no interval is given."
        )
    curves, settings = st.columns([3, 2], gap="medium")
    with curves:
        _curves(result, other)
    with settings:
        _settings(result, other)
    if result.dev is None or other.dev is None:
        st.info("No dev record was labelled when one of these runs began, so their F1 cannot be compared.")
        return
    _labels(result, other, result.dev, other.dev, same)
    _sentences(result, other)


def f1_curves(result: Result, other: Result | None) -> charts.Figure:
    """F1 on dev over the epochs of a run, and of the other as a dotted line."""
    lines: charts.Lines = {}
    for run in (result, other):
        if run:
            epochs = results.epochs(access.database(), run.run.run_id)
            lines = {**lines, _name(run): ([e["epoch"] for e in epochs], [e["dev"] and e["dev"]["f1"] for e in epochs])}
    title = f"F1 on {result.dev.records} dev records, by epoch" if result.dev else "F1 by epoch"
    colours = {_name(run): METHOD_COLOURS[run.method] for run in (result, other) if run}
    figure = charts.curves(title, lines, "F1 (%)", colours=colours)
    for trace in figure["data"][1:]:
        trace["line"]["dash"] = "dot"  # runs of one method have one colour
    return figure


def _name(run: Result) -> str:
    return f"v{run.version} {run.method}"


def _short(run: Result) -> str:
    return f"v{run.version}"


def _curves(result: Result, other: Result) -> None:
    figure = f1_curves(result, other)
    live_plot(figure, key="compare-f1", height=300)
    rows: dict[int, dict[str, Any]] = {}
    for trace in figure["data"]:
        for epoch, f1 in zip(trace["x"], trace["y"], strict=True):
            rows.setdefault(epoch, {"epoch": epoch, _name(result): None, _name(other): None})[trace["name"]] = f1
    take_out([rows[epoch] for epoch in sorted(rows)], "curves", figure)


def _settings(result: Result, other: Result) -> None:
    st.markdown("**Settings that differ**")
    differing = comparison.settings(result, other)
    if not differing:
        st.caption("None: the two runs differ in nothing that was set.")
        return
    rows = [
        {"setting": name, _short(result): _value(mine), _short(other): _value(theirs)}
        for name, mine, theirs in differing
    ]
    st.dataframe(rows, hide_index=True)
    take_out(rows, "settings")


def _value(value: Any) -> str:
    return "none" if value is None or value in ([], {}) else str(value)


def _labels(result: Result, other: Result, mine: Scores, theirs: Scores, same: bool) -> None:
    found = comparison.labels(mine, theirs, same)
    rows = [_row(one, result, other, same) for one in found]
    title = f"F1 of {_short(result)} minus {_short(other)}, by label"
    figure = difference_chart(
        title, [(one.label, one.difference, one.interval) for one in found if one.difference is not None], "points"
    )
    table, chart = st.columns([3, 2], gap="medium")
    with table:
        st.markdown("**F1 by label**")
        whole = {name: st.column_config.NumberColumn(format="%.1f") for name in rows[0] if name != "label"}
        counted = {name: st.column_config.NumberColumn(format="%d") for name in rows[0] if "spans" in name}
        counted["records"] = st.column_config.NumberColumn(format="%d")
        st.dataframe(rows, hide_index=True, column_config={**whole, **counted})
        st.caption(plain(_said(result, mine, same, found)))
    with chart:
        live_plot(figure, key="compare-labels", height=90 + ROW_PIXELS * len(found))
    take_out(rows, "labels", figure)


def _row(one: LabelDifference, result: Result, other: Result, same: bool) -> dict[str, Any]:
    low, high = one.interval or (None, None)
    scores = {
        "label": one.label,
        f"F1 {_short(result)}": one.one,
        f"F1 {_short(other)}": one.other,
        "difference": one.difference,
    }
    if same:
        return {**scores, "low": low, "high": high, "spans": one.spans, "records": one.records}
    return {**scores, f"spans {_short(result)}": one.spans, f"spans {_short(other)}": one.other_spans}


def _said(result: Result, mine: Scores, same: bool, found: Sequence[LabelDifference]) -> str:
    if not same:
        return "Percent and points, each run on its own dev records; no interval."
    if all(one.interval is None for one in found):
        return (
            f"Percent and points on n = {mine.records} dev records: too few, or not counted one by one, for intervals."
        )
    return (
        f"Percent and points on n = {mine.records} dev records, the same for both. low, high: 95 % of the difference "
        "when these records are drawn anew for both at once; where 0 lies between, chance may have made it. records: "
        f"those with a gold span; fewer than two give no interval. {_short(result)} is better above 0."
    )


def _sentences(result: Result, other: Result) -> None:
    found = comparison.sentences(access.database(), result, other)
    names = {"one": _short(result), "other": _short(other)}
    counts = {key: sum(one.right == key for one in found.differing) for key in names}
    st.markdown("**Sentences that one gets right and the other wrong**")
    st.caption(
        f"n = {found.count:,} sentences of {found.records:,} dev records: {names['one']} alone is right in "
        f"{counts['one']:,}, {names['other']} alone in {counts['other']:,}, both in {found.both:,}, neither in "
        f"{found.neither:,}. Right: exactly the spans that {names['one']} was scored on. Choose one to see its record."
    )
    if not found.differing:
        return
    right = st.segmented_control(
        "Right", list(names), format_func=lambda key: f"{plain(names[key])} alone", key="right-alone"
    )
    shown = [one for one in found.differing if right is None or one.right == right]
    rows = [_sentence(one, names) for one in shown]
    widths = {"sentence": 380, "gold": 230, names["one"]: 230, names["other"]: 230}
    event = st.dataframe(
        rows,
        hide_index=True,
        column_config={name: st.column_config.TextColumn(width=width) for name, width in widths.items()},
        on_select="rerun",
        selection_mode="single-row",
        height=300,
        key="compare-sentences",
    )
    for index in event.selection.rows[:1]:
        if index < len(shown) and st.button(
            f"Open {plain(shown[index].record)} in Review", type="primary", key="open-record"
        ):
            st.session_state["dev-record"] = shown[index].record_id
            st.switch_page("pages/review.py")
    take_out(rows, "sentences")


def _sentence(one: Disagreement, names: Mapping[str, str]) -> dict[str, str]:
    return {
        "record": one.record,
        "right": names[one.right],
        "sentence": one.sentence,
        "gold": one.gold,
        names["one"]: one.one,
        names["other"]: one.other,
    }
