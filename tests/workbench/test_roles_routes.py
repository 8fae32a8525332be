"""Every route of the app's own asks for the role and the department of the token's user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from ladtl_core.records import Record
from workbench.services import access, people, roles
from workbench.services.roles import Role
from workbench.store import departments, records
from workbench.store.database import Database
from workbench.web.routes import API, ROUTES

EDIT: dict[str, Any] = {"base": 0, "status": "draft", "spans": [], "decisions": []}
BODY = {**EDIT, "text": "why?", "start": 0, "end": 5, "label": 1, "resolved": True, "revision": 0, "versions": []}
BODY |= {"choices": [], "finished": False}


@pytest.fixture
def record_ids(installation: Database) -> Iterator[list[int]]:
    """A record in each of two departments; roles count."""
    found = []
    for name in ("Ward", "Hidden"):
        with installation.session() as session:
            department = departments.create(session, name, "shared", ["Problem"])
            records.add(session, department.id, [Record(f"r-{name}", "cough since May", split="pool")], "local")
            found += [row.id for row in records.of_department(session, department.id)]
    access.enforce()
    yield found
    access.enforce(False)


def answers(record_id: int, user: str) -> dict[str, int]:
    """The status of every route with every method, for a token of that user."""

    async def signed_in(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["user"] = user
        await app(scope, receive, send)

    app = Starlette(routes=ROUTES)
    client = TestClient(signed_in)
    found = {}
    for route in ROUTES:
        assert isinstance(route, Route)
        if route.path.startswith(API):
            path = route.path.replace("{record_id:id}", str(record_id)).replace("{comment_id:id}", "1")
            for method in sorted((route.methods or set()) - {"HEAD"}):
                found[f"{method} {route.path}"] = client.request(method, path, json=BODY).status_code
    return found


def test_no_route_answers_without_a_role_or_in_another_department(
    installation: Database, record_ids: list[int]
) -> None:
    ward, hidden = record_ids
    roles.claimed(installation, "new", None)
    roles.claimed(installation, "res", Role.RESEARCHER)
    people.add(installation, "rev")
    with installation.reading() as session:
        [one] = [one.id for one in departments.all_departments(session) if one.name == "Ward"]
    roles.assign(installation, "operator", "rev", Role.REVIEWER, [one])
    for user, record_id in (("new", ward), ("res", ward), ("nobody", ward), ("rev", hidden)):
        assert set(answers(record_id, user).values()) == {403}, (user, answers(record_id, user))
    assert 403 not in answers(ward, "rev").values()
