"""The trials of a sampled sweep: the best one, a figure over their order or a weight, and the table of all."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components import charts
from workbench.components.live_plot import live_plot
from workbench.components.standalone import standalone
from workbench.components.trials_chart import Point, trials_chart
from workbench.services import access, research, sampled_sweeps
from workbench.services.research import Row
from workbench.services.sampled_sweeps import Trial

ORDER = "in order"


def show_trials(sweep_id: int, rows: Sequence[Row]) -> None:
    """The trials of one study at a time; `rows` are the succeeded runs of the sweep."""
    found = sampled_sweeps.trials(access.database(), sweep_id)
    if not found:
        st.info("The first trial is asked for by the next worker that is free.")
        return
    studies = list(dict.fromkeys(one.study for one in found))
    study = studies[0]
    if len(studies) > 1:
        study = st.selectbox("Training", studies, key=f"sweep-study-{sweep_id}")
    shown = [one for one in found if one.study == study]
    if best := sampled_sweeps.best(shown):
        st.markdown(f"**Best: F1 {best.f1:.1f} on dev, trial {best.number}: {_weights(best)}.**")
    name = st.segmented_control(
        "Trials", [ORDER, *shown[0].weights], default=ORDER, required=True, key=f"sweep-trials-{sweep_id}"
    )
    figure = _figure(shown, name)
    live_plot(figure, key=f"sweep-trials-{sweep_id}-{name}", height=380)
    ended = sum(one.state in ("succeeded", "pruned") for one in shown)
    st.caption(
        f"F1 on dev, percent; n = {ended:,} ended trials, one run each, no interval. Pruned ones (x) stand at their "
        f"best F1 when they were ended.{' The line is the best so far.' if name == ORDER else ''}"
    )
    csv, html, _ = st.columns([1, 1, 4])
    csv.download_button("Runs as CSV", lambda: research.as_csv(rows), "sampled.csv", "text/csv", width="stretch")
    html.download_button(
        "Figure as HTML", lambda: standalone(figure), "sampled.html", "text/html", width="stretch",
        help="One file with the chart and all that it needs; opens anywhere without a network.",
    )  # fmt: skip
    _table(shown)


def _figure(shown: Sequence[Trial], name: str) -> dict[str, object]:
    def points(state: str) -> list[Point]:
        return [
            (float(one.number) if name == ORDER else one.weights[name], one.f1, f"trial {one.number}: {_weights(one)}")
            for one in shown
            if one.state == state and one.f1 is not None
        ]

    by_size = name not in (ORDER, "epsilon") and min(one.weights[name] for one in shown) > 0
    title = f"F1 on dev, {'by trial' if name == ORDER else f'against {name}'}"
    return trials_chart(
        title, "trial" if name == ORDER else name, points("succeeded"), points("pruned"),
        "log" if by_size else "linear", best=name == ORDER,
    )  # fmt: skip


def _table(shown: Sequence[Trial]) -> None:
    rows = [
        {
            "trial": one.number,
            **one.weights,
            "F1 on dev": one.f1,
            "state": f"pruned at epoch {one.epochs}" if one.state == "pruned" else one.state,
            "epochs": one.epochs,
        }
        for one in reversed(shown)
    ]
    columns = {"F1 on dev": st.column_config.NumberColumn(format="%.1f")}
    event = st.dataframe(
        rows, hide_index=True, column_config=columns, height=240, on_select="rerun", selection_mode="single-row"
    )
    for index in event.selection.rows[:1]:
        one = shown[len(shown) - 1 - index]
        lines = {"F1": (list(map(float, one.curve)), list(one.curve.values()))}
        live_plot(charts.curves(f"F1 on dev of trial {one.number}, by epoch", lines, "F1 (%)"), key="trial-curve")


def _weights(one: Trial) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in one.weights.items())
