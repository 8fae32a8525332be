"""The part of Results that shows where tokens of each label lie in the model's hidden states."""

from __future__ import annotations

import streamlit as st

from workbench.components.live_plot import live_plot
from workbench.components.standalone import standalone
from workbench.components.states_chart import states_chart
from workbench.services import access, hidden_states
from workbench.services.results import Result


def show(result: Result) -> None:
    """Nothing for a model that was trained before states were kept."""
    states = hidden_states.of_model(access.database(), result.model_id)
    if states is None or not states.points:
        return
    figure = states_chart(states.points, states.explained, states.colours)
    live_plot(figure, key="hidden-states", height=420)
    st.caption(
        "Tokens of labelled training records, equally many of each tag (B-, I-) where there are enough; diamonds: "
        "sources, circles: target. Where a tag's shapes lie apart, a gap is left; "
        "two dimensions show a part of it, MMD² all."
    )
    csv, html, _ = st.columns([1, 1, 4])
    table = hidden_states.as_csv(states.points)
    csv.download_button("States as CSV", table, "hidden-states.csv", "text/csv", width="stretch")
    html.download_button(
        "States as HTML", lambda: standalone(figure), "hidden-states.html", "text/html", width="stretch"
    )
