"""Home: where each department stands and what to do next."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.components.numbers import f1_text
from workbench.components.plain import plain
from workbench.pages.permitted import may
from workbench.services import access, learning_curve, overview
from workbench.services.overview import Standing
from workbench.services.roles import OF_PAGES, Act

BUTTONS = {
    "data": ("Import records", "pages/data.py"),
    "annotate": ("Label records", "pages/annotate.py"),
    "evaluate": ("Label the evaluation set", "pages/annotate.py"),
    "agreement": ("Adjudicate", "pages/agreement.py"),
    "train": ("Train", "pages/train.py"),
    "review": ("Review suggestions", "pages/review.py"),
}
IN_A_ROW = 4  # cards; each row is as high as its highest


def show() -> None:
    standings = overview.standings(access.database())
    st.title("Departments")
    if not standings:
        st.write("A department is a set of records with one kind of labels. Import the first to begin.")
        if may(Act.IMPORT) and st.button("Import records", type="primary"):
            st.switch_page("pages/data.py")
        return
    if any(standing.generated for standing in standings):
        st.caption(
            "Departments marked *generated* are a demonstration: a program wrote them; they describe no patient."
        )
    for first in range(0, len(standings), IN_A_ROW):
        columns = st.columns(min(len(standings), IN_A_ROW), gap="medium")
        for column, standing in zip(columns, standings[first:], strict=False):
            with column:
                _card(standing)


def _card(standing: Standing) -> None:
    with st.container(border=True, height="stretch", key=f"card-{standing.department_id}"):
        st.subheader(plain(standing.name), anchor=False)
        st.caption("generated" if standing.generated else "imported")
        rows = {
            "records": f"{standing.records:,}",
            "labelled": f"{standing.labelled:,}",
            "evaluation set": f"{standing.evaluation_labelled} of {standing.evaluation_records}",
            "current model": "none" if standing.model_version is None else f"v{standing.model_version}",
            "F1 on dev": f1_text(standing.dev),
        }
        lines = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows.items())
        st.html(f'<dl class="figures">{lines}</dl>')
        st.write(plain(f"{standing.next_step} {_outlook(standing)}"))
        text, page = BUTTONS[standing.action]
        open_to = may(*OF_PAGES[Path(page).stem])
        if open_to and st.button(text, key=f"next-{standing.department_id}", type="primary", width="stretch"):
            st.session_state["department"] = standing.department_id
            st.session_state["evaluation"] = standing.action == "evaluate"
            st.switch_page(page)


def _outlook(standing: Standing) -> str:
    """What more labels should gain, where trainings tell it."""
    curve = learning_curve.of_department(access.database(), standing.department_id)
    unlabelled = standing.records - standing.evaluation_records - standing.labelled
    return (learning_curve.outlook(curve, standing.labelled, unlabelled) if curve else None) or ""


show()
