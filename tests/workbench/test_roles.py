"""Who may do what: the table, departments, and that no service and no route is forgotten."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ladtl_core.errors import DataError
from workbench import services
from workbench.services import access, label_sets, overview, people, places, queueing, roles, sharing
from workbench.services.roles import MAY, Act, Forbidden, Role
from workbench.store import audit, departments, permissions
from workbench.store.database import Database

# What takes the database and asks for no role: it asks itself, signs somebody in, or fills a new installation.
OPEN = {
    "roles.check", "roles.may", "roles.role_of", "roles.claimed", "demo.ensure_demo",
    "logins.account_of", "logins.refusal", "logins.token_refusal", "logins.sign_out",
}  # fmt: skip


@pytest.fixture
def enforced() -> Iterator[None]:
    access.enforce()
    yield
    access.enforce(False)


@pytest.fixture
def wards(database: Database) -> tuple[int, int]:
    """Two departments that share a label set."""
    with database.session() as session:
        made = [departments.create(session, name, "shared", ["Problem"]).id for name in ("Ward", "Hidden")]
    return made[0], made[1]


def functions() -> dict[str, Callable[..., Any]]:
    """Every public function of the services that takes the database."""
    found: dict[str, Callable[..., Any]] = {}
    for module in pkgutil.iter_modules(services.__path__):
        loaded = importlib.import_module(f"{services.__name__}.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            own = function.__module__ == loaded.__name__ and not name.startswith("_")
            if own and "database" in inspect.signature(function).parameters:
                found[f"{module.name}.{name}"] = function
    return found


def test_every_service_says_which_act_it_is() -> None:
    unsaid = {name for name, function in functions().items() if not isinstance(getattr(function, "act", None), Act)}
    assert unsaid == OPEN


def test_every_id_of_an_argument_is_looked_at() -> None:
    """An argument by which something of a department is named must be one that `places` knows."""
    elsewhere = {"rule_id", "comment_id", "table_id", "target_id"}  # beside another id, or of no department
    for name, function in functions().items():
        named = {one for one in inspect.signature(function).parameters if one.endswith(("_id", "_ids"))}
        assert named <= {*places.OF_ARGUMENTS, *elsewhere}, name


def test_every_act_is_in_the_table_and_an_admin_may_do_all() -> None:
    assert set(MAY) == set(Act)
    assert all(Role.ADMIN in allowed for allowed in MAY.values())
    assert set(permissions.ROLES) == {str(role) for role in Role}
    assert set(roles.OF_PAGES) == set(access.PAGES)


@pytest.mark.usefixtures("enforced")
def test_nobody_calls_what_the_role_does_not_allow(database: Database) -> None:
    """Every function refuses before it looks at its arguments."""
    for role in Role:
        roles.claimed(database, role, role)
    for name, function in functions().items():
        if name in OPEN:
            continue
        given = [object()] * (len(inspect.signature(function).parameters) - 1)
        for who in {*Role} - {*MAY[function.act]} | {"nobody"}:  # type: ignore[attr-defined]
            with access.acting_for(who), pytest.raises(Forbidden, match=who):
                _call(function, database, given)


def _call(function: Callable[..., Any], database: Database, given: list[object]) -> None:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    by_name = {one.name: value for one, value in zip(parameters, given, strict=True) if one.kind == one.KEYWORD_ONLY}
    function(database, *given[: len(given) - len(by_name)], **by_name)


@pytest.mark.usefixtures("enforced")
def test_lists_hold_departments_that_one_may_see(database: Database, wards: tuple[int, int]) -> None:
    """Every function without an argument of a department: what it returns does not name the hidden one."""
    people.add(database, "chief")
    roles.assign(database, "operator", "chief", Role.ADMIN, [wards[0]])
    called = 0
    for name, function in functions().items():
        if (
            name not in OPEN
            and getattr(function, "act", None) is not Act.PEOPLE
            and list(inspect.signature(function).parameters) == ["database"]
        ):
            with access.acting_for("chief"):
                assert "Hidden" not in repr(function(database)), name
            called += 1
    assert called >= 8


@pytest.mark.usefixtures("enforced")
def test_departments_are_closed_and_shared_labels_are_changed_by_who_sees_all(
    database: Database, wards: tuple[int, int]
) -> None:
    people.add(database, "rev")
    people.add(database, "all")
    roles.assign(database, "operator", "rev", Role.REVIEWER, [wards[0]])
    roles.assign(database, "operator", "all", Role.REVIEWER)
    with access.acting_for("rev"):
        assert [one.name for one in overview.standings(database)] == ["Ward"]
        assert queueing.queue(database, wards[0], "rev", False) == []
        shared = label_sets.of_department(database, wards[0])
        assert list(shared.departments.values()) == ["Ward"]
        with pytest.raises(Forbidden, match="a department that rev may not enter"):
            queueing.queue(database, wards[1], "rev", False)
        with pytest.raises(Forbidden):
            sharing.set_people(database, department_id=wards[1], people=2, share=100, who="rev")
        with pytest.raises(Forbidden):
            label_sets.add_label(database, shared.label_set_id, "Test", "rev")
    with access.acting_for("all"):
        label_sets.add_label(database, shared.label_set_id, "Test", "all")


@pytest.mark.usefixtures("enforced")
def test_check_says_who_may_and_why_not(database: Database, wards: tuple[int, int]) -> None:
    roles.claimed(database, "new", None)
    with pytest.raises(Forbidden, match="new has no role here"):
        roles.check(database, "new", Act.SEE)
    roles.claimed(database, "new", Role.CLINICIAN)
    roles.check(database, "new", Act.ANNOTATE, wards[1])
    with pytest.raises(Forbidden, match=r"new is clinician and may not train .*; researcher or admin may"):
        roles.check(database, "new", Act.TRAIN)
    roles.assign(database, "operator", "new", Role.CLINICIAN, [wards[0]])
    with pytest.raises(Forbidden, match="may not enter"):
        roles.check(database, "new", Act.ANNOTATE, wards[1])
    roles.disable(database, "operator", "new")
    assert roles.claimed(database, "new", Role.ADMIN) is None
    with pytest.raises(Forbidden, match="is disabled"):
        roles.check(database, "new", Act.SEE)
    roles.disable(database, "operator", "new", disabled=False)
    assert roles.role_of(database, "new") is Role.ADMIN
    with pytest.raises(Forbidden, match="may not enter"):  # departments outlive a new role
        roles.check(database, "new", Act.ANNOTATE, wards[1])


def test_an_admin_stays_and_every_change_is_noted(database: Database) -> None:
    people.add(database, "a")
    roles.assign(database, "operator", "a", Role.ADMIN)
    with pytest.raises(DataError, match="nobody changes the own role"):
        roles.assign(database, "a", "a", None)
    with pytest.raises(DataError, match="nobody changes the own role"):
        roles.disable(database, "a", "a")
    with pytest.raises(DataError, match="no person 'b'"):
        roles.disable(database, "a", "b")
    roles.claimed(database, "a", None)  # as at every sign-in: nothing new
    assert roles.role_of(database, "a") is Role.ADMIN
    with database.reading() as session:
        found = [(entry.who, entry.what, entry.subject, entry.detail) for entry in audit.entries(session)]
    assert found == [
        ("operator", "gave role", "person a", {"role": "admin", "departments": []}),
        (access.OPERATOR, "added", "person a", {}),
    ]


def test_a_role_that_came_with_the_sign_in_goes_with_it(database: Database) -> None:
    """Who leaves the provider's group is no admin at the next sign-in; what an admin gave here stays."""
    assert roles.claimed(database, "ana", "admin") is Role.ADMIN
    assert roles.claimed(database, "ana", None) is None
    roles.assign(database, "operator", "ana", Role.REVIEWER)
    assert roles.claimed(database, "ana", None) is Role.REVIEWER
    assert roles.claimed(database, "ana", "clinician") is Role.CLINICIAN
    assert roles.claimed(database, "ana", None) is None


