"""The part of Research that plans, queues and follows sweeps."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ladtl_core.errors import LadtlError
from workbench.components.numbers import duration, when
from workbench.components.plain import plain
from workbench.pages.refusals import in_words
from workbench.pages.sampled_results import show_trials
from workbench.pages.shared import attempt, show_said
from workbench.pages.sweep_form import sweep_form
from workbench.pages.who import user
from workbench.services import access, research, sampled_sweeps, sweep_rows, sweeps
from workbench.services.research import Row, View
from workbench.services.sweeps import Progress

REFRESH_SECONDS = 2.0
PLACE = "sweeps"

Shown = Callable[[View, str, str], None]


def show_sweeps(show_view: Shown) -> None:
    """The form, the sweeps that there are, and the one that was chosen; `show_view` shows a view of its runs."""
    show_said(PLACE)
    found = {one.listed.sweep_id: one for one in sweeps.listed(access.database())}
    with st.expander("New sweep", expanded=not found):
        sweep_form(found)
    if not found:
        st.info("Sweeps try many settings, methods and pairs; they run behind all trainings that people start.")
        return
    ids = list(found)
    if st.session_state.get("sweep") not in ids:
        st.session_state["sweep"] = ids[0]
    # Kept beside the widget: its own state comes from the browser, which may not know yet that a sweep was queued.
    index = ids.index(st.session_state["sweep"])
    chosen = st.selectbox("Sweep", ids, index=index, format_func=lambda one: _name(found[one]))
    st.session_state["sweep"] = chosen
    alive = any(one.moving for one in found.values())
    # It looks on after the end, too: a rerun of the page to stop it would draw the figures anew and lose their zoom.
    st.fragment(in_words()(_live), run_every=REFRESH_SECONDS if alive else None)(chosen, show_view)


def _name(one: Progress) -> str:
    return f"{one.listed.name} · {when(one.listed.created_at)}"


def _live(sweep_id: int, show_view: Shown) -> None:
    found = {one.listed.sweep_id: one for one in sweeps.listed(access.database())}
    kept = _kept(str(access.database().url), sweep_id)
    kept.update(sweep_rows.rows(access.database(), sweep_id, kept))
    rows = list(kept.values())
    _table(list(found.values()))
    _status(found[sweep_id], rows)
    if sampled_sweeps.sampled(access.database(), sweep_id):
        show_trials(sweep_id, rows)
    else:
        _results(sweep_id, rows, show_view)


@st.cache_resource(max_entries=16, show_spinner=False)
def _kept(url: str, sweep_id: int) -> dict[int, Row]:
    """The rows that were read so far, shared by all who look: a run that has ended never changes."""
    return {}


def _table(found: list[Progress]) -> None:
    rows = [
        {
            "sweep": one.listed.name,
            "by": one.listed.author,
            "begun": when(one.listed.created_at),
            "state": one.state,
            "done": one.share,
            "runs": one.total,
            "running": one.count("running"),
            "waiting": one.count("queued") + one.to_come,
            "failed": one.count("failed"),
        }
        for one in found
    ]
    done = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    st.dataframe(rows, hide_index=True, column_config={"done": done}, height=38 + 35 * min(len(rows), 5))


def _status(one: Progress, rows: list[Row]) -> None:
    sweep_id, who = one.listed.sweep_id, user()
    text, pause, cancel = st.columns([4, 1, 1], vertical_alignment="center")
    left = sweep_rows.seconds_left(rows, one.alive)
    pruned = one.count("pruned")
    told = f", {pruned:,} of them pruned" if pruned else ""
    told += "" if one.state == "done" else f" · {one.state}"
    told += "" if left is None or not one.alive else f" · about {duration(left)} left on one worker"
    text.progress(one.share, text=f"{one.done:,} of {one.total:,} runs done{told}")
    if one.alive and one.listed.paused:
        if pause.button("Go on", width="stretch", help="Waiting runs start again."):
            attempt(lambda: sweeps.pause(access.database(), sweep_id, who, paused=False), PLACE, "The sweep goes on.")
    elif one.alive and pause.button("Pause", width="stretch", help="No waiting run starts; those that run go on."):
        attempt(lambda: sweeps.pause(access.database(), sweep_id, who), PLACE, "The sweep is paused.")
    if one.alive and cancel.button("Cancel", width="stretch", help=f"Ends {one.alive:,} runs; what is done stays."):
        attempt(lambda: sweeps.cancel(access.database(), sweep_id, who), PLACE, "Cancelled; what was done stays.")
    _ended_badly(one)


def _ended_badly(one: Progress) -> None:
    """What failed and why, and the way to try it again, as for what was cancelled."""
    sweep_id, who = one.listed.sweep_id, user()
    failed, cancelled = one.count("failed"), one.cancelled
    if failed:
        failures = sweeps.failures(access.database(), sweep_id)
        st.dataframe(failures, hide_index=True, column_config={"error": st.column_config.TextColumn(width="large")})
        if st.button(f"Retry {failed:,} failed", help="They go on from their last checkpoints."):
            attempt(lambda: sweeps.retry(access.database(), sweep_id, "failed", who), PLACE, "Queued again.")
    if cancelled and st.button(f"Queue {cancelled:,} cancelled again"):
        attempt(lambda: sweeps.retry(access.database(), sweep_id, "cancelled", who), PLACE, "Queued again.")


def _results(sweep_id: int, rows: list[Row], show_view: Shown) -> None:
    if not rows:
        st.info("The first run that ends is shown here.")
        return
    first = f"sweep-first-{sweep_id}"
    if first not in st.session_state:
        st.session_state[first] = sweep_rows.first_view(access.database(), sweep_id)
    view, pair, split = st.columns([3, 1, 1])
    name = view.segmented_control(
        "View", list(research.VIEWS), default=st.session_state[first], format_func=research.VIEWS.__getitem__,
        key=f"sweep-view-{sweep_id}", required=True,
    )  # fmt: skip
    chosen_pair = pair.selectbox("Pair", research.pairs_of(rows) or [">"], key=f"sweep-pair-{sweep_id}")
    chosen_split = split.segmented_control(
        "F1 on", ["dev", "test"], default="dev", key=f"sweep-split-{sweep_id}", required=True,
        on_change=lambda: _looked(sweep_id), help="Settings are chosen on dev; every look at test is counted.",
    )  # fmt: skip
    values = sweep_rows.gammas(rows)
    if len(values) > 1 and name != "gamma":  # the other views do not have it on an axis
        gamma = st.segmented_control("gamma", values, default=values[0], key=f"sweep-gamma-{sweep_id}", required=True)
        rows = sweep_rows.with_gamma(rows, gamma)
    try:
        found = research.view(sweep_rows.shown_on(rows, chosen_split), name, chosen_pair, chosen_split)
    except LadtlError as error:
        st.info(f"Nothing to show on {chosen_split}: {plain(error)}.")
        return
    show_view(found, name, chosen_split)


def _looked(sweep_id: int) -> None:
    if st.session_state[f"sweep-split-{sweep_id}"] == "test":
        sweep_rows.look_at_test(access.database(), sweep_id, user())
