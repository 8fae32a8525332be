"""The trials of a sampled sweep: the best one, a figure over their order or their weights, and the table of all."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components import charts
from workbench.components.live_plot import live_plot
from workbench.components.standalone import standalone
from workbench.components.trials_chart import Point, trials_chart, weights_chart
from workbench.services import access, research, sampled_sweeps
from workbench.services.research import Row
from workbench.services.sampled_sweeps import Trial

ORDER = "in order"
BOTH = ("alpha", "beta")
MAP = " x ".join(BOTH)


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
    views = [ORDER, *shown[0].weights, *([MAP] if shown[0].weights.keys() >= {*BOTH} else [])]
    name = st.segmented_control("Trials", views, default=ORDER, required=True, key=f"sweep-trials-{sweep_id}")
    figure, key = _figure(shown, name), f"sweep-trials-{sweep_id}-{name}"
    live_plot(figure, key=key, height=380, on_click=lambda: _clicked(key, study))
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
    _table(shown, st.session_state.get("trial-clicked", {}).get((key, study)))


def _clicked(key: str, study: str) -> None:
    st.session_state["trial-clicked"] = {(key, study): st.session_state[key].clicked["of"]}


def _figure(shown: Sequence[Trial], name: str) -> dict[str, object]:
    def points(state: str) -> list[Point]:
        return [
            Point(*_place(one, name), f"trial {one.number}: {_weights(one)}", one.number, one.f1)
            for one in shown
            if one.state == state and one.f1 is not None
        ]

    done, given_up = points("succeeded"), points("pruned")
    if name == MAP:
        return weights_chart(f"F1 on dev, {MAP}", {one: _axis(shown, one) for one in BOTH}, done, given_up)
    if name == ORDER:
        return trials_chart("F1 on dev, by trial", "trial", done, given_up, "linear", best=True)
    return trials_chart(f"F1 on dev, against {name}", name, done, given_up, _axis(shown, name), best=False)


def _place(one: Trial, name: str) -> tuple[float, float]:
    if name == MAP:
        return one.weights[BOTH[0]], one.weights[BOTH[1]]
    return (float(one.number) if name == ORDER else one.weights[name]), one.f1 or 0.0


def _axis(shown: Sequence[Trial], name: str) -> str:
    """By size where the weight is sampled so."""
    return "log" if name != "epsilon" and min(one.weights[name] for one in shown) > 0 else "linear"


def _table(found: Sequence[Trial], clicked: int | None) -> None:
    """All trials, or the one whose point was clicked; the F1 of the chosen one by epoch."""
    alone = [one for one in found if one.number == clicked]
    shown = alone or found
    st.subheader(f"Trial {clicked}" if alone else "Trials", anchor=False)
    if not alone:
        st.caption("Click a point of the chart to see its trial alone.")
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
    height = min(240, 38 + 35 * len(rows))
    event = st.dataframe(
        rows, hide_index=True, column_config=columns, height=height, on_select="rerun", selection_mode="single-row"
    )
    for index in [0] if alone else event.selection.rows[:1]:
        one = shown[len(shown) - 1 - index]
        lines = {"F1": (list(map(float, one.curve)), list(one.curve.values()))}
        live_plot(charts.curves(f"F1 on dev of trial {one.number}, by epoch", lines, "F1 (%)"), key="trial-curve")


def _weights(one: Trial) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in one.weights.items())
