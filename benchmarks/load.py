"""Thirty people who save at once while a training runs and records are imported: how long they wait, what is lost.

    python -m benchmarks load --database sqlite --annotators 30 --minutes 10 --records 20000

The app serves its demo. Each person marks words of Respiratory's records or takes marks away, an edit every 0 to 3
seconds (PAUSE on average: docs/measured.md has 1.9 s a span for one who labels by keyboard), sent through the app's
route with a token of their own; the pages that they open between edits are left out. One file of demo records under new
ids is given to page Data in a real browser and imported there, into a department of its own. Trainings of La-DTL from
Cardiology to Respiratory with the app's settings follow each other, executed by the worker of the app's own supervisor.

A wait is the time from the first request of an edit to its acknowledgement. Ends with 1 if an acknowledged edit is not
in the database, or if the import is not there whole.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.editors import Editor, Saved, editing, lost
from benchmarks.importing import DEMO
from benchmarks.processes import processes, with_children
from benchmarks.served import DATABASES, App, installation
from ladtl_core.config import Config, TrainingConfig
from ladtl_core.records import SPLITS
from tests.browser.serving import launch
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.store import departments, records
from workbench.store import gold as gold_of
from workbench.store.database import Database

SOURCE, TARGET, IMPORTED = "Cardiology", "Respiratory", "Admissions"
PAUSE = 1.5  # seconds, on average
LOOK_SECONDS = 0.5
STARTED_SECONDS, IMPORT_SECONDS = 300.0, 1800.0
ROLES = {"app": "streamlit run", "supervisor": "workbench.jobs supervise", "worker": "workbench.jobs worker"}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", choices=DATABASES, default="sqlite", help="(sqlite)")
    parser.add_argument("--annotators", type=int, default=30, help="people who save (30)")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long they do at least (10)")
    parser.add_argument("--records", type=int, default=20_000, help="records to import (20000)")


def run(options: argparse.Namespace) -> None:
    from benchmarks.output import head, record  # loads torch

    head(options)
    with installation(options.database) as (home, database):
        load = Load(home, database, options.annotators)
        load.last(60 * options.minutes, options.records)
        told = {**load.report(), "import whole": load.whole(), "lost": len(load.lost())}
    record(options, {"table": "load", "database": options.database, "annotators": options.annotators, **told})
    print("\n".join(f"{name}: {_shown(value)}" for name, value in told.items()))
    if told["lost"] or not told["import whole"]:
        sys.exit(1)


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, bool) else f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


@dataclass
class Peaks:
    """The most memory that was seen of the installation's processes and of its database server, in megabytes."""

    home: Path
    of: dict[str, float] = field(default_factory=dict)

    def look(self) -> None:
        for process in processes(str(self.home)):
            for role, command in ROLES.items():
                if command in process.command:
                    self._note(role, process.peak)
        server = self.home.parent / "data" / "postmaster.pid"
        if server.exists():
            self._note("database server", with_children(int(server.read_text().split()[0])))

    def _note(self, role: str, megabytes: float) -> None:
        self.of[role] = max(self.of.get(role, 0.0), megabytes)


