"""Pages by role: what is in the navigation, what an address says, and the form of an admin. No browser."""

from __future__ import annotations

import runpy
from collections.abc import Iterator

import pytest
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from tests.workbench.jobs_kit import spec, two_departments
from tests.workbench.pages_kit import MAIN, press
from workbench.jobs import api
from workbench.pages import who
from workbench.services import access, people, roles, training
from workbench.services.roles import Role
from workbench.store import departments, permissions
from workbench.store.database import Database

PEOPLE = {"ana": Role.ADMIN, "cli": Role.CLINICIAN, "rev": Role.REVIEWER, "res": Role.RESEARCHER, "new": None}


@pytest.fixture(autouse=True)
def enforced(installation: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """People who signed in with these roles; the sidebar offers no names."""
    with installation.session() as session:
        for name in ("Ward", "Hidden"):
            departments.create(session, name, "shared", ["Problem"])
    for name, role in PEOPLE.items():
        roles.claimed(installation, name, role)
    monkeypatch.setattr(who, "pick_user", lambda: None)
    # AppTest would run the file of a page by itself; the app runs main.py, see streamlit_app.py.
    monkeypatch.setattr(script_runner, "_mpa_v1", runpy.run_path)
    access.enforce()
    yield
    access.enforce(False)


def opened(name: str, person: str) -> AppTest:
    app = AppTest.from_file(MAIN, default_timeout=60)
    app.session_state[who.PERSON] = person
    app.run()
    return app.switch_page(f"pages/{name}.py").run()


@pytest.mark.parametrize("person", ["cli", "rev", "res", "new"])
def test_every_page_opens_for_who_may_and_tells_the_others(person: str) -> None:
    """No page fails for a role that may open it, and each is refused at its address to the others, in words."""
    role, app = PEOPLE[person], opened("home", person)
    for page in access.PAGES:
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception, (page, app.exception)
        refused = any(error.value.startswith(person) and " may " in error.value for error in app.error)
        allowed = role is not None and any(role in roles.MAY[act] for act in roles.OF_PAGES[page])
        assert refused is not allowed, page


def test_an_admin_gives_a_role_in_one_department_and_disables(installation: Database) -> None:
    app = opened("people", "ana")
    app.selectbox(key="role-person").select("new").run()
    next(box for box in app.selectbox if box.label == "Role").select(Role.CLINICIAN)
    next(box for box in app.multiselect if box.label == "Departments").select("Ward")
    press(app, "Save role")
    assert "new is clinician." in [one.value for one in app.success]
    assert roles.role_of(installation, "new") is Role.CLINICIAN
    card = opened("home", "new")
    assert [one.value for one in card.subheader] == ["Ward"]
    next(box for box in app.checkbox if box.label.startswith("Disabled")).check()
    press(app, "Save role")
    assert opened("home", "new").error[0].value.startswith("new is disabled")


def test_others_see_names_alone(installation: Database) -> None:
    app = opened("people", "cli")
    assert list(app.dataframe[0].value["Person"]) == people.names(installation)
    assert list(app.dataframe[0].value.columns) == ["Person"]
    assert [one.value for one in opened("people", "rev").subheader][-1] == "Work so far"


def test_the_live_part_of_a_page_tells_whose_role_is_gone(
    installation: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs by itself every other second, long after the page looked at the role."""
    ids = two_departments(installation)
    api.submit_training(installation, spec(ids))
    looked = training.live

    def withdrawn_meanwhile(database: Database, run_id: int) -> training.Live:
        with installation.session() as session:
            permissions.assign(session, "res", None, [])
        return looked(database, run_id)

    monkeypatch.setattr(training, "live", withdrawn_meanwhile)
    app = opened("home", "res")
    app.session_state["department"] = ids[1]
    app.switch_page("pages/train.py").run()
    assert not app.exception
    assert [one.value for one in app.error] == [
        "res has no role here and may do nothing. An admin can change that on the page People."
    ]
