"""Results: how a run did, against any other, and which model the department uses."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from ladtl_core.scores import Scores
from workbench.components import charts
from workbench.components.live_plot import live_plot
from workbench.components.numbers import duration, f1_text, when
from workbench.components.plain import plain
from workbench.pages import hidden_states, model_in, model_out, result_compare, result_errors, result_gap
from workbench.pages.how_many import how_many_more
from workbench.pages.permitted import may
from workbench.pages.shared import asked_id, departments_or_hint, pick_department
from workbench.pages.who import user
from workbench.services import access, findings, results
from workbench.services.results import Result
from workbench.services.roles import Act

DATABASE = access.database()


def show() -> None:
    st.title("Results")
    standings = departments_or_hint()
    if not standings:
        return
    choose_department, choose_run, choose_other = st.columns([1, 2, 2])
    with choose_department:
        department = pick_department(standings)
    found = {result.run.run_id: result for result in results.of_department(DATABASE, department.department_id)}
    if not found:
        st.info(f"{plain(department.name)} has no finished training yet.")
        if may(Act.TRAIN) and st.button("Train a model", type="primary"):
            st.switch_page("pages/train.py")
        model_in.from_elsewhere(department)
        return
    with choose_run:
        current = next((run_id for run_id, result in found.items() if result.current), 0)
        result = found[_choose("Run", list(found), "result", found, default=current)]
    with choose_other:
        others = [run_id for run_id in found if run_id != result.run.run_id]
        other = found.get(_choose("Compare with", [0, *others], "compared", found, default=_natural(result, found)))
    _headline(result, other)
    epochs = results.epochs(DATABASE, result.run.run_id)
    if known := findings.warnings(DATABASE, result, list(found.values()), epochs):
        st.warning("\n\n".join(map(plain, known)))
    parts: dict[str, Callable[[], None]] = {
        "Curves": lambda: _curves(result, other),
        "Labels": lambda: _labels(result, other),
        "Gap": lambda: result_gap.show(result, list(found.values()), epochs),
        "How many more?": lambda: how_many_more(result, department),
        "Confusion": lambda: _confusion(result, other),
        "Errors": lambda: result_errors.show(result, other),
        "Side by side": lambda: result_compare.show(result, other),
        "Settings": lambda: _settings(result),
    }
    # Only the tab that is looked at is computed: several read a run's records.
    for tab, show_part in zip(st.tabs(list(parts), key="tab", on_change="rerun"), parts.values(), strict=True):
        if tab.open:
            with tab:
                show_part()
    model_in.from_elsewhere(department)


def _choose(label: str, ids: list[int], key: str, found: dict[int, Result], default: int = 0) -> int:
    """A choice among runs that survives a visit to another page and stands in the page's address."""
    if (asked := asked_id(key)) is not None:
        st.session_state.setdefault(key, asked)
    wanted = st.session_state.get(key, default)
    index = ids.index(wanted) if wanted in ids else (ids.index(default) if default in ids else 0)

    def name(run_id: int) -> str:
        if run_id not in found:
            return "nothing"
        return found[run_id].name + (" · current" if found[run_id].current else "")

    chosen = st.selectbox(label, ids, index=index, format_func=name)
    if chosen != wanted:
        st.session_state[key] = chosen
    if key in st.session_state:  # a default may be another one tomorrow
        st.query_params[key] = str(st.session_state[key])
    return chosen


def _natural(result: Result, found: dict[int, Result]) -> int:
    """The run that shows what this one gained: non-transfer on the same labels, else the one before it."""
    rest = [r for r in found.values() if r is not result]
    same = [r for r in rest if r.snapshot == result.snapshot and r.method == "non-transfer"]
    earlier = [r for r in rest if r.version < result.version]
    return (same or earlier)[0].run.run_id if same or earlier else 0


def _headline(result: Result, other: Result | None) -> None:
    figures, act = st.columns([4, 1], vertical_alignment="center")
    with figures:
        delta = None
        if other and other.dev and result.dev:
            gain = result.dev.overall.f1 - other.dev.overall.f1
            delta = f"{gain:+.1f} F1 against v{other.version} {other.method}"
        st.metric(
            "F1 on dev",
            f"{result.dev.overall.f1:.1f}" if result.dev else "not measured",
            delta,
            help="Percent, with its 95 % interval when records are drawn anew, below.",
        )
        compared = f"; v{other.version}: {f1_text(other.dev)}" if other else ""
        st.caption(f"v{result.version}: {f1_text(result.dev)}{plain(compared)}. {plain(result.selection)}")
    with act:
        if result.current:
            st.button("Current model", disabled=True, width="stretch")
        elif st.button("Make current", type="primary", width="stretch", disabled=not may(Act.TRAIN)):
            results.make_current(DATABASE, result.model_id, user())
            st.session_state["message"] = f"v{result.version} is the current model."
            st.rerun()
    if message := st.session_state.pop("message", None):
        st.toast(plain(message))


