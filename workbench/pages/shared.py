"""What several pages need: the department that a person works on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.services.overview import Standing


def pick_department(standings: Sequence[Standing], label: str = "Department") -> Standing:
    """A select box that keeps its choice from page to page; starts at the first department that needs labels."""
    by_id = {standing.department_id: standing for standing in standings}
    if st.session_state.get("department") not in by_id:
        needy = [s for s in standings if s.labelled < s.records - s.evaluation_records]
        st.session_state["department"] = (needy or list(standings))[0].department_id
    # A widget's own state ends with its page; the choice is kept beside it.
    chosen = st.selectbox(
        label,
        list(by_id),
        index=list(by_id).index(st.session_state["department"]),
        format_func=lambda department_id: by_id[department_id].name,
    )
    st.session_state["department"] = chosen
    return by_id[chosen]
