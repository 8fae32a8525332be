"""Where the browser saves labels, and where it gets plotly.js from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ladtl_core.errors import DataError, LadtlError
from workbench.services import access, adjudication, comments, labelling, sharing, suggesting
from workbench.services.access import Unavailable
from workbench.services.labelling import Stale
from workbench.services.roles import Forbidden

Answer = Callable[[Request], Awaitable[Response]]
# What a request does to a record: database, record, user of the token, body.
Act = Callable[[Any, int, str, Any], None]

MOST_DIGITS = 9  # what every database takes for an id


class IdConvertor(Convertor[int]):
    """Ids in paths. One with more digits than an id can have becomes 0, which is nothing's."""

    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        return int(value) if len(value) <= MOST_DIGITS else 0

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("id", IdConvertor())

API, ASSETS = "/api/", "/assets/"
SAVE_PATH = f"{API}annotations/{{record_id:id}}"
PROPAGATE_PATH = f"{SAVE_PATH}/propagate"
HISTORY_PATH = f"{SAVE_PATH}/history"
ADJUDICATION_PATH = f"{API}adjudications/{{record_id:id}}"
COMMENTS_PATH = f"{SAVE_PATH}/comments"
COMMENT_PATH = f"{COMMENTS_PATH}/{{comment_id:id}}"
WORK_PATH = f"{SAVE_PATH}/at-work"
PLOTLY_PATH = f"{ASSETS}plotly.min.js"
PLOTLY_SECONDS = 86400
LONGEST_BODY = 4_000_000  # bytes; thousands of spans
# A page that is being closed sends its last edit while the one before is still on its way.
AWAITED_SAVE_SECONDS = 2.0
AWAITED_SAVE_STEP = 0.05
Save = tuple[int, Callable[[], int]]  # the revision that it is based on, and what saves and returns the new one


async def save_annotation(request: Request) -> Response:
    """Save a record's labels for the user of the token. 409 brings the record as it is, if others changed it."""

    def prepare(body: Any, record_id: int, user: str) -> Save:
        edit = labelling.parse_edit(body)
        return edit.base, lambda: labelling.save(access.database(), record_id, user, edit)

    return await _answer(request, prepare)


async def save_adjudication(request: Request) -> Response:
    """Save what the user of the token chose between a record's versions; 409 as for labels, also if those changed."""

    def prepare(body: Any, record_id: int, user: str) -> Save:
        decision = adjudication.parse_decision(body)
        return decision.base, lambda: adjudication.save(access.database(), record_id, user, decision)

    return await _answer(request, prepare)


async def _answer(request: Request, prepare: Callable[[Any, int, str], Save]) -> Response:
    body = await _body(request)
    if body is None:
        return _refusal(413, f"the edit is larger than {LONGEST_BODY:,} bytes")
    try:
        base, save = prepare(body, request.path_params["record_id"], request.state.user)
        revision = await _save(base, save)
    except Stale as stale:
        return JSONResponse({"error": str(stale), "current": stale.current}, 409)
    except LadtlError as error:
        return _told(error)
    return JSONResponse({"revision": revision})


async def annotation_history(request: Request) -> Response:
    """Every revision of the labels that the user of the token gave the record, oldest first."""
    record_id, user = request.path_params["record_id"], request.state.user
    try:
        return JSONResponse(await anyio.to_thread.run_sync(labelling.history, access.database(), record_id, user))
    except LadtlError as error:
        return _told(error)


