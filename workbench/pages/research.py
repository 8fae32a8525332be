"""Research: experiments side by side, by pair, weight, share of labels and trial."""

from __future__ import annotations

import json
from pathlib import PurePath

import streamlit as st

from ladtl_core.errors import LadtlError
from ladtl_core.experiments.standings import standings
from workbench.components.live_plot import live_plot
from workbench.components.numbers import duration
from workbench.components.pairs_table import pairs_table
from workbench.components.plain import plain
from workbench.components.standalone import standalone
from workbench.pages import distances
from workbench.pages.sweeps import show_sweeps
from workbench.pages.who import user
from workbench.services import access, research
from workbench.services.research import Listed, Row, View

DATABASE = access.database()
SHOWN = ("source", "target", "method", "rate", "seed", "alpha", "beta", "epsilon", "dev_f1", "test_f1", "seconds")
HELP = (
    "The table that `python -m ladtl_core experiment NAME --out OUT` writes: `OUT/runs.csv`, or one of `OUT/NAME.csv`."
)


def show() -> None:
    st.title("Research")
    parts = {"Tables of runs": _tables, "Sweeps": lambda: show_sweeps(_show), "Departments": distances.show}
    part = st.segmented_control(
        "Part",
        list(parts),
        default="Tables of runs",
        label_visibility="collapsed",
        required=True,
        key="part",
        bind="query-params",
    )
    parts[part]()


def _tables() -> None:
    found = {one.table_id: one for one in research.tables(DATABASE)}
    if message := st.session_state.pop("research-said", None):
        st.success(plain(message))
    with st.expander("Bring in a table of runs", expanded=not found):
        _bring_in()
    if not found:
        st.info("Methods, weights and shares of labels are compared here, once a table of experiment runs is there.")
        return
    runs, pair = _chosen(found)
    left, right = st.columns([3, 1])
    name = left.segmented_control(
        "View", list(research.VIEWS), default="pairs", format_func=research.VIEWS.__getitem__, key="research-view"
    )
    split = right.segmented_control("F1 on", ["dev", "test"], default="dev" if name == "grid" else "test")
    try:
        view = research.view(runs, name or "pairs", pair, split or "test")
    except LadtlError as error:
        st.info(f"Nothing to show: {plain(error)}.")
        return
    _show(view, name or "pairs", split or "test")


def _bring_in() -> None:
    file = st.file_uploader("Table of runs", type="csv", help=HELP, key=f"runs-{st.session_state.get('brought', 0)}")
    if file is None:
        return
    name = st.text_input("Name", PurePath(file.name).stem)
    if st.button("Bring in", type="primary"):
        try:
            table_id, new = research.add_table(DATABASE, name.strip(), file.getvalue(), file.name, user())
        except LadtlError as error:
            st.error(plain(error))
            return
        st.session_state["brought"] = st.session_state.get("brought", 0) + 1
        st.session_state["experiments"] = table_id
        st.session_state["research-said"] = f"{new:,} new runs in {name.strip()}."
        st.rerun()


def _chosen(found: dict[int, Listed]) -> tuple[list[Row], str]:
    """The runs of a table that fulfil the filters, and the pair for views of one."""
    left, middle, right = st.columns([2, 1, 2])
    wanted = st.session_state.get("experiments")
    table_id = left.selectbox(
        "Table",
        list(found),
        index=list(found).index(wanted) if wanted in found else 0,
        format_func=lambda one: f"{found[one].name} · {found[one].runs:,} runs",
    )
    st.session_state["experiments"] = table_id
    runs = _rows(str(DATABASE.url), table_id, found[table_id].runs)
    pair = middle.selectbox("Pair", research.pairs_of(runs) or [">"])
    methods = right.multiselect("Methods", sorted({run["method"] for run in runs}), placeholder="all")
    return [run for run in runs if not methods or run["method"] in methods], pair


@st.cache_resource(max_entries=4, show_spinner="Reading the runs")
def _rows(url: str, table_id: int, count: int) -> list[Row]:
    """The rows of a table in the database at `url`, shared by all who look: nobody changes one.

    A table only grows, so its number of runs tells whether they are still the same.
    """
    return research.rows(DATABASE, table_id)


def _show(view: View, name: str, split: str) -> None:
    if name == "pairs":
        with st.spinner("Comparing with la-dtl"):
            table = standings(view.runs, split)
        st.html(pairs_table(table))
        st.caption(
            "Mean ± standard deviation over seeds; best of a column bold. †: differs from la-dtl by more than "
            "chance (approximate randomisation over test documents, p < 0.05 after Holm); 95 %: documents drawn anew."
        )
    rows = len({run["method"] for run in view.runs})
    height = 420 if name not in ("pairs", "trials") else 140 + 28 * rows
    live_plot(view.figure, key=f"research-{name}", height=height, on_click=lambda: _clicked(f"research-{name}"))
    st.caption(plain(view.said))
    csv, html, _ = st.columns([1, 1, 4])
    csv.download_button("Runs as CSV", lambda: research.as_csv(view.runs), f"{name}.csv", "text/csv", width="stretch")
    html.download_button(
        "Figure as HTML", lambda: standalone(view.figure), f"{name}.html", "text/html", width="stretch",
        help="One file with the chart and all that it needs; opens anywhere without a network.",
    )  # fmt: skip
    _runs(view, name)


def _clicked(key: str) -> None:
    st.session_state["research-point"] = (key, st.session_state[key].clicked)


def _runs(view: View, name: str) -> None:
    """The runs of the cell that was clicked, or all; a chosen one shows its settings."""
    key, point = st.session_state.get("research-point", ("", None))
    runs = research.at_point(view.runs, name, point) if point and key == f"research-{name}" else []
    st.subheader(f"Runs of this point: {len(runs)}" if runs else "Runs", anchor=False)
    if not runs:
        st.caption("Click a point of the chart to see its runs alone.")
    shown = runs or view.runs
    table = [{column: _number(run[column]) for column in SHOWN} for run in shown]
    whole = {column: st.column_config.NumberColumn(format="%.1f") for column in ("dev_f1", "test_f1", "seconds")}
    event = st.dataframe(
        table, hide_index=True, column_config=whole, on_select="rerun", selection_mode="single-row", height=240
    )
    for index in event.selection.rows[:1]:
        run = shown[index]
        took = f", took {duration(float(run['seconds']))}" if run["seconds"] else ""
        on = f" on {run['processor']}" if run.get("processor") else ""  # older rows have none
        st.write(plain(f"Run {run['key']}: torch {run['torch']}{on}, data {run['data']}{took}"))
        st.json(json.loads(run["config"]), expanded=1)


def _number(text: str) -> float | str | None:
    try:
        return float(text)
    except ValueError:
        return text or None


show()
