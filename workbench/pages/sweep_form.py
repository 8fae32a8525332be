"""The form of a new sweep: what to try, the plan of it, and the button that queues the plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import streamlit as st

from ladtl_core.config import Config, TransferConfig
from ladtl_core.errors import LadtlError
from workbench.components.numbers import duration
from workbench.components.plain import plain
from workbench.pages.shared import departments_or_hint
from workbench.pages.who import user
from workbench.services import access, sweeps, training
from workbench.services.overview import Standing
from workbench.services.sweep_plans import WEIGHTS, Grid, Plan, numbers, plan

FIRST_VALUES = {"alpha": "0 0.01 0.02 0.05 0.1", "beta": "0 0.05 0.2 0.5"}


def sweep_form(existing: Collection[int]) -> None:
    """Ask for a grid, show its plan, and queue that once it was shown."""
    standings = departments_or_hint()
    if not standings:
        return
    try:
        grid = _grid(standings)
        if st.button("Plan the runs", help="Counts them and estimates their time; nothing is queued."):
            st.session_state["sweep-plan"] = (grid, plan(access.database(), grid))
    except LadtlError as error:
        st.warning(plain(error))
        return
    planned_for, planned = st.session_state.get("sweep-plan", (None, None))
    if planned is not None and planned_for == grid:
        _queue(planned, f"Sweep {len(existing) + 1}")


def _grid(standings: list[Standing]) -> Grid:
    by_id = {standing.department_id: standing for standing in standings}
    names = {key: f"{one.name} ({one.labelled} labelled)" for key, one in by_id.items()}
    ranked = sorted(by_id, key=lambda key: -by_id[key].labelled)
    one, two, three = st.columns(3)
    sources = one.multiselect("Sources", ranked, default=ranked[:1], format_func=names.__getitem__)
    poorest = [key for key in ranked if by_id[key].labelled][-1:]
    targets = two.multiselect("Targets", ranked, default=poorest, format_func=names.__getitem__)
    methods = three.multiselect("Methods", training.methods(), default=["la-dtl"])
    weights = {
        name: numbers(place.text_input(name, FIRST_VALUES.get(name, ""), help=_help(name)), name)
        for name, place in zip(WEIGHTS, st.columns(len(WEIGHTS)), strict=True)
    }
    one, two, three = st.columns(3)
    shares = numbers(
        one.text_input("Shares of the target's labels", "1", help="Each above 0 and up to 1: 0.1 0.5 1."), "the shares"
    )
    seeds = two.number_input("Seeds", 1, 100, 1, help="Runs of each combination; each draws its share of labels anew.")
    steps = three.number_input("Steps at most", 1, value=Config().training.max_steps)
    alone: list[tuple[int, ...]] = [(source,) for source in sources]
    pairs = [(used, target) for target in targets for used in alone or [()] if target not in used]
    config = Config(training=replace(Config().training, max_steps=steps))
    return Grid(tuple(pairs), tuple(methods), weights, shares, seeds, config)


def _help(name: str) -> str:
    metadata = TransferConfig.__dataclass_fields__[name].metadata
    default = getattr(TransferConfig(), name)
    return f"{metadata['help']} Values with spaces between them; empty for the default, {default}."


def _queue(planned: Plan, name: str) -> None:
    """What the plan says, and its button."""
    st.markdown(f"**{_said(planned)}**")
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    name = left.text_input("Name", name)
    label = f"Queue {planned.new:,} runs" if planned.new else "Show these runs"
    if right.button(label, type="primary", width="stretch"):
        try:
            st.session_state["sweep"] = sweeps.queue(access.database(), name.strip(), planned, user())
        except LadtlError as error:
            st.error(plain(error))
            return
        del st.session_state["sweep-plan"]
        st.session_state["said-sweeps"] = f"{name.strip()}: {planned.new:,} runs queued behind all single trainings."
        st.rerun()


def _said(planned: Plan) -> str:
    parts = [f"{len(planned.runs):,} runs"]
    if finished := planned.count("succeeded"):
        parts.append(f"{finished:,} are finished already")
    if waiting := planned.count("queued", "running"):
        parts.append(f"{waiting:,} are under way")
    text = ", ".join(parts) + "."
    if not planned.new:
        return text
    if planned.seconds is None:
        return f"{text} No training has finished here yet, so the time cannot be told."
    by = f"{planned.measured:,} finished training{'' if planned.measured == 1 else 's'}"
    return f"{text} {planned.new:,} to run: about {duration(planned.seconds)} on one worker, from {by}."