class Load:
    """People, trainings and an import on one installation. `config_of` makes a training's settings of its seed."""

    def __init__(
        self,
        home: Path,
        database: Database,
        people: int,
        pause: float = PAUSE,
        config_of: Callable[[int], Config] = lambda seed: Config(training=TrainingConfig(seed=seed)),
    ) -> None:
        self._home, self._database, self._config_of = home, database, config_of
        self._people, self._pause = people, pause
        self._app, self._peaks = App(home), Peaks(home)
        self._editors: list[Editor] = []
        self._ids: dict[str, int] = {}
        self._submitted: list[int] = []
        self._expected: dict[str, Any] = {}
        self._importing: tuple[float, float, float] | None = None  # chosen, looked at, written
        self._begin = self._end = 0.0

    def last(self, seconds: float, count: int) -> None:
        """Let people save that long, and until the import has ended."""
        file = self._home / "admissions.jsonl"
        self._expected = _write(file, count)
        self._app.start()  # which brings the demo into the new database
        try:
            self._editors = self._seated()
            with sync_playwright() as playwright:
                browser = launch(playwright)
                page = browser.new_page()
                page.goto(f"{self._app.url}/data")
                page.locator("input[type=file]").first.wait_for(state="attached")
                self._watch(self._training, STARTED_SECONDS)
                with editing(self._editors):
                    self._begin = time.perf_counter()
                    self._import(page, file)
                    self._watch(lambda: time.perf_counter() - self._begin >= seconds, seconds)
                    self._end = time.perf_counter()
                browser.close()
        finally:
            self._app.stop()

    def _seated(self) -> list[Editor]:
        with self._database.reading() as session:
            self._ids = {one.name: one.id for one in departments.all_departments(session)}
            texts = {row.id: row.text for row in records.of_department(session, self._ids[TARGET], ("pool", "train"))}
            label = departments.labels(session, self._ids[TARGET])[0].id
        return [
            Editor(self._app.port, f"person-{n}", texts, label, pause=self._pause, seed=n) for n in range(self._people)
        ]

    def _import(self, page: Page, file: Path) -> None:
        """As a person does it on page Data."""
        chosen = time.perf_counter()
        page.locator("input[type=file]").first.set_input_files(file)
        button = page.get_by_role("button", name=re.compile(r"^Import [\d,]+ record"))
        if not self._watch(button.is_visible, IMPORT_SECONDS):
            return
        looked = time.perf_counter()
        button.click()
        if self._watch(page.get_by_text(re.compile(r"^Imported [\d,]+ record")).is_visible, IMPORT_SECONDS):
            self._importing = chosen, looked, time.perf_counter()

    def _watch(self, what: Callable[[], bool], most: float) -> bool:
        """Keep a training under way and look at memory until `what` holds; whether it did within `most` seconds."""
        until = time.monotonic() + most
        while not what():
            if time.monotonic() > until:
                return False
            if all(self._ended()):
                config = self._config_of(len(self._submitted))
                spec = TrainSpec((self._ids[SOURCE],), self._ids[TARGET], config)
                self._submitted.append(api.submit_training(self._database, spec))
            self._peaks.look()
            time.sleep(LOOK_SECONDS)
        return True

    def _training(self) -> bool:
        return any(api.status(self._database, run_id).state == "running" for run_id in self._submitted)

    def _ended(self) -> list[bool]:
        return [api.status(self._database, run_id).ended for run_id in self._submitted]

    def acknowledged(self) -> list[Saved]:
        return [one for editor in self._editors for one in editor.acknowledged]

    def lost(self) -> list[Saved]:
        return lost(self._database, self.acknowledged())

    def whole(self) -> bool:
        """Whether every record of the file is there, with its text and its labels."""
        with self._database.reading() as session:
            found = departments.by_name(session, IMPORTED)
            if found is None:
                return False
            texts = {row.external_id: row.text for row in records.of_department(session, found.id)}
            gold = {one.record.external_id: one.entities for one in gold_of.gold(session, found.id, SPLITS)}
        labelled = {key: [(e.start, e.end, e.label) for e in entities] for key, entities in gold.items()}
        return self._expected == {key: (text, labelled.get(key)) for key, text in texts.items()}

    def report(self) -> dict[str, Any]:
        saved, seconds = self.acknowledged(), self._end - self._begin
        troubles = sum((editor.troubles for editor in self._editors), Counter[str]())
        states = [api.status(self._database, run_id).state for run_id in self._submitted]
        told: dict[str, Any] = {
            "seconds": seconds,
            "saves": len(saved),
            "saves a second": len(saved) / seconds,
            **_waits("wait", saved),
        }
        if self._importing is not None:
            chosen, looked, written = self._importing
            inside = [one for one in saved if chosen <= one.at + one.seconds and one.at <= written]
            told |= {
                "import, records": len(self._expected),
                "import, seconds to look": looked - chosen,
                "import, seconds to write": written - looked,
                **_waits("wait during the import", inside),
            }
        return {
            **told,
            **{f"no acknowledgement, {what}": count for what, count in sorted(troubles.items())},
            **{f"runs, {state}": count for state, count in sorted(Counter(states).items())},
            **{f"memory at its peak, {role}, MB": megabytes for role, megabytes in self._peaks.of.items()},
        }


def _waits(name: str, saved: Sequence[Saved]) -> dict[str, float]:
    if not saved:
        return {}
    median, p95, slowest = np.quantile([1000 * one.seconds for one in saved], (0.5, 0.95, 1.0))
    return {
        f"{name}, median, ms": float(median),
        f"{name}, 95th percentile, ms": float(p95),
        f"{name}, slowest, ms": float(slowest),
    }


def _write(file: Path, count: int) -> dict[str, Any]:
    """A file of so many records; what must be in the database afterwards: text and labels by id."""
    demo: list[Mapping[str, Any]] = [json.loads(line) for line in DEMO.read_text(encoding="utf-8").splitlines()]
    rows = [
        {**one, "id": f"{one['id']}-{number}", "department": IMPORTED}
        for number, one in enumerate(islice(cycle(demo), count))
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {row["id"]: (row["text"], _labels(row.get("entities"))) for row in rows}


def _labels(entities: Sequence[Mapping[str, Any]] | None) -> list[tuple[int, int, str]] | None:
    return None if entities is None else sorted((e["start"], e["end"], e["label"]) for e in entities)
