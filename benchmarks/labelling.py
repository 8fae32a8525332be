"""Ten demo records labelled by keyboard in a real browser, from nothing and with a model's suggestions.

A script presses the keys: it moves word by word, selects, and presses the label's key; suggestions it accepts where
they are right and rejects where they are not. It thinks as long in both ways: so long for each span that it labels and
each suggestion that it judges, and so long for each key. Both ways end with the same labels, which is checked.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.output import begin, record
from ladtl_core.formats import read_file
from ladtl_core.records import Record
from tests.browser.serving import launch, running_app
from workbench.jobs.execution import execute
from workbench.jobs.learner import core_learner
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import SUPERVISOR
from workbench.services import labelling, training
from workbench.store import departments, records
from workbench.store.database import Database, open_database

DEMO = Path(__file__).parents[1] / "data" / "demo"
RECORDS = 10
LOADED = 30_000  # milliseconds
KEYS = {"Problem": "1", "Test": "2", "Treatment": "3"}
ME = "local"
Stretch = tuple[int, int, str]  # first token, last token, label


@dataclass
class Typist:
    """Presses keys with pauses, and counts them."""

    page: Page
    decision: float
    key: float
    pressed: int = 0
    judged: int = 0
    labelled: int = 0

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            time.sleep(self.key)
            self.page.keyboard.press(key)
        self.pressed += times

    def judge(self, key: str) -> None:
        """Take or refuse the active suggestion."""
        time.sleep(self.decision)
        self.judged += 1
        self.press(key)

    def draw(self, spans: list[Stretch]) -> None:
        """Label spans from the first word of the record on."""
        cursor = 0
        for first, last, label in spans:
            time.sleep(self.decision)
            self.labelled += 1
            self.press("ArrowRight", first - cursor)
            self.press("Shift+ArrowRight", last - first)
            self.press(KEYS[label])
            cursor = last


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--decision", type=float, default=1.0, help="seconds of thought a span or suggestion (1)")
    parser.add_argument("--key", type=float, default=0.05, help="seconds before each key (0.05)")


def run(options: argparse.Namespace) -> None:
    begin(options)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["LADTL_HOME"] = home
        database = open_database()
        gold, ids = seed(database)
        slot = Slot(SUPERVISOR)
        slot.hold()  # so that no worker takes the processor
        with running_app(Path(home)) as app:
            browser = launch(playwright)
            for name in ("without suggestions", "with suggestions"):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                first = records_of(database, ids[name])[gold[0].id]
                page.goto(f"{app.url}/annotate?department={ids[name]}&record={first}")
                expect(page.locator(".text")).to_be_focused(timeout=LOADED)
                typist = Typist(page, options.decision, options.key)
                began = time.perf_counter()
                label_all(database, ids[name], gold, typist)
                seconds = time.perf_counter() - began
                report(options, name, seconds, typist)
                page.close()
            browser.close()
        slot.release()


def seed(database: Database) -> tuple[list[Record], dict[str, int]]:
    """The ten records with their gold, and two departments in which they are not labelled: only one has a model."""
    source = [r for r in read_file(DEMO / "cardiology.jsonl") if r.entities is not None]
    target = list(read_file(DEMO / "respiratory.jsonl"))
    gold = [r for r in target if r.split == "test"][:RECORDS]  # the model learns from all of the others
    others = [r for r in target if r.split != "test"]
    unlabelled = [replace(r, entities=None, split="pool") for r in gold]
    ids = {}
    with database.session() as session:
        for name, items in (
            ("Cardiology", source),
            ("with suggestions", [*unlabelled, *others]),
            ("without suggestions", unlabelled),
        ):
            ids[name] = departments.create(session, name, "clinical", tuple(KEYS)).id
            records.add(session, ids[name], items, ME)
    spec = training.make_spec([ids["Cardiology"]], ids["with suggestions"], "la-dtl", {})
    execute(database, training.start(database, spec), "benchmark", core_learner())
    return gold, ids


def records_of(database: Database, department_id: int) -> dict[str, int]:
    with database.reading() as session:
        return records.ids(session, department_id)


def label_all(database: Database, department_id: int, gold: list[Record], typist: Typist) -> None:
    """Label and submit every record, each as it comes. Raises AssertionError where the labels are not the gold."""
    ids = records_of(database, department_id)
    for number, wanted in enumerate(gold, 1):
        expect(typist.page.locator(".title")).to_contain_text(wanted.id, timeout=LOADED)
        expect(typist.page.locator(".text")).to_be_focused(timeout=LOADED)
        view = labelling.open_record(database, ids[wanted.id], ME)
        names = {label["id"]: label["name"] for label in view["labels"]}
        offered = [(s["start"], s["end"], names[s["label"]]) for s in view["suggestions"]]
        truth = [(e.start, e.end, e.label) for e in wanted.entities or ()]
        for suggestion in offered:
            if suggestion == offered[0]:
                typist.press("Tab")
            typist.judge("a" if suggestion in truth else "x")
        if offered:
            typist.press("Home")
        typist.draw([in_tokens(view["tokens"], *span) for span in sorted(truth) if span not in offered])
        typist.press("Control+Enter")
        await_submission(database, ids[wanted.id])
        stored = labelling.open_record(database, ids[wanted.id], ME)["spans"]
        assert {(s["start"], s["end"], names[s["label"]]) for s in stored} == set(truth), (number, wanted.id)


def in_tokens(tokens: list[tuple[int, int]], start: int, end: int, label: str) -> Stretch:
    inside = [i for i, (a, b) in enumerate(tokens) if a < end and start < b]
    return inside[0], inside[-1], label


def await_submission(database: Database, record_id: int) -> None:
    end = time.monotonic() + LOADED / 1000
    while labelling.open_record(database, record_id, ME)["status"] != "submitted":
        assert time.monotonic() < end, "a record was not submitted"
        time.sleep(0.01)


def report(options: argparse.Namespace, name: str, seconds: float, typist: Typist) -> None:
    thought = (typist.judged + typist.labelled) * typist.decision + typist.pressed * typist.key
    print(
        f"{name:<20} {seconds:6.1f} s for {RECORDS} records: {typist.labelled} spans labelled, "
        f"{typist.judged} suggestions judged, {typist.pressed} keys, {seconds - thought:.1f} s without the thought",
        flush=True,
    )
    about = {"seconds": seconds, "labelled": typist.labelled, "judged": typist.judged, "keys": typist.pressed}
    record(options, {"table": "labelling", "name": name, **about})
