"""Research and Results in a real browser, with 10,000 finished runs: seconds to open a page and to filter it.

A page is open, and filtered, when the app has run to its end and the browser has drawn the last figure or table. A new
browser has kept nothing and loads Streamlit's scripts first; one that was here before has them, and gets to the page by
the navigation, by the address or by a reload. A filter takes from the click on a choice to what it shows; the opening
of the list of choices is not in it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Playwright, expect, sync_playwright

from benchmarks.output import begin, record
from tests.browser.serving import CHROMIUM, RunningApp, running_app
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import SUPERVISOR
from workbench.store.database import open_database

PATIENCE = 120_000  # milliseconds
AT_REST = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
PLOTS = "[...document.querySelectorAll('.js-plotly-plot')].filter(plot => plot.offsetParent)"
DRAWN = f"{PLOTS}.length > 0 && {PLOTS}.every(plot => plot.querySelector('.main-svg'))"
TABLES = "document.querySelectorAll('[data-testid=stDataFrame] canvas').length > 0"
SHOWN = f"JSON.stringify({PLOTS}.map(plot => plot.data))"
Act = tuple[Callable[[Page], object], Callable[[Page], object]]  # what leads to a choice, and the choice


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=10_000, help="finished runs of sweeps, and rows of a table (10000)")
    parser.add_argument("--sweep", type=int, default=2000, help="runs of one sweep (2000)")
    parser.add_argument("--trainings", type=int, default=1000, help="finished trainings with a model (1000)")
    parser.add_argument("--rounds", type=int, default=3, help="times that a page is opened and filtered (3)")
    parser.add_argument("--page", default="", help="only the pages with this in their names")
    parser.add_argument("--home", type=Path, help="a folder that is filled once and used again")


def run(options: argparse.Namespace) -> None:
    begin(options)
    with _home(options) as home:
        slot = Slot(SUPERVISOR)
        slot.hold()  # so that no worker takes the processor
        print("| page | what | first | again: median (slowest) |\n|---|---|---:|---:|", flush=True)
        with running_app(home) as app, sync_playwright() as playwright:
            for page, path, acts in PAGES:
                if options.page in page:
                    _measure(playwright, app, page, path, acts, options)
        slot.release()


@contextmanager
def _home(options: argparse.Namespace) -> Iterator[Path]:
    """A filled home folder, which is removed at the end unless it was given."""
    home = options.home or Path(tempfile.mkdtemp())
    os.environ["LADTL_HOME"] = str(home)
    if not (home / "workbench.db").exists():
        from benchmarks import finished_runs

        finished_runs.fill(open_database(), options.runs, options.sweep, options.trainings)
    try:
        yield home
    finally:
        if options.home is None:
            shutil.rmtree(home)


def _measure(
    playwright: Playwright, app: RunningApp, name: str, path: str, acts: dict[str, Act], options: argparse.Namespace
) -> None:
    """Open the page in new browsers, the first of them in an app that has kept nothing, then in one again and act."""
    ready = f"{AT_REST} && {DRAWN}"
    if path.startswith("research"):  # the first tab of Results has no table
        ready += f" && {TABLES}"
    seconds: dict[str, list[float]] = defaultdict(list)

    def timed(what: str, page: Page, act: Callable[[], object], until: str, **of: Any) -> None:
        began = time.perf_counter()
        act()
        page.wait_for_function(until, **of)
        seconds[what].append(time.perf_counter() - began)

    for _ in range(options.rounds):
        with _browser(playwright, tempfile.mkdtemp()) as page:
            timed("opens in a new browser", page, lambda: page.goto(f"{app.url}/{path}"), ready)
    with _browser(playwright, tempfile.mkdtemp()) as page:
        page.goto(f"{app.url}/{path}")
        page.wait_for_function(ready)
        for _ in range(options.rounds):
            timed("opens by its address, browser was here before", page, lambda: page.goto(f"{app.url}/{path}"), ready)
            timed("is reloaded", page, page.reload, ready)
            for what, (prepare, choose) in acts.items():
                prepare(page)
                before = page.evaluate(SHOWN)
                changed = f"before => {AT_REST} && {DRAWN} && {SHOWN} !== before"
                timed(what, page, lambda: choose(page), changed, arg=before)  # noqa: B023
                page.keyboard.press("Escape")  # a list of several stays open and covers what is below
            page.goto(app.url)
            page.wait_for_function(AT_REST)
            if "?" not in path:
                link = page.get_by_role("link", name=path.title()).first
                there = f"location.pathname == '/{path}' && {ready}"
                timed("opens from Home, by the navigation", page, link.click, there)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    for what, of in seconds.items():
        again = f"{statistics.median(of[1:]):.2f} ({max(of[1:]):.2f})" if of[1:] else ""
        print(f"| {name} | {what} | {of[0]:.2f} | {again} |", flush=True)
        record(options, {"table": "research", "page": name, "what": what, "seconds": of})


@contextmanager
def _browser(playwright: Playwright, profile: str) -> Iterator[Page]:
    """A browser with that folder of what it has kept, which is removed at the end."""
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=shutil.which("chromium"), args=CHROMIUM, viewport={"width": 1280, "height": 900},
        bypass_csp=True,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()
        shutil.rmtree(profile, ignore_errors=True)


def _option(box: str, name: str) -> Act:
    """An option of a select box; typed, since a long list shows only some of them."""

    def prepare(page: Page) -> None:
        page.get_by_role("combobox", name=box, exact=True).click()
        page.keyboard.type(name)
        expect(page.get_by_role("option", name=name).first).to_be_visible()

    return prepare, lambda page: page.get_by_role("option", name=name).first.click()


def _button(name: str) -> Act:
    return lambda page: None, lambda page: page.get_by_role("radio", name=name, exact=True).click()


PAGES: tuple[tuple[str, str, dict[str, Act]], ...] = (
    (
        "Research, Tables of runs",
        "research",
        {
            "one method": _option("Methods", "la-dtl"),
            "two methods": _option("Methods", "crf-l2"),
            "F1 on dev": _button("dev"),
            "view Trials": _button("Trials"),
            "another pair": _option("Pair", "Neurology>Respiratory"),
        },
    ),
    (
        "Research, Sweeps",
        "research?part=Sweeps",
        {
            "sweep of 2,000 runs": _option("Sweep", "Sweep 1"),
            "view alpha": _button("alpha"),
            "view Trials": _button("Trials"),
            "F1 on test": _button("test"),
        },
    ),
    ("Research, Departments", "research?part=Departments", {"distance by a label": _option("Distance by", "Problem")}),
    ("Results", "results", {"another run": _option("Run", "v200 ")}),
)
