"""The part of Results that says how many more labels an F1 takes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from workbench.components.curve_chart import learning_curve
from workbench.components.live_plot import live_plot
from workbench.pages.permitted import may
from workbench.services import access
from workbench.services import learning_curve as curves
from workbench.services.learning_curve import Curve
from workbench.services.overview import Standing
from workbench.services.power_law import Unknown
from workbench.services.results import Result
from workbench.services.roles import Act


def how_many_more(result: Result, department: Standing) -> None:
    """One sentence for an F1 that the person sets, the curve behind it, and the same for each label."""
    if result.dev is None:
        st.info("No dev record was labelled when this run began; label the evaluation set to measure it.")
        return
    curve = curves.of_run(access.database(), result.run)
    text, wanted = st.columns([4, 1], vertical_alignment="center")
    with wanted:
        goal = st.number_input("F1 wanted", 1, 99, _goal(curve), key=f"goal-{result.run.run_id}")
    with text:
        st.markdown(f"**{curves.forecast(curve.overall, goal, department.labelled).text}**")
    known = not isinstance(curve.overall.law, Unknown)
    if not known:
        _measure(result, department)
    trials = [(point.records, point.f1, point.deviation) for point in curve.overall.points]
    title = f"F1 of {curve.method} on {curve.dev_records} dev records, by labelled records"
    live_plot(learning_curve(title, trials, curves.band(curve.overall), goal), key="how-many", height=320)
    count = f"{len(trials)} training{'' if len(trials) == 1 else 's'}"
    band = "; band: 90 % of the laws error = a · records⁻ᵇ that fit" if known else ""
    st.caption(
        f"{count} with the settings of v{result.version} on the same dev records. Bars: standard error{band}. Dev also "
        "chose the epoch, so its F1 is a little high."
    )
    if curve.labels:
        _labels(curve, goal, department.labelled)


def _measure(result: Result, department: Standing) -> None:
    """Trainings on parts of the labels, where those that happened to be made do not show a curve."""
    running = curves.under_way(access.database(), result.run)
    if running:
        st.caption(f"{running} training{'' if running == 1 else 's'} with these settings under way.")
        st.page_link("pages/train.py", label="Watch them")
    elif not curves.can_measure(department.labelled):
        st.caption(f"From {curves.FEWEST_TO_MEASURE} labelled records on the curve can be measured on parts of them.")
    elif may(Act.TRAIN) and st.button(
        "Measure the curve: train 4 times",
        help="On a quarter, a half, three quarters and all of today's labels, with the settings of this run. The first "
        "three leave scores only, no model.",
    ):
        curves.measure(access.database(), result.run, department.labelled)
        st.rerun()


def _goal(curve: Curve) -> int:
    """The next round F1 above what was reached."""
    return min(int(curve.reached // 5) * 5 + 5, 95)


def _labels(curve: Curve, goal: int, labelled: int) -> None:
    """Each label with its F1 on the most records and what it takes."""
    rows = {
        label: (
            max((point.records, point.f1) for point in series.points)[1],
            series.support,
            curves.forecast(series, goal, labelled).text,
        )
        for label, series in curve.labels.items()
    }
    columns = ["F1", "spans on dev", f"for F1 {goal}"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    st.dataframe(
        table,
        column_config={
            "F1": st.column_config.NumberColumn(format="%.1f", width="small"),
            "spans on dev": st.column_config.NumberColumn(format="%d", width="small"),
            columns[2]: st.column_config.TextColumn(width="large"),
        },
    )