async def propagate(request: Request) -> Response:
    """Suggest a span's words with its label in the other records of the department; answers in how many they stand."""
    body = await _body(request)
    try:
        start, end, label = (labelling.whole(body[name]) for name in ("start", "end", "label"))
        found = await anyio.to_thread.run_sync(
            suggesting.propagate, access.database(), request.path_params["record_id"], start, end, label,
            request.state.user,
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        return _refusal(400, f"the request cannot be read ({error!r}); reload the page")
    except LadtlError as error:
        return _told(error)
    return JSONResponse({"records": found})


async def all_comments(request: Request) -> Response:
    """Everybody's comments on the record; a POST adds one of the user of the token."""
    return await _comments(request, comments.add if request.method == "POST" else None)


async def one_comment(request: Request) -> Response:
    """Mark a comment as dealt with, or take that back; answers with all comments."""

    def resolve(database: Any, record_id: int, user: str, body: Any) -> None:
        if not isinstance(body, dict) or not isinstance(body.get("resolved"), bool):
            raise DataError("the request does not say whether the comment is resolved; reload the page")
        comments.resolve(database, record_id, request.path_params["comment_id"], user, body["resolved"])

    return await _comments(request, resolve)


async def _comments(request: Request, act: Act | None) -> Response:
    record_id, database = request.path_params["record_id"], access.database()
    try:
        if act:
            await anyio.to_thread.run_sync(act, database, record_id, request.state.user, await _body(request))
        return JSONResponse(await anyio.to_thread.run_sync(comments.of_record, database, record_id))
    except LadtlError as error:
        return _told(error)


async def at_work(request: Request) -> Response:
    """The user of the token is at work on the record, which nobody else is handed meanwhile."""
    record_id, user = request.path_params["record_id"], request.state.user
    try:
        await anyio.to_thread.run_sync(sharing.renew, access.database(), record_id, user)
    except LadtlError as error:
        return _told(error)
    return JSONResponse({})


async def _save(base: int, save: Callable[[], int]) -> int:
    """Save in a thread. A base that is ahead of the record means that its predecessor is about to arrive."""
    with anyio.move_on_after(AWAITED_SAVE_SECONDS):
        while True:
            try:
                return await anyio.to_thread.run_sync(save)
            except Stale as stale:
                if stale.current["revision"] >= base:
                    raise
            await anyio.sleep(AWAITED_SAVE_STEP)
    return await anyio.to_thread.run_sync(save)


async def _body(request: Request) -> Any:
    """The JSON of the request; None if it is too long, an empty edit (refused later) if it is not JSON."""
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > LONGEST_BODY:
            return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):  # brackets without end
        return {}


async def plotly(request: Request) -> Response:
    """plotly.js as the plotly package brings it: nothing is fetched from another host."""
    headers = {"Cache-Control": f"public, max-age={PLOTLY_SECONDS}", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = await anyio.to_thread.run_sync(_compressed)
        return Response(content, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
    return FileResponse(_plotly(), media_type="text/javascript", headers=headers)


@lru_cache
def _compressed() -> bytes:
    """Kept: it takes a third of a second, and Streamlit would do it at every request."""
    return gzip.compress(_plotly().read_bytes(), 6)


def _plotly() -> Path:
    return Path(str(files("plotly") / "package_data" / "plotly.min.js"))


def _refusal(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status)


def _told(error: LadtlError) -> Response:
    kinds = ((Forbidden, 403), (DataError, 400), (Unavailable, 503))
    return _refusal(next((status for kind, status in kinds if isinstance(error, kind)), 404), str(error))


def _for_user(path: str, answer: Answer, *methods: str) -> Route:
    """A route on which everything is done for the user of the token, so that the services look at the role."""

    async def answered(request: Request) -> Response:
        with access.acting_for(request.state.user):
            return await answer(request)

    return Route(path, answered, methods=list(methods))


ROUTES = [
    _for_user(SAVE_PATH, save_annotation, "POST"),
    _for_user(HISTORY_PATH, annotation_history, "GET"),
    _for_user(COMMENTS_PATH, all_comments, "GET", "POST"),
    _for_user(COMMENT_PATH, one_comment, "POST"),
    _for_user(WORK_PATH, at_work, "POST"),
    _for_user(PROPAGATE_PATH, propagate, "POST"),
    _for_user(ADJUDICATION_PATH, save_adjudication, "POST"),
    Route(PLOTLY_PATH, plotly, methods=["GET"]),
]
