"""The app in a real browser: ready, from the click on Train to the first metric and to the model, key to saved."""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks import annotator
from benchmarks.output import begin, record
from tests.browser.serving import RunningApp, launch, running_app

LOADED, TRAINED = 30_000, 600_000  # milliseconds
METRIC = re.compile(r"First steps: |Epoch [1-9]\d* of ")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=int, help="steps of the training at most (the app's default)")
    settle = "seconds between the open page and the click, in which the worker gets ready (10)"
    parser.add_argument("--settle", type=float, default=10.0, help=settle)
    parser.add_argument("--target", default="Respiratory", help="target department (Respiratory)")


def run(options: argparse.Namespace) -> None:
    begin(options)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright, running_app(Path(home)) as app:
        browser = launch(playwright)
        print(f"app ready: {app.start_seconds:.1f} s", flush=True)
        first, finished = train(browser.new_page(), app, options)
        print(f"click on Train to first live metric: {first:.1f} s")
        print(f"click on Train to finished model: {finished:.1f} s")
        for process, megabytes, torch in processes(home):
            print(f"memory: {megabytes:.0f} MB, torch loaded: {torch}: {process}")
        seconds = {"ready": app.start_seconds, "first_metric": first, "finished": finished}
        record(options, {"table": "app", **seconds})
        browser.close()
    print("\nannotator", flush=True)
    annotator.main()


def train(page: Page, app: RunningApp, options: argparse.Namespace) -> tuple[float, float]:
    """Seconds from the click to the first metric that the page shows, and to the link to the results."""
    page.goto(app.url)
    page.get_by_role("link", name="Train", exact=True).click(timeout=LOADED)
    page.get_by_role("combobox", name="Target department").click(timeout=LOADED)
    page.get_by_role("option", name=options.target).click()
    page.get_by_text("Train non-transfer as well").click()  # one run alone
    if options.steps is not None:
        steps = page.get_by_role("spinbutton", name="max steps")
        steps.fill(str(options.steps))
        steps.press("Enter")
    page.wait_for_timeout(1000 * options.settle)
    button = page.get_by_role("button", name=re.compile(r"^Train la-dtl on \d+ record"))
    expect(button).to_be_enabled(timeout=LOADED)
    clicked = time.perf_counter()
    button.click()
    expect(page.get_by_text(METRIC).first).to_be_visible(timeout=TRAINED)
    first = time.perf_counter() - clicked
    expect(page.get_by_role("link", name="See the results")).to_be_visible(timeout=TRAINED)
    return first, time.perf_counter() - clicked


def processes(home: str) -> list[tuple[str, float, str]]:
    """Command, megabytes and whether torch is loaded, of every process that works on `home`; by /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"LADTL_HOME={home}".encode() not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            status = (folder / "status").read_text().splitlines()
            loaded = "yes" if "libtorch" in (folder / "maps").read_text() else "no"
        except OSError:
            continue  # it has ended, or is not ours to read
        kilobytes = next((int(line.split()[1]) for line in status if line.startswith("VmRSS")), 0)
        found.append((command, kilobytes / 1024, loaded))
    return found
