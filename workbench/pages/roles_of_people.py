"""The part of People where an admin gives roles and departments, and takes out the audit trail."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from workbench.pages.permitted import may
from workbench.pages.shared import attempt, show_said
from workbench.pages.who import user
from workbench.services import access, roles, trail
from workbench.services.roles import MAY, Act, Permitted, Role

PLACE = "roles"
NO_ROLE = "no role"


def roles_of_people(departments: Mapping[int, str]) -> None:
    """Everybody with role and departments, a form for one of them, and the audit trail; nothing for others."""
    if not may(Act.PEOPLE):
        return
    st.subheader("Roles", anchor=False)
    show_said(PLACE)
    if not access.enforced():
        st.caption("Nobody signs in here, so that everybody may do everything; roles count once people do.")
    people = {one.name: one for one in roles.everybody(access.database())}
    if people:
        _table(list(people.values()), departments)
        st.caption(" ".join(f"A {role} may {_acts(role)}." for role in Role if role != Role.ADMIN))
        _change(people, departments)
    _trail()


def _table(people: list[Permitted], departments: Mapping[int, str]) -> None:
    rows = [
        {
            "Person": one.name,
            "Role": one.role or NO_ROLE,
            "From": "sign-in" if one.claimed else "admin" if one.role else "",
            "Departments": ", ".join(departments.get(id, "another") for id in sorted(one.departments)) or "all",
            "Disabled": one.disabled,
        }
        for one in people
    ]
    st.dataframe(rows, hide_index=True)


def _acts(role: Role) -> str:
    return ", ".join(act for act, allowed in MAY.items() if role in allowed)


def _change(people: Mapping[str, Permitted], departments: Mapping[int, str]) -> None:
    name = st.columns(3)[0].selectbox("Change", list(people), key="role-person")
    one = people[name]
    with st.form(f"role-{name}"):
        left, right = st.columns(2)
        chosen = left.selectbox("Role", [NO_ROLE, *Role], [NO_ROLE, *Role].index(one.role or NO_ROLE))
        seen = [id for id in departments if id in one.departments]
        ids = right.multiselect(
            "Departments", list(departments), seen, departments.__getitem__, placeholder="All departments"
        )
        disabled = st.checkbox("Disabled: may do nothing", one.disabled)
        if st.form_submit_button("Save role"):
            attempt(lambda: _save(one, chosen, ids, disabled), PLACE, f"{name} is {_now(chosen, disabled)}.")


def _save(one: Permitted, chosen: str, ids: list[int], disabled: bool) -> None:
    role = None if chosen == NO_ROLE else Role(chosen)
    if (role, frozenset(ids)) != (one.role, one.departments):
        roles.assign(access.database(), user(), one.name, role, ids)
    if disabled != one.disabled:
        roles.disable(access.database(), user(), one.name, disabled)


def _now(chosen: str, disabled: bool) -> str:
    return "disabled" if disabled else "without a role" if chosen == NO_ROLE else chosen


def _trail() -> None:
    st.subheader("Audit trail", anchor=False)
    st.caption("Who did what, when. Entries cannot be changed or removed; none holds text of a record.")
    if st.button("Prepare the audit trail"):
        st.session_state["audit"] = {form: trail.written(access.database(), form) for form in trail.FORMATS}
    for column, (form, content) in zip(st.columns([1, 1, 4]), st.session_state.get("audit", {}).items(), strict=False):
        column.download_button(f"Save audit.{form}", content, f"audit.{form}", on_click="ignore", width="stretch")
