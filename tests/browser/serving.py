"""The real app on a free port with a home folder of its own, and a real Chromium to visit it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright, ViewportSize

from workbench.store.database import Database

ROOT = Path(__file__).parents[2]
START_SECONDS = 180
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--process-per-site",  # tabs share a process, which compiles the app's scripts once
]
# The shell draws no window, which nobody would see, and leaves more of the processor to the tests.
EXECUTABLE = shutil.which("chromium-headless-shell") or shutil.which("chromium")
VIEWPORT: ViewportSize = {"width": 1280, "height": 720}


@dataclass(frozen=True)
class RunningApp:
    url: str
    pid: int
    database: Database
    start_seconds: float


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium where there is one, else Playwright's own."""
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=CHROMIUM)


def launch_with_profile(playwright: Playwright, folder: Path) -> BrowserContext:
    """The same with a profile in `folder`: it keeps what it loaded and compiled, so pages open in half the time."""
    return playwright.chromium.launch_persistent_context(
        folder, executable_path=EXECUTABLE, args=CHROMIUM, viewport=VIEWPORT
    )


@contextmanager
def running_app(home: Path, *options: str, port: int | None = None) -> Iterator[RunningApp]:
    """`streamlit run streamlit_app.py` on `home`, until the block ends. Its output is in `home/app.log`."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.port", str(port), "--server.headless", "true", *options]
    environment = {**os.environ, "LADTL_HOME": str(home)}
    database = Database(f"sqlite:///{home / 'workbench.db'}")
    begin = time.perf_counter()
    with (home / "app.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_healthy(url, process, home / "app.log")
            yield RunningApp(url, process.pid, database, time.perf_counter() - begin)
        finally:
            process.terminate()
            process.wait(timeout=30)
            database.close()


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.05)
    raise RuntimeError(f"the app did not start:\n{log.read_text()}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
