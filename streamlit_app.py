"""The wiring: pages, the app's own routes, the guard before them, and background workers while the app runs."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from ladtl_core.errors import ConfigError
from workbench import identity
from workbench.jobs.supervisor import background_workers
from workbench.services import access, sign_in
from workbench.store.private import keep_private
from workbench.web.guard import Guard
from workbench.web.routes import ROUTES
from workbench.web.startup import prepare

MAIN = Path(__file__).resolve().parent / "workbench" / "main.py"

# Beside main.py lies a folder `pages`, which Streamlit takes for its older kind of navigation until main.py has run
# once: without this line the first visit to /train would show every file of the folder as a page.
PagesManager.uses_pages_directory = False

try:
    sign_in.use(sign_in.read(identity.secrets()))
except ConfigError as error:
    raise SystemExit(str(error)) from error
access.enforce(sign_in.settings() is not None)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    keep_private()
    address = st.get_option("server.address")
    try:
        await anyio.to_thread.run_sync(prepare, address, sign_in.settings(), identity.secret_files())
    except SystemExit as refused:  # the server would print it below the places of the program that it came through
        print(refused, file=sys.stderr, flush=True)
        os._exit(1)
    print(f"The La-DTL workbench is at http://{address}:{st.get_option('server.port')}", flush=True)
    with background_workers():
        yield {}


guard = Middleware(Guard, sign_in=sign_in.settings(), claims=identity.claims)
app = st.App(MAIN, routes=ROUTES, middleware=[guard], lifespan=lifespan)
