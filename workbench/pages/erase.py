"""Erasure of records on the page Data: what would go is said first, and nothing goes without a word typed."""

from __future__ import annotations

import streamlit as st

from ladtl_core.errors import LadtlError
from workbench.components.plain import plain
from workbench.pages.who import user
from workbench.services import access, erasure
from workbench.services.erasure import Asked

WORD = "erase"
DONE, ASKED = "erased", "erase-asked"  # in the session state
ALL = "all departments"
PATIENT, RECORDS = "All records of a patient", "Records by their ids"


def erase_records(names: dict[int, str]) -> None:
    """A closed part of the page; `names` are those of the departments by their ids."""
    if lines := st.session_state.pop(DONE, None):
        st.success("\n\n".join(map(plain, lines)))
    with st.expander("Erase records"):
        st.write(
            "Texts, labels, suggestions and comments of a patient's records, in all their revisions, are replaced by "
            "a mark that says no more than that something was there. There is no way back."
        )
        asked = _asked(names)
        if st.button("Show what would go") and asked is not None:
            st.session_state[ASKED] = asked
        if asked is not None and st.session_state.get(ASKED) == asked:
            _confirm(asked)


def _asked(names: dict[int, str]) -> Asked | None:
    left, middle, right = st.columns(3)
    kind = left.selectbox("Erase", [PATIENT, RECORDS])
    given = middle.text_input("Patient" if kind == PATIENT else "Ids, with commas between", key=f"erase {kind}").strip()
    department_id = right.selectbox("in", [None, *names], format_func=lambda key: names.get(key, ALL))
    if not given:
        return None
    if kind == PATIENT:
        return Asked(given, (), department_id)
    return Asked(None, tuple(part.strip() for part in given.split(",") if part.strip()), department_id)


def _confirm(asked: Asked) -> None:
    database = access.database()
    try:
        for line in erasure.told(database, erasure.look(database, asked), done=False):
            st.text(line)
        typed = st.text_input(f'Type "{WORD}" to erase them')
        if st.button("Erase for good", type="primary", disabled=typed.strip() != WORD):
            with st.spinner("Erasing ..."):
                erased = erasure.erase(database, asked, user())
                st.session_state[DONE] = list(erasure.told(database, erased.found, done=True))
            if not erased.clean:
                st.session_state[DONE].append(
                    "Others were reading, so that the database file may still hold what was erased: when nobody "
                    "works, run `python -m workbench erase --clean`."
                )
            del st.session_state[ASKED]
            st.rerun()
    except LadtlError as error:
        st.error(plain(error))