@pytest.mark.usefixtures("enforced")
def test_an_admin_of_some_departments_opens_no_others(database: Database, wards: tuple[int, int]) -> None:
    for name in ("part", "whole", "other"):
        people.add(database, name)
    roles.assign(database, "operator", "part", Role.ADMIN, [wards[0]])
    roles.assign(database, "operator", "whole", Role.ADMIN)
    with access.acting_for("part"):
        assert not roles.may(database, Act.PEOPLE)
        with pytest.raises(Forbidden, match="confined to departments"):
            roles.assign(database, "part", "other", Role.ADMIN)
    with access.acting_for("whole"):
        assert roles.may(database, Act.PEOPLE)
        roles.assign(database, "whole", "other", Role.CLINICIAN)


def test_without_accounts_everything_is_permitted(database: Database, wards: tuple[int, int]) -> None:
    with access.acting_for("anybody"):
        assert roles.may(database, Act.PEOPLE)
        assert len(functions()["overview.standings"](database)) == 2
        roles.check(database, "anybody", Act.DELETE, wards[1])


def test_the_table_of_the_documentation_is_the_one_of_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "access.md").read_text(encoding="utf-8")
    written = [line for line in page.splitlines() if line.startswith("|")][2:]
    assert written == [
        f"| {act} |{'|'.join(' yes ' if role in allowed else ' ' for role in Role)}|" for act, allowed in MAY.items()
    ]
