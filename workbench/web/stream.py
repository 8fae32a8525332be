"""Streamlit's websocket with accounts: what a page asks is asked as long as its sign-in lasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive, Scope, Send

STREAM = "/_stcore/stream"
PROTOCOLS = b"sec-websocket-protocol"  # "streamlit", the token against forgery, the session to go on with
POLICY = 1008


async def watched(
    scope: Scope, receive: Receive, send: Send, signed_out: Callable[[], Awaitable[bool]]
) -> tuple[Scope, Receive, Send]:
    """The scope, `receive` and `send` to go on with.

    Who is not signed in gets no session that is there already. Once a sign-in has ended nothing that the page asks is
    done any more, no callback and no fragment either: the websocket is closed, and its page comes back as a new one.
    """
    lasts = not await signed_out()
    if not lasts:
        scope = {**scope, "headers": [(name, _without_session(name, value)) for name, value in scope["headers"]]}

    closed = False

    async def receiving() -> Message:
        nonlocal lasts, closed
        message = await receive()
        if message["type"] == "websocket.receive":
            lasted, lasts = lasts, not await signed_out()
            if lasted and not lasts:
                closed = True
                await send({"type": "websocket.close", "code": POLICY})
                return {"type": "websocket.disconnect", "code": POLICY}
        return message

    async def sending(message: Message) -> None:
        if not closed:
            await send(message)

    return scope, receiving, sending


def _without_session(name: bytes, value: bytes) -> bytes:
    return b",".join(value.split(b",")[:2]) if name == PROTOCOLS else value
