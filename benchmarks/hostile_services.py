"""What comes through the browser: requests to the routes, imports, and what people type. `READERS` names them.

Each worker has a database of its own, with one record that two people labelled.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from benchmarks.hostile_bytes import PIECES, STRINGS, json_bytes, spoiled
from benchmarks.hostile_files import GOOD, Reader
from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS
from ladtl_core.records import Record
from workbench.services import (
    access,
    exchange,
    importing,
    label_mapping,
    label_sets,
    labelling,
    people,
    queueing,
    suggesting,
    sweep_plans,
    tokens,
)
from workbench.services.queueing import Wanted
from workbench.store import departments, records
from workbench.store.database import Database
from workbench.web import routes
from workbench.web.guard import COOKIE, TOKEN_HEADER, Guard

SPAN = {"id": "s0", "start": 0, "end": 5, "label": 1, "origin": "manual", "confidence": None, "model": None}
EDIT = {"base": 0, "status": "submitted", "spans": [SPAN], "decisions": []}
VERDICT = {"model": None, "start": 0, "end": 5, "label": 1, "kind": "accepted", "origin": "rule"}
CHOICES = {"base": 0, "versions": [[1, 1], [2, 1]], "choices": [{"start": 0, "end": 5, "take": 1}], "finished": True}
# Path after /api/, and a body that it takes.
REQUESTS: tuple[tuple[str, Any], ...] = (
    ("annotations/{}", {**EDIT, "decisions": [VERDICT], "restores": 0}),
    ("annotations/{}/propagate", {"start": 0, "end": 5, "label": 1}),
    ("annotations/{}/comments", {"text": "sure?", "start": 0, "end": 5}),
    ("annotations/{}/comments/1", {"resolved": True}),
    ("annotations/{}/at-work", {}),
    ("adjudications/{}", CHOICES),
)
IDS = ("1", "1", "1", "2", "0", "9" * 30, "-1", "1%00", "\u0661")
IMPORTED = ("jsonl", "csv", "conll", "doccano", "labelstudio", "lines")
Sent = tuple[str, bytes, dict[str, bytes]]  # path, body, headers


@cache
def installation() -> Database:
    """A database in the folder of LADTL_HOME, made at the first use in a process."""
    database = access.database()
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem", "Test"))
        records.add(session, ward.id, [Record("note", "fever and cough", split="pool")], "local")
    for who in ("ana", "ben"):
        edit = labelling.parse_edit({**EDIT, "spans": [SPAN] if who == "ana" else []})
        labelling.save(database, 1, who, edit)
    return database


@cache
def _app() -> tuple[Starlette, asyncio.AbstractEventLoop]:
    return Starlette(routes=routes.ROUTES, middleware=[Middleware(Guard)]), asyncio.new_event_loop()


def _request(random: Random) -> Sent:
    path, body = random.choice(REQUESTS)
    return f"/api/{path.format(random.choice(IDS))}", json_bytes(random, body), {}


def _headers(random: Random) -> Sent:
    token = tokens.issue("ana", random.choice(("api", "page"))).encode()
    given = {
        TOKEN_HEADER: spoiled(random, token),
        "cookie": spoiled(random, f"{COOKIE}=".encode() + token),
        "host": random.choice((b"localhost", spoiled(random, b"[::1]:8501"))),
    }
    path = random.choice(("/api/annotations/1/history", "/media/a.png", "/", "/..%2f", "/static/../secret.key", "//x"))
    return path, b"", given


def _answered(sent: Sent, folder: Path) -> bool:
    """Whether the app said yes. An exception that reaches the server is one that a browser would see as 500."""
    installation()
    app, loop = _app()
    path, body, given = sent
    headers = {TOKEN_HEADER: tokens.issue("ana").encode(), "host": b"localhost", **given}
    scope = {
        "type": "http", "method": "POST" if body else "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [(name.encode(), value) for name, value in headers.items()],
        "scheme": "http", "server": ("localhost", 80), "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    answer: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        answer.append(message)

    loop.run_until_complete(app(scope, receive, send))
    status, text = answer[0]["status"], b"".join(part.get("body", b"") for part in answer)
    assert status < 500, text
    if status >= 400 and path.startswith("/api/"):
        raise DataError(text.decode())
    return bool(status < 400)


def _import(random: Random) -> tuple[str, bytes]:
    key = random.choice(IMPORTED)
    write = FORMATS[key].write
    good = b"".join(data for _, data in write(GOOD)) if write else b"fever\ncough\n"
    return key, json_bytes(random, json.loads(good)) if key == "labelstudio" and random.randrange(2) else spoiled(
        random, good
    )


def _imported(given: tuple[str, bytes], folder: Path) -> bool:
    """All records of a file or none."""
    database, (key, data) = installation(), given
    before = _count(database)
    found = exchange.preview(database, [("notes", data)], key, department=f"Ward {before}", labels=("Problem",))
    if found.errors:
        assert _count(database) == before
        raise found.errors[0]
    try:
        importing.commit(database, found, "ana")
    finally:
        assert _count(database) in (before, before + found.records)
    assert _count(database) == before + found.records
    return True


def _count(database: Database) -> int:
    with database.reading() as session:
        return sum(one.records for one in departments.overview(session))


def _typed(random: Random) -> tuple[str, str, int]:
    text = random.choice((*STRINGS, spoiled(random, random.choice(PIECES)).decode("utf-8", "replace")))
    # What a browser sends is UTF-8: no half of a surrogate pair.
    return random.choice(list(FIELDS)), text.encode("utf-8", "replace").decode(), random.randrange(10**9)


FIELDS: dict[str, Callable[[Database, str, int], object]] = {
    "label set": lambda database, text, number: label_sets.create_set(database, text, (text, "Test"), "ana"),
    "its name": lambda database, text, number: label_sets.rename_set(database, 1, f"{text}{number}", "ana"),
    "label": lambda database, text, number: label_sets.add_label(database, 1, text, "ana"),
    "key of a label": lambda database, text, number: label_sets.change_label(database, 1, "Problem", 1, text, "ana"),
    "guidelines": lambda database, text, number: label_sets.write_guidelines(database, 1, text, {1: text}, "ana"),
    "mapping": lambda database, text, number: label_mapping.save(
        database, 1, 1, {1: number % 4, len(text): None}, "ana"
    ),
    "person": lambda database, text, number: people.add(database, text),
    "term": lambda database, text, number: suggesting.add_rule(database, 1, "term", text, "Problem", "ana"),
    "pattern": lambda database, text, number: suggesting.add_rule(database, 1, "pattern", text, "Problem", "ana"),
    "search": lambda database, text, number: queueing.queue(database, 1, "ana", False, Wanted(words=text)),
    "numbers": lambda database, text, number: sweep_plans.numbers(text, "alpha"),
}


def _entered(given: tuple[str, str, int], folder: Path) -> bool:
    field, text, number = given
    FIELDS[field](installation(), text, number)
    return True


def settle(folder: Path) -> None:
    """Make `folder` the installation of this process."""
    os.environ["LADTL_HOME"] = str(folder)
    os.environ.pop("LADTL_DATABASE_URL", None)
    routes.AWAITED_SAVE_SECONDS = 0.0  # an edit ahead of its record is refused at once


READERS: dict[str, Reader] = {
    "requests": Reader(_request, _answered, 0.2),
    "headers and tokens": Reader(_headers, _answered),
    "import, whole": Reader(_import, _imported, 0.05),
    "what people type": Reader(_typed, _entered, 0.1),
}
