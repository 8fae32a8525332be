"""Roles: what somebody may do. Every function of a service that takes the database says which act it is, with `needs`.

Roles count where people sign in (`access.enforced`). Elsewhere everything is permitted: anybody may choose any name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps
from inspect import signature
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from ladtl_core.errors import DataError, LadtlError
from workbench.services import access, places
from workbench.store import audit, permissions
from workbench.store.database import Database
from workbench.store.departments import all_departments
from workbench.store.permissions import Permitted as Permitted

P = ParamSpec("P")
R = TypeVar("R")


class Role(StrEnum):
    CLINICIAN = "clinician"
    REVIEWER = "reviewer"
    RESEARCHER = "researcher"
    ADMIN = "admin"


class Act(StrEnum):
    """What can be done, in the words of a refusal: 'a clinician may not ...'."""

    SEE = "see departments, their progress and guidelines"
    ANNOTATE = "label records"
    REVIEW = "review and share out labels"
    LABELS = "change labels, guidelines and rules"
    RESULTS = "see results and mistakes of models"
    TRAIN = "train and choose the current model"
    RESEARCH = "run and see experiments"
    MODELS = "take models in and out"
    IMPORT = "import records"
    EXPORT = "export records"
    DELETE = "erase records"
    PEOPLE = "give roles and read the audit trail"


_C, _V, _S, _A = Role.CLINICIAN, Role.REVIEWER, Role.RESEARCHER, Role.ADMIN
MAY: dict[Act, tuple[Role, ...]] = {
    Act.SEE: (_C, _V, _S, _A),
    Act.ANNOTATE: (_C, _V, _A),
    Act.REVIEW: (_V, _A),
    Act.LABELS: (_V, _A),
    Act.RESULTS: (_C, _V, _S, _A),
    Act.TRAIN: (_S, _A),
    Act.RESEARCH: (_S, _A),
    Act.MODELS: (_S, _A),
    Act.IMPORT: (_A,),
    Act.EXPORT: (_A,),
    Act.DELETE: (_A,),
    Act.PEOPLE: (_A,),
}
# A page may be opened by whoever may do one of its acts.
OF_PAGES: dict[str, tuple[Act, ...]] = {
    "home": (Act.SEE,),
    "annotate": (Act.ANNOTATE,),
    "review": (Act.ANNOTATE,),
    "agreement": (Act.REVIEW,),
    "train": (Act.TRAIN,),
    "results": (Act.RESULTS,),
    "research": (Act.RESEARCH,),
    "labels": (Act.LABELS,),
    "people": (Act.SEE,),
    "data": (Act.IMPORT, Act.EXPORT),
}


class Forbidden(LadtlError):
    """Somebody asked for what their role or departments do not allow; nothing was done."""


def needs(act: Act) -> Callable[[Callable[Concatenate[Database, P], R]], Callable[Concatenate[Database, P], R]]:
    """Let only those call the function who may do the act, in all departments that its arguments belong to.

    Whoever acts is `access.person`; the program itself may do all. `places` knows the arguments by their names.
    The function raises Forbidden.
    """

    def decorate(function: Callable[Concatenate[Database, P], R]) -> Callable[Concatenate[Database, P], R]:
        parameters = signature(function)

        @wraps(function)
        def checked(database: Database, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if access.enforced() and (who := access.person()) is not None:
                given = parameters.bind(database, *args, **kwargs).arguments
                with database.reading() as session:
                    one = _allowed(session, who, act)
                    if one.departments:
                        for name, found in places.of_arguments(session, given):
                            _inside(one, found, any_will_do=name in places.SHARED and act is not Act.LABELS)
            return function(database, *args, **kwargs)

        checked.__dict__["act"] = act
        return checked

    return decorate


def check(database: Database, user: str, act: Act, department_id: int | None = None) -> None:
    """Raises Forbidden if the person may not do the act, or not in the department; nothing where roles do not count."""
    if not access.enforced():
        return
    with database.reading() as session:
        one = _allowed(session, user, act)
    if department_id is not None:
        _inside(one, {department_id})


def may(database: Database, *acts: Act) -> bool:
    """Whether whoever acts may do one of the acts."""
    who = access.person()
    if not access.enforced() or who is None:
        return True
    with database.reading() as session:
        found = permissions.of(session, who)
    role = _role(found)
    confined = bool(found and found.departments)
    return any(role in MAY[act] and not (confined and act is Act.PEOPLE) for act in acts)


def role_of(database: Database, user: str) -> Role | None:
    """None for somebody without a role, who is disabled or unknown: they may do nothing."""
    with database.reading() as session:
        return _role(permissions.of(session, user))


@needs(Act.PEOPLE)
def everybody(database: Database) -> list[Permitted]:
    """All people with their roles and departments, in the order in which they were added."""
    with database.reading() as session:
        return permissions.everybody(session)


@needs(Act.PEOPLE)
def assign(database: Database, by: str, user: str, role: Role | None, departments: Iterable[int] = ()) -> None:
    """Give a person a role, in some departments or, with none, in all; None takes the role away.

    Raises DataError for nobody, who has to sign in first, and for one's own role: an installation would be left without
    an admin by a slip.
    """
    _not_oneself(by, user)
    ids = sorted(set(departments))
    with database.session() as session:
        _get(session, user)
        permissions.assign(session, user, role, ids)
        audit.note(session, by, "gave role", f"person {user}", {"role": role, "departments": ids})


@needs(Act.PEOPLE)
def disable(database: Database, by: str, user: str, disabled: bool = True) -> None:
    """Let a person do nothing any more, or again what the role says. Raises DataError for oneself or nobody."""
    _not_oneself(by, user)
    with database.session() as session:
        _get(session, user)
        permissions.disable(session, user, disabled)
        audit.note(session, by, "disabled" if disabled else "enabled", f"person {user}")


def claimed(database: Database, user: str, role: str | None) -> Role | None:
    """Keep what a sign-in said of a person, who is added if new; returns the role that counts.

    A role that came with the sign-in replaces another, and goes when a later sign-in does not bring it. What an admin
    gave stays where the sign-in brings none. Departments stay, and who is disabled stays so.
    """
    with database.reading() as session:
        before = permissions.of(session, user)
    if before is None or (role != before.role if role else before.claimed):
        with database.session() as session:
            permissions.claim(session, user, None if role is None else Role(role))
            audit.note(session, user, "role at sign-in", f"person {user}", {"role": role})
    return role_of(database, user)


def _get(session: Session, user: str) -> Permitted:
    found = permissions.of(session, user)
    if found is None:
        known = ", ".join(one.name for one in permissions.everybody(session)[:20])
        raise DataError(f"there is no person {user!r}; people are added when they sign in. There: {known or 'none'}")
    return found


def _not_oneself(by: str, user: str) -> None:
    if by == user:
        raise DataError("nobody changes the own role; ask another admin, or the operator: python -m workbench role")


def visible(session: Session) -> Callable[[int], bool]:
    """Whether whoever acts may see a department, by its id; for lists."""
    who = access.person()
    if not access.enforced() or who is None:
        return lambda department_id: True
    found = permissions.of(session, who)
    return found.sees if found and _role(found) else lambda department_id: False


def seen_departments(session: Session) -> list[int]:
    """The ids of all departments that whoever acts may see."""
    sees = visible(session)
    return [department.id for department in all_departments(session) if sees(department.id)]


def _role(found: Permitted | None) -> Role | None:
    return Role(found.role) if found and found.role and not found.disabled else None


def _allowed(session: Session, user: str, act: Act) -> Permitted:
    found = permissions.of(session, user)
    role = _role(found)
    if found is None or role is None:
        why = "is disabled" if found and found.disabled else "has no role here"
        raise Forbidden(f"{user or 'Nobody'} {why} and may do nothing. An admin can change that on the page People.")
    if role not in MAY[act]:
        others = " or ".join(MAY[act])
        raise Forbidden(f"{user} is {role} and may not {act}; {others} may. An admin can change roles on People.")
    if act is Act.PEOPLE and found.departments:
        raise Forbidden(f"{user} is confined to departments and may not {act}; an admin of all departments may.")
    return found


def _inside(one: Permitted, departments: set[int], any_will_do: bool = False) -> None:
    seen = {department for department in departments if one.sees(department)}
    if not (seen if any_will_do and departments else seen == departments):
        raise Forbidden(f"This belongs to a department that {one.name} may not enter. An admin can change that.")
