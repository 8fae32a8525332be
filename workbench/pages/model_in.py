"""Models from elsewhere: those that a department has, and one on its way in.

What a file says of itself is shown as plain text: Markdown could ask another host for a picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ladtl_core.errors import LadtlError
from workbench.components.plain import plain
from workbench.pages.permitted import may
from workbench.pages.shared import attempt, show_said
from workbench.pages.who import user
from workbench.services import access, model_folder, model_import, results
from workbench.services.model_import import About, Brought, Elsewhere, Fit
from workbench.services.overview import Standing
from workbench.services.roles import Act

PLACE = "model-in"


def from_elsewhere(department: Standing) -> None:
    """The department's models from elsewhere, and a way to bring in another."""
    found = model_import.of_department(access.database(), department.department_id)
    if found:
        st.subheader("Models from elsewhere", anchor=False)
    show_said(PLACE)
    if found:
        _listed(found)
    if may(Act.MODELS):
        with st.expander("Bring in a model from elsewhere"):
            _bring_in(department)


def _listed(found: Sequence[Elsewhere]) -> None:
    rows = [
        {
            "version": f"v{one.version}{' · current' if one.current else ''}",
            "method": one.about.method,
            "source": " + ".join(one.about.sources) or "none",
            "target": one.about.target,
            "F1 there": _measured(one.about),
            "labels": ", ".join(one.about.labels),
            "words": one.about.words,
            "trained": one.about.trained,
        }
        for one in found
    ]
    st.dataframe(rows, hide_index=True)
    st.caption("F1 was measured where the model was trained. Review compares the current model with the labels here.")
    others = {one.version: one.model_id for one in found if not one.current}
    if not others or not may(Act.TRAIN):
        return
    choose, act = st.columns([1, 4], vertical_alignment="bottom")
    version = choose.selectbox("Version", list(others), format_func=lambda number: f"v{number}")
    if act.button(f"Make v{version} current"):
        said = f"v{version} is the current model. It reads the department's records in the background."
        attempt(lambda: results.make_current(access.database(), others[version], user()), PLACE, said)


def _measured(about: About) -> str:
    if about.f1 is None:
        return "not measured"
    interval = f"{about.interval[0]:.1f}\u2013{about.interval[1]:.1f}, " if about.interval else ""
    return f"{about.f1:.1f} ({interval}{about.records} record{'' if about.records == 1 else 's'})"


def _bring_in(department: Standing) -> None:
    key = f"model-{st.session_state.get('models-in', 0)}"  # a new one after each model empties the widget
    file = st.file_uploader("Zip of the model's folder", type="zip", key=key, help="As the page Results saves it.")
    if file is None:
        return
    try:
        brought = model_import.opened(model_folder.unzipped(file.name, file.getvalue()), file.name)
    except LadtlError as error:
        st.error("This is no model that can be brought in; nothing was stored.")
        st.text(str(error))
        return
    fit = model_import.fit(access.database(), brought, department.department_id)
    about = brought.about
    st.text(f"{about.title}, F1 there {_measured(about)}, {about.words:,} words, labels {', '.join(about.labels)}")
    _warn(brought, fit)
    if st.button(f"Bring it into {plain(department.name)}", type="primary", disabled=not fit.labels):
        _store(brought, department)


def _warn(brought: Brought, fit: Fit) -> None:
    if fit.missing:
        st.warning(
            f"This department lacks {len(fit.missing)} of the model's {len(brought.about.labels)} labels; spans with "
            "them would not be suggested. Labels are matched by name: add or rename them on the page Labels first."
        )
        st.text(f"Missing: {', '.join(fit.missing)}")
    if fit.scheme:
        st.warning(f"The model learned from {brought.scheme} tokens; records here have {fit.scheme} tokens.")


def _store(brought: Brought, department: Standing) -> None:
    try:
        model = model_import.bring_in(access.database(), brought, department.department_id, user())
    except LadtlError as error:
        st.error(plain(error))
        return
    first = department.model_version is None
    now = "is the current model and reads the records in the background" if first else "can be made current below"
    st.session_state[f"said-{PLACE}"] = f"v{model.version} is here: it {now}."
    st.session_state["models-in"] = st.session_state.get("models-in", 0) + 1
    st.rerun()
