"""The form of a new sweep: what to try, the plan of it, and the button that queues the plan.

A grid tries every combination of values; a sampled sweep looks for the best between limits, guided by its trials.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import streamlit as st

from ladtl_core.config import Config, TransferConfig
from ladtl_core.errors import LadtlError
from workbench.components.numbers import duration
from workbench.components.plain import plain
from workbench.pages.shared import departments_or_hint
from workbench.pages.who import user
from workbench.services import access, sampled_sweeps, sweeps, training
from workbench.services.overview import Standing
from workbench.services.sampled_sweeps import Sampled, SampledPlan
from workbench.services.sweep_plans import WEIGHTS, Grid, Plan, numbers, pairs, plan

FIRST_VALUES = {"alpha": "0 0.01 0.02 0.05 0.1", "beta": "0 0.05 0.2 0.5"}
FIRST_LIMITS = {"alpha": "0.001 0.3", "beta": "0.01 1", "epsilon": "0.1 0.9"}
EVERY, SAMPLED = "Every combination", "Sampled"


def sweep_form(existing: Collection[int]) -> None:
    """Ask for a grid or a sampled sweep, show its plan, and queue that once it was shown."""
    standings = departments_or_hint()
    if not standings:
        return
    try:
        asked = _asked(standings)
        if st.button("Plan the runs", help="Counts them and estimates their time; nothing is queued."):
            planned = (
                plan(access.database(), asked)
                if isinstance(asked, Grid)
                else sampled_sweeps.plan(access.database(), asked)
            )
            st.session_state["sweep-plan"] = (asked, planned)
    except LadtlError as error:
        st.warning(plain(error))
        return
    planned_for, planned = st.session_state.get("sweep-plan", (None, None))
    if planned is not None and planned_for == asked:
        _queue(planned, f"Sweep {len(existing) + 1}")


def _asked(standings: list[Standing]) -> Grid | Sampled:
    how = st.segmented_control(
        "Values of the weights", [EVERY, SAMPLED], default=EVERY, required=True, key="sweep-how",
        help="Sampled: the next trial goes where the trials so far were best (Optuna's TPE), and runs whose F1 on dev "
        "stays below the median of the others are ended early.",
    )  # fmt: skip
    if how == SAMPLED and not sampled_sweeps.possible():
        st.info(sampled_sweeps.INSTALL)
    by_id = {standing.department_id: standing for standing in standings}
    names = {key: f"{one.name} ({one.labelled} labelled)" for key, one in by_id.items()}
    ranked = sorted(by_id, key=lambda key: -by_id[key].labelled)
    one, two, three = st.columns(3)
    sources = one.multiselect("Sources", ranked, default=ranked[:1], format_func=names.__getitem__)
    together = len(sources) > 1 and one.checkbox(
        "All sources at once", help="Each run learns from all of them as from one; otherwise each is a run of its own."
    )
    poorest = [key for key in ranked if by_id[key].labelled][-1:]
    targets = two.multiselect("Targets", ranked, default=poorest, format_func=names.__getitem__)
    methods = three.multiselect("Methods", training.methods(), default=["la-dtl"])
    texts = _weights(FIRST_VALUES if how == EVERY else FIRST_LIMITS, how)
    one, two, three, *four = st.columns(3 if how == EVERY else 4)
    shares = numbers(
        one.text_input("Shares of the target's labels", "1", help="Each above 0 and up to 1: 0.1 0.5 1."), "the shares"
    )
    seeds = two.number_input("Seeds", 1, 100, 1, help="Runs of each combination; each draws its share of labels anew.")
    steps = three.number_input("Steps at most", 1, value=Config().training.max_steps)
    trained_on = pairs(sources, targets, together)
    config = Config(training=replace(Config().training, max_steps=steps))
    if how == EVERY:
        weights = {name: numbers(text, name) for name, text in texts.items()}
        return Grid(trained_on, tuple(methods), weights, shares, seeds, config)
    trials = four[0].number_input("Trials", 2, 500, 30, help="Of each pair, method, share and seed; each is a run.")
    ranges = {name: ends for name, text in texts.items() if (ends := sampled_sweeps.limits(text, name))}
    return Sampled(Grid(trained_on, tuple(methods), {}, shares, seeds, config), ranges, trials)


def _weights(first: Mapping[str, str], how: str) -> dict[str, str]:
    """What was written for each weight: values, or limits."""
    places = zip(WEIGHTS, st.columns(len(WEIGHTS)), strict=True)
    return {
        name: place.text_input(name, first.get(name, ""), help=_help(name, how), key=f"sweep-{how}-{name}")
        for name, place in places
    }


def _help(name: str, how: str) -> str:
    metadata = TransferConfig.__dataclass_fields__[name].metadata
    default = getattr(TransferConfig(), name)
    values = "Values with spaces between them" if how == EVERY else "The lowest and the highest value to try"
    return f"{metadata['help']} {values}; empty for the default, {default}."


def _queue(planned: Plan | SampledPlan, name: str) -> None:
    """What the plan says, and its button."""
    st.markdown(f"**{_said(planned)}**")
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    name = left.text_input("Name", name)
    what = f"{planned.new:,} {'runs' if isinstance(planned, Plan) else 'trials'}"
    label = f"Queue {what}" if planned.new else "Show these runs"
    if right.button(label, type="primary", width="stretch"):
        try:
            st.session_state["sweep"] = _queued(planned, name.strip())
        except LadtlError as error:
            st.error(plain(error))
            return
        del st.session_state["sweep-plan"]
        st.session_state["said-sweeps"] = f"{name.strip()}: {what} queued behind all single trainings."
        st.rerun()


def _queued(planned: Plan | SampledPlan, name: str) -> int:
    if isinstance(planned, Plan):
        return sweeps.queue(access.database(), name, planned, user())
    return sampled_sweeps.queue(access.database(), name, planned, user())


def _said(planned: Plan | SampledPlan) -> str:
    """How many runs, how many of them are there already, and the time of the rest."""
    if isinstance(planned, SampledPlan):
        return f"{planned.new:,} trials{_each(planned)}. {_time(planned, f'at most {planned.new:,} whole runs')}"
    parts = [f"{len(planned.runs):,} runs"]
    if finished := planned.count("succeeded"):
        parts.append(f"{finished:,} are finished already")
    if waiting := planned.count("queued", "running"):
        parts.append(f"{waiting:,} are under way")
    text = ", ".join(parts) + "."
    return f"{text} {_time(planned, f'{planned.new:,} to run')}" if planned.new else text


def _each(planned: SampledPlan) -> str:
    several = len(planned.studies)
    return "" if several == 1 else f": {planned.trials:,} of each of {several:,} trainings"


def _time(planned: Plan | SampledPlan, runs: str) -> str:
    if planned.seconds is None:
        return "No training has finished here yet, so the time cannot be told."
    by = f"{planned.measured:,} finished training{'' if planned.measured == 1 else 's'}"
    return f"{runs[0].upper()}{runs[1:]}: about {duration(planned.seconds)} on one worker, from {by}."
