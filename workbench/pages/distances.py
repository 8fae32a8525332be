"""The part of Research that says which source a department should use: distances, and what transfer gained."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from workbench.components.department_maps import Cells, distance_map, gain_map, height
from workbench.components.live_plot import live_plot
from workbench.components.standalone import standalone
from workbench.services import access, distances, gains
from workbench.services.distances import Counted, Distance, Labels, State
from workbench.services.gains import Gain

ALL = "all words"
Pair = tuple[int, int]


def show() -> None:
    """Two maps of all departments, and for one target its sources in a table."""
    database = access.database()
    names = distances.names(database)
    if len(names) < 2:
        st.info("Departments are compared here, once there are two. Import records on the Data page.")
        return
    far = _between(distances.state(database), distances.labels(database))
    gained = _gained(tuple(names), gains.trainings(database))
    labels = sorted({label for distance in far.values() for label in distance.labels})
    of = st.columns(4)[0].selectbox("Distance by", [ALL, *labels])
    left, right = st.columns(2)
    with left:
        cells = {(names[a], names[b]): _distance_cell(distance, of) for (a, b), distance in far.items()}
        title = f"Distance by {of if of == ALL else f'the words of {of}'}"
        _map(distance_map(title, list(names.values()), cells), "distances", len(names))
        st.caption(
            "Jensen-Shannon divergence of the words in pool and training records, in bits: 0 the same words equally "
            "often, 1 no word in common. Departments with few words look farther apart than they are."
        )
    with right:
        seen: Cells = {(names[a], names[b]): _gain_cell(gain) for (a, b), gain in gained.items()}
        _map(gain_map("Gain of transfer so far, F1 points on dev", list(names.values()), seen), "gains", len(names))
        st.caption(
            "Best training with this one source minus best non-transfer training, on the same labels of the target. "
            "Best of several, so a little high where many were tried; n beside it."
        )
    table = _table(names, far, gained)
    target = st.columns(4)[0].selectbox("Sources for", list(names), format_func=names.__getitem__)
    chosen = table[table["target"] == names[target]].drop(columns="target").sort_values("distance")
    st.dataframe(chosen, hide_index=True, column_config=_formats(chosen), placeholder="–")
    csv, link, _ = st.columns([1, 1, 3], vertical_alignment="center")
    csv.download_button(
        "All pairs as CSV", lambda: table.to_csv(index=False), "departments.csv", "text/csv", width="stretch"
    )
    link.page_link("pages/train.py", label="Train a model")


@st.cache_data(max_entries=4, show_spinner="Comparing departments")
def _between(states: dict[int, State], labels: Labels) -> dict[Pair, Distance]:
    """The distances; while states and labels are the same, so are they."""
    return distances.between(lambda department_id: _counted(department_id, states[department_id]), labels)


@st.cache_data(max_entries=4, show_spinner=False)
def _gained(department_ids: tuple[int, ...], trainings: int) -> dict[Pair, Gain]:
    """The gains; the number of trainings tells whether they are still the same."""
    return gains.seen(access.database(), department_ids)


@st.cache_data(max_entries=32, show_spinner="Counting words")
def _counted(department_id: int, state: State) -> Counted:
    """The words of a department; what its labellers save changes its state alone."""
    return distances.counted(access.database(), department_id)


def _distance_cell(distance: Distance, of: str) -> tuple[float | None, str]:
    apart = distance.text if of == ALL else distance.labels.get(of)
    if apart is None:
        return None, "no such label"
    words = "{:,} and {:,} words".format(*apart.words)
    return apart.bits, words if apart.bits is not None else "no text" if of == ALL else "label spans"


def _gain_cell(gain: Gain) -> tuple[float | None, str]:
    return gain.f1, gain.missing or "{}; n = {} with it, {} without".format(gain.method, *gain.runs)


def _map(figure: dict[str, Any], key: str, departments: int) -> None:
    live_plot(figure, key=key, height=height(departments))
    st.download_button(
        "Figure as HTML", lambda: standalone(figure), f"{key}.html", "text/html", key=f"{key}-html",
        help="One file with the chart and all that it needs; opens anywhere without a network.",
    )  # fmt: skip


def _table(names: dict[int, str], far: dict[Pair, Distance], gained: dict[Pair, Gain]) -> pd.DataFrame:
    """A row a pair; a column for each label that any target has."""
    rows = [
        {
            "source": names[source],
            "target": names[target],
            "distance": distance.text.bits,
            **{f"distance by {label}": apart.bits for label, apart in distance.labels.items()},
            "words": distance.text.words[0],
            "gain": gained[source, target].f1,
            "method": gained[source, target].method,
            "runs with it": gained[source, target].runs[0],
            "runs without": gained[source, target].runs[1],
            "to do": gained[source, target].missing,
        }
        for (source, target), distance in far.items()
    ]
    return pd.DataFrame(rows)


def _formats(table: pd.DataFrame) -> dict[str, Any]:
    two = {
        str(name): st.column_config.NumberColumn(format="%.2f") for name in table if str(name).startswith("distance")
    }
    return {
        **two,
        "gain": st.column_config.NumberColumn(format="%+.1f"),
        "words": st.column_config.NumberColumn(format="localized"),
    }
