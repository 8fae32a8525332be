"""One app and one browser for all browser tests; each test labels records of its own."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from ladtl_core.records import Entity, Record
from tests.browser.serving import RunningApp, launch_with_profile, running_app
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import SUPERVISOR
from workbench.services import label_sets, labelling
from workbench.store import departments, records, runs, trained
from workbench.store.records import EVALUATION_SPLITS

LABELS = ("Problem", "Test", "Treatment")
NOTE = "But an MRI scan of the spine showed an L5 metastasis with a fracture, treated with radiotherapy at once."
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"  # no run of the script is under way
PATIENCE = 30_000  # milliseconds: a busy machine must not fail a test
expect.set_options(timeout=PATIENCE)


@dataclass
class Workbench:
    """The app as a test sees it: records to open in tabs, and what the database has of them."""

    app: RunningApp
    context: BrowserContext
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def add(
        self,
        *texts: str,
        suggestions: list[dict[str, Any]] | None = None,
        labels: Sequence[str] = LABELS,
        label_set: str = "clinical",
        scheme: str = "word",
    ) -> list[int]:
        """A new department with these pool records, and a model's suggestions for the first; returns their ids."""
        with self.app.database.session() as session:
            name = f"Ward {len(departments.all_departments(session)) + 1}"
            department = departments.create(session, name, label_set, labels, scheme=scheme)
            items = [Record(f"note-{i}", text, split="pool") for i, text in enumerate(texts, 1)]
            records.add(session, department.id, items, "local")
            ids = list(records.ids(session, department.id).values())
            if suggestions is not None:
                run = runs.create(
                    session,
                    kind="train",
                    department_id=department.id,
                    title=name,
                    spec={},
                    spec_hash=name,
                    code_version="test",
                )
                model = trained.add_model(
                    session, department_id=department.id, run_id=run.id, folder="none", hash="none", scores={}
                )
                trained.store_suggestions(session, model.id, {ids[0]: suggestions})
        return ids

    def add_labelled(self, text: str, spans: Sequence[tuple[int, int, str]]) -> list[int]:
        """A new department with one record that was imported with labels; returns its id in a list."""
        with self.app.database.session() as session:
            name = f"Ward {len(departments.all_departments(session)) + 1}"
            department = departments.create(session, name, "clinical", LABELS)
            entities = tuple(Entity(*span) for span in spans)
            records.add(session, department.id, [Record("note-1", text, entities, split="pool")], "local")
            return list(records.ids(session, department.id).values())

    def open(self, record_id: int) -> Page:
        """A new tab with the record in the annotator, ready for keys."""
        with self.app.database.reading() as session:
            row = records.get(session, record_id)
            department_id, part = row.department_id, "evaluation" if row.split in EVALUATION_SPLITS else "labelling"
        page = self.context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{self.app.url}/annotate?department={department_id}&set={part}&record={record_id}")
        expect(page.locator(".text .t").first).to_be_visible(timeout=PATIENCE)
        expect(page.locator(".text")).to_be_focused()
        return page

    def stored(self, record_id: int) -> dict[str, Any]:
        """The record as the database has it."""
        return labelling.open_record(self.app.database, record_id, "local")

    def marked(self, record_id: int) -> list[tuple[str, str]]:
        """Words and label of each stored span, cut from the text by its offsets."""
        record = self.stored(record_id)
        names = {label["id"]: label["name"] for label in record["labels"]}
        return [(record["text"][s["start"] : s["end"]], names[s["label"]]) for s in record["spans"]]

    def outside(self) -> list[str]:
        """Requests to any other host."""
        return [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]


def word(page: Page, text: str) -> Locator:
    """The first token with this text, whatever labels end at it."""
    return page.locator(".text .t", has_text=re.compile(f"^{re.escape(text)}(?:{'|'.join(LABELS)})*$")).first


def choose(page: Page, box: str, option: str) -> None:
    """An option of one of Streamlit's select boxes; typed, since a long list shows only some of them."""
    page.get_by_role("combobox", name=box).click(timeout=PATIENCE)
    page.keyboard.type(option)
    page.get_by_role("option", name=option).click()


def choose_label_set(workbench: Workbench, page: Page, name: str) -> None:
    """On the page Labels. Until it is at rest, parts of the set before may stand beside those of this one."""
    [chosen] = [one for one in label_sets.label_sets(workbench.app.database) if one.name == name]
    choose(page, "Label set", name)
    expect(page.get_by_text(f"Used by {', '.join(chosen.departments.values())}.")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(AT_REST)).to_be_visible(timeout=PATIENCE)


def drag(page: Page, first: str, last: str) -> None:
    """With a pressed mouse button from one word to another."""
    boxes = [word(page, text).bounding_box() for text in (first, last)]
    centres = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box]
    page.mouse.move(*centres[0])
    page.mouse.down()
    page.mouse.move(*centres[1], steps=8)
    page.mouse.up()


def pull(page: Page, edge: str, to: str) -> None:
    """Drag the "start" or "end" of the active span to a word."""
    grip, target = page.locator(f".grip.{edge}").bounding_box(), word(page, to).bounding_box()
    assert grip and target
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2, steps=6)
    page.mouse.up()


def saved(page: Page, revision: int) -> None:
    """Waits until the page says that this revision is saved."""
    expect(page.locator(".saved")).to_contain_text(f"· rev {revision}", timeout=PATIENCE)


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADTL_HOME", str(home))
        slot = Slot(SUPERVISOR)
        slot.hold()  # so that the app starts no worker: these tests train nothing
        with running_app(home) as running:
            yield running
        slot.release()


@pytest.fixture(scope="package")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that has been here before, so that pages open in half the time."""
    with sync_playwright() as playwright, launch_with_profile(playwright, tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture(scope="package")
def browser(window: BrowserContext) -> Browser:
    """For tests that need a browser of another person."""
    assert window.browser is not None
    return window.browser


@pytest.fixture
def workbench(app: RunningApp, window: BrowserContext) -> Iterator[Workbench]:
    bench = Workbench(app, window)
    yield bench
    first, *others = window.pages  # the empty tab that it began with keeps it open
    for page in others:
        page.close()
    window.clear_cookies()
    forgotten = {"origin": app.url, "storageTypes": "local_storage,indexeddb,service_workers"}
    window.new_cdp_session(first).send("Storage.clearDataForOrigin", forgotten)
    assert bench.errors == []
    assert bench.outside() == []


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Waits for something that happens outside the browser."""

    def wait(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE / 1000
        while not condition() and time.monotonic() < end:
            time.sleep(0.02)
        assert condition()

    return wait