def _curves(result: Result, other: Result | None) -> None:
    mine = results.epochs(DATABASE, result.run.run_id)
    live_plot(result_compare.f1_curves(result, other), key="f1", height=300)
    loss, gap = st.columns(2)
    with loss:
        live_plot(charts.losses(mine), key="loss", height=300)
    with gap:
        if any(payload["gap"] for payload in mine):
            live_plot(charts.gaps(mine), key="gap", height=300)
        else:
            st.caption("A gap between departments is measured where source and target are trained together.")
    if any(payload.get("divergence") for payload in mine):
        live_plot(charts.divergence(mine), key="divergence", height=300)
    hidden_states.show(result)


def _labels(result: Result, other: Result | None) -> None:
    if result.dev is None:
        st.info("No dev record was labelled when this run began; label the evaluation set to measure it.")
        return
    last = results.epochs(DATABASE, result.run.run_id)[-1]["gap"]
    table = _table(result.dev)
    if last:
        table["gap B-"] = [last.get(f"B-{label}") for label in table.index]
        table["gap I-"] = [last.get(f"I-{label}") for label in table.index]
    if other and other.dev:
        before = {**other.dev.per_label, "all": other.dev.overall}
        table[f"F1 v{other.version}"] = [before[label].f1 if label in before else None for label in table.index]
        table["gain"] = table["F1"] - table[f"F1 v{other.version}"]
    whole = {name: st.column_config.NumberColumn(format="%.1f") for name in table.columns if not name.startswith("gap")}
    gaps = {name: st.column_config.NumberColumn(format="%.4f") for name in table.columns if name.startswith("gap")}
    st.dataframe(table, column_config={**whole, **gaps, "support": st.column_config.NumberColumn(format="%d")})
    st.caption(
        f"Percent on {result.dev.records} dev records. Gap: unbiased MMD² between the departments' hidden states for "
        "the label's first (B-) and further (I-) tokens; 0: they cannot be told apart; it may be negative."
    )
    if st.button("Look at the test scores", help="Looks are counted: choose on dev, report test once."):
        test = results.look_at_test(DATABASE, result, user())
        if test is None:
            st.info("No test record was labelled when this run began.")
        else:
            st.write(f"F1 on test: {f1_text(test)}")
            st.dataframe(_table(test).round(1))
    looks = results.test_looks(DATABASE, [result.model_id])
    if looks:
        st.caption(f"The test scores of this model were looked at {looks} time{'' if looks == 1 else 's'}.")


def _table(scores: Scores) -> pd.DataFrame:
    rows = {**scores.per_label, "all": scores.overall}
    return pd.DataFrame(
        {
            "precision": {label: score.precision for label, score in rows.items()},
            "recall": {label: score.recall for label, score in rows.items()},
            "F1": {label: score.f1 for label, score in rows.items()},
            "support": {label: score.support for label, score in rows.items()},
        }
    )


def _confusion(result: Result, other: Result | None) -> None:
    runs = [run for run in (result, other) if run is not None and run.dev is not None]
    if not runs:
        st.info("No dev record was labelled when this run began.")
        return
    for column, run in zip(st.columns(len(runs)), runs, strict=True):
        with column:
            assert run.dev is not None
            title = f"v{run.version} {run.method}: tokens on dev"
            live_plot(charts.confusion(title, run.dev.confusion), key=f"confusion-{run is result}", height=360)


def _settings(result: Result) -> None:
    rows = {
        "method": result.method,
        "sources": result.sources or "none",
        "trained": f"{when(result.run.created_at)}, {duration(result.seconds)}, {result.steps} steps",
        "best epoch": str(result.best_epoch),
        "stopping": result.selection,
        "label snapshot": result.snapshot[:12],
    }
    st.dataframe(pd.DataFrame({"value": rows}), width="stretch")
    with st.expander("All settings"):
        st.json(dict(result.settings))
    if may(Act.MODELS):
        st.subheader("As a folder", anchor=False)
        model_out.export(result)


show()
