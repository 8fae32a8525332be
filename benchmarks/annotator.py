"""From key press to "saved" in a real browser, on a record of 3,000 characters, beside a bare request to its route.

And from key press to paint on 3,000 characters and on 50,000 with 1,000 spans, in one line and in many.

    python -m benchmarks.annotator

Prints median and 95th percentile in milliseconds, their ratio to the bare request, and what the app process weighs.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ladtl_core.records import Entity, Record
from tests.browser.serving import RunningApp, launch, running_app
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import SUPERVISOR
from workbench.services import tokens
from workbench.store import departments, records
from workbench.store.database import open_database

CHARACTERS = 3000
LONG, LONG_SPANS = 50_000, 1000
KEYS = 100
SENTENCE = "But an MRI scan of the spine showed an L5 metastasis with a fracture, treated with radiotherapy at once. "
# Notes the time between a key and the next "saved" in the annotator, which lives in a shadow root.
WATCH = """() => {
  const roots = [...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean);
  const box = roots.map((root) => root.querySelector('.saved')).find(Boolean);
  window.times = [];
  new MutationObserver(() => {
    if (box.textContent.startsWith('saved')) window.times.push(performance.now() - window.pressed);
  }).observe(box, { childList: true });
}"""
# Runs before the app's own scripts, whose listener lets nobody behind it see the keys.
CLOCK = "addEventListener('keydown', () => { window.pressed = performance.now(); }, true);"
PAINTS = """window.painted = [];
addEventListener('keydown', () => {
  const pressed = performance.now();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => window.painted.push(performance.now() - pressed);
  requestAnimationFrame(() => port2.postMessage(null));
}, true);"""


def seed() -> int:
    """A department with the one long record; returns the record's id."""
    text = (SENTENCE * (CHARACTERS // len(SENTENCE) + 1))[:CHARACTERS]
    with open_database().session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem", "Test", "Treatment"))
        records.add(session, ward.id, [Record("long", text, split="pool")], "local")
        return records.ids(session, ward.id)["long"]


def seed_for_paint() -> dict[str, int]:
    """Records by what they are: short, and long with many spans in one line or a line a sentence."""
    texts = {f"{CHARACTERS:,} characters": (SENTENCE, CHARACTERS, 60)}
    texts[f"{LONG:,} in one line"] = (SENTENCE, LONG, LONG_SPANS)
    texts[f"{LONG:,} in lines"] = (SENTENCE.strip() + "\n", LONG, LONG_SPANS)
    items = []
    for name, (sentence, length, spans) in texts.items():
        text = (sentence * (length // len(sentence) + 1))[:length]
        words = [match.span() for match in re.finditer(r"\w+", text)]
        marked = words[:: len(words) // spans][:spans]
        entities = tuple(Entity(start, end, "Problem") for start, end in marked)
        items.append(Record(name, text, entities, split="pool"))
    with open_database().session() as session:
        ward = departments.create(session, "Long ward", "clinical", ("Problem", "Test", "Treatment"))
        records.add(session, ward.id, items, "local")
        return records.ids(session, ward.id)


def key_to_paint(page: Page) -> list[float]:
    """Milliseconds of each of KEYS keys, half of which label, from the key to the frame that shows it."""
    page.evaluate("window.painted = []")
    for number in range(KEYS):
        page.keyboard.press("123"[number // 2 % 3] if number % 2 else "ArrowRight")
        page.wait_for_function("n => window.painted.length > n", arg=number)
    times: list[float] = page.evaluate("window.painted")
    return times


def key_to_saved(page: Page) -> list[float]:
    """Milliseconds of each of KEYS labels, every key after the save of the one before."""
    page.evaluate(WATCH)
    for number in range(KEYS):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("123"[number % 3])
        page.wait_for_function("n => window.times.length >= n", arg=number + 1)
    times: list[float] = page.evaluate("window.times")
    return times


def bare_requests(url: str, record_id: int, token: str) -> list[float]:
    """Milliseconds of as many saves without a browser, each with as many spans as the browser's had."""
    times = []
    for base in range(KEYS):
        body = json.dumps({"base": base, "status": "draft", "spans": _spans(base + 1), "decisions": []}).encode()
        request = urllib.request.Request(f"{url}/api/annotations/{record_id}", body, {"X-Workbench-Token": token})
        begin = time.perf_counter()
        with urllib.request.urlopen(request):
            times.append(1000 * (time.perf_counter() - begin))
    return times


def _spans(count: int) -> list[dict[str, object]]:
    same = {"label": 1, "origin": "manual", "confidence": None, "model": None}
    return [{"id": str(i), "start": i, "end": i + 1, **same} for i in range(count)]


def report(name: str, times: list[float]) -> None:
    tail = statistics.quantiles(times, n=20)[-1]
    print(f"{name:<32} median {statistics.median(times):6.1f} ms   95th percentile {tail:6.1f} ms   n {len(times)}")


def weigh(app: RunningApp) -> None:
    """Memory of the app process and whether it has loaded torch, by /proc."""
    process = Path(f"/proc/{app.pid}")
    kilobytes = next(line.split()[1] for line in (process / "status").read_text().splitlines() if "VmRSS" in line)
    torch = "yes" if "libtorch" in (process / "maps").read_text() else "no"
    print(f"app process: ready after {app.start_seconds:.1f} s, {int(kilobytes) / 1024:.0f} MB, torch loaded: {torch}")


def main() -> None:
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["LADTL_HOME"] = home
        record_id = seed()
        paint_ids = seed_for_paint()
        slot = Slot(SUPERVISOR)
        slot.hold()  # so that no worker starts and takes the processor
        with running_app(Path(home)) as app:
            page = launch(playwright).new_page()
            page.add_init_script(CLOCK)
            page.goto(f"{app.url}/annotate?record={record_id}")
            page.locator(".text .t").first.wait_for()
            browser = key_to_saved(page)
            bare = bare_requests(app.url, record_id, tokens.issue("other"))
            report('key to "saved"', browser)
            report("bare request", bare)
            print(f"ratio of medians {statistics.median(browser) / statistics.median(bare):.2f}")
            page.add_init_script(PAINTS)
            for name, long_id in paint_ids.items():
                page.goto(f"{app.url}/annotate?department=2&record={long_id}")
                page.locator(".text .t").first.wait_for()
                report(f"key to paint, {name}", key_to_paint(page))
            if Path("/proc").exists():
                weigh(app)
        slot.release()


if __name__ == "__main__":
    main()
