"""Train: choose what to learn from, start, and watch it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ladtl_core.errors import LadtlError
from workbench.components import charts
from workbench.components.live_plot import live_plot
from workbench.components.numbers import duration, when
from workbench.components.plain import plain
from workbench.pages.refusals import in_words
from workbench.pages.shared import departments_or_hint, pick_department
from workbench.services import access, training
from workbench.services.overview import Standing
from workbench.services.training import Live, Setting

DATABASE = access.database()
# The settings that matter most; the others are folded away.
FIRST = ("alpha", "beta", "max_steps", "seed")
ALIVE = ("queued", "running")


def show() -> None:
    st.title("Train")
    standings = departments_or_hint()
    if not standings:
        return
    form, live = st.columns([1, 1.6], gap="large")
    with form:
        _form(standings)
    with live:
        _runs()


def _form(standings: list[Standing]) -> None:
    target = pick_department(standings, "Target department")
    others = [standing for standing in standings if standing is not target]
    method = st.selectbox("Method", training.methods(), index=training.methods().index("la-dtl"))
    st.caption(training.about(method))
    sources: list[Standing] = []
    if method != "non-transfer":
        richest = sorted(others, key=lambda standing: -standing.labelled)[:1]
        sources = st.multiselect(
            "Source departments", others, default=richest, format_func=lambda s: f"{s.name} ({s.labelled} labelled)"
        )
    values: dict[str, dict[str, Any]] = {}
    settings = training.settings(method)
    for setting in (s for s in settings if s.name in FIRST):
        values.setdefault(setting.group, {})[setting.name] = _field(setting)
    with st.expander("More settings"):
        for setting in (s for s in settings if s.name not in FIRST):
            values.setdefault(setting.group, {})[setting.name] = _field(setting)
    compare = method != "non-transfer" and st.checkbox(
        "Train non-transfer as well", value=True, help="A second run, on the target's records alone, shows the gain."
    )
    try:
        _start([s.department_id for s in sources], target.department_id, method, values, compare)
    except LadtlError as error:
        st.warning(plain(error))


def _field(setting: Setting) -> Any:
    help = f"{setting.help} Default {_plain(setting.default)}: {setting.source}."
    label = setting.name.replace("_", " ")
    if setting.kind == "floats":
        text = st.text_input(label, value=_plain(setting.default), help=help)
        return [_number(part) for part in text.split()]
    if setting.choices:
        return st.selectbox(label, setting.choices, index=setting.choices.index(setting.default), help=help)
    if setting.kind == "str":
        return st.text_input(label, value=setting.default, help=help)
    whole = setting.kind == "int"
    return st.number_input(
        label,
        value=setting.default,
        min_value=None if setting.low is None else (int(setting.low) if whole else float(setting.low)),
        max_value=None if setting.high is None else (int(setting.high) if whole else float(setting.high)),
        step=1 if whole else None,
        format=None if whole else "%g",
        help=help,
    )


def _plain(value: Any) -> str:
    return " ".join(f"{item:g}" for item in value) if isinstance(value, tuple) else str(value)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text  # the settings name what is wrong with it


def _start(sources: list[int], target: int, method: str, values: dict[str, dict[str, Any]], compare: bool) -> None:
    spec = training.make_spec(sources, target, method, values)
    offer = training.offer(DATABASE, spec)
    learned = f"{offer.target_labelled} labelled target records"
    if offer.source_labelled:
        learned += f", {offer.source_labelled} of the source"
    st.caption(f"Learns from {learned}; the text of {offer.unlabelled} unlabelled ones serves for word embeddings.")
    st.caption(f"{plain(offer.selection.text)} Test: {offer.test_labelled} records.")
    if offer.left_out:
        st.caption(
            f"{offer.left_out:,} span{'' if offer.left_out == 1 else 's'} inside or across longer ones are left out: a "
            "tagger learns one label a token, of overlapping spans the longest."
        )
    if offer.label_sets:
        st.text("\n".join(offer.label_sets))  # names of labels may hold what Markdown would take for marks
        st.page_link("pages/labels.py", label="Say which labels stand for each other")
    if offer.problem:
        st.warning(plain(offer.problem))
    records = f"{offer.target_labelled} record{'' if offer.target_labelled == 1 else 's'}"
    if st.button(f"Train {method} on {records}", type="primary", disabled=bool(offer.problem), width="stretch"):
        st.session_state["run"] = training.start(DATABASE, spec)
        if compare:
            training.start(DATABASE, training.make_spec([], target, "non-transfer", values))
        st.rerun()


def _runs() -> None:
    runs = [run for run in training.list_runs(DATABASE, st.session_state["department"]) if run.kind == "train"]
    if not runs:
        st.info("No training yet. It runs in the background; you can leave this page and come back.")
        return
    ids = [run.run_id for run in runs]
    titles = {run.run_id: f"{run.title} · {when(run.created_at)}" for run in runs}
    if st.session_state.get("run") not in ids:
        st.session_state["run"] = next((run.run_id for run in runs if run.state in ALIVE), ids[0])
    # Kept beside the widget: its own state comes from the browser, which may not know yet that a run was started.
    run_id = st.selectbox("Run", ids, index=ids.index(st.session_state["run"]), format_func=titles.__getitem__)
    st.session_state["run"] = run_id
    alive = any(run.state in ALIVE for run in runs)
    st.fragment(in_words()(_live), run_every=1.5 if alive else None)(run_id, alive)


def _live(run_id: int, alive: bool) -> None:
    live = training.live(DATABASE, run_id)
    _status(live)
    _plots(live)
    runs = training.list_runs(DATABASE, live.run.department_id)
    if alive and not any(run.state in ALIVE for run in runs):
        st.rerun()  # the whole page: nothing is left to watch


def _status(live: Live) -> None:
    run = live.run
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        done = live.epoch / live.epochs if live.epochs else 0.0
        st.progress(1.0 if run.state == "succeeded" else done, text=_said(live))
    with right:
        if run.state in ALIVE:
            if st.button("Cancel", disabled=run.cancel_requested, width="stretch", key="cancel"):
                training.cancel(DATABASE, run.run_id)
                st.rerun(scope="fragment")
        elif run.state in ("failed", "cancelled"):
            if st.button("Go on", help="Continues from the last checkpoint.", width="stretch", key="retry"):
                training.retry(DATABASE, run.run_id)
                st.rerun()
        else:
            # A link and not st.switch_page: that would run in this fragment, against the fragment's own timer.
            st.session_state["result"] = run.run_id
            st.page_link("pages/results.py", label="See the results")
    if run.error and run.state == "running":
        st.warning(f"The run waits and goes on by itself: {plain(run.error)}")
    elif run.error:
        st.error(f"The run failed: {plain(run.error)}")


def _said(live: Live) -> str:
    run = live.run
    if run.state == "queued":
        return "Queued: starts when the worker is ready, the first time in half a minute"
    if run.stalled:
        since = f" since {run.heartbeat_at.astimezone():%H:%M:%S}" if run.heartbeat_at else ""
        return f"The worker does not answer{since}; the run goes on from its last checkpoint as soon as one is there"
    if run.state == "running" and run.cancel_requested:
        return "Stopping at the end of this epoch"
    if run.state != "running":
        return f"{run.state.capitalize()} · {live.epoch} epochs"
    if live.stage == "embeddings":
        return "Learning word embeddings from the departments' text"
    if live.stage == "suggestions":
        return "Writing suggestions for the department's records"
    if live.stage == "scores":
        return "Scoring the department's records: which to label next"
    if live.epoch == 0 and live.first_losses:
        parts = (f"{charts.LOSS_NAMES[name]} {value:.1f}" for name, value in live.first_losses.items())
        return f"First steps: {', '.join(parts)}"
    left = "" if live.seconds_left is None else f" · at most {duration(live.seconds_left)} left"
    return f"Epoch {live.epoch} of {live.epochs} at most{left}"


def _plots(live: Live) -> None:
    epochs: list[float] = [payload["epoch"] for payload in live.payloads]
    behind = f"{live.dev_records} dev records" if live.dev_records else "held-out records"
    title = f"F1 on {behind}, by epoch; the finished run has its interval"
    live_plot(charts.curves(title, {"F1": (epochs, live.dev_f1)}, "F1 (%)"), key="live-f1", height=240)
    one, two = st.columns(2)
    with one:
        live_plot(charts.losses(live.payloads), key="live-loss", height=260)
    with two:
        if live.payloads and not any(payload["gap"] for payload in live.payloads):
            st.caption("A gap between departments is measured where source and target are trained together.")
        else:
            live_plot(charts.gaps(live.payloads), key="live-gap", height=260)


show()
