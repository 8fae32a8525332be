"""No page asks another host for anything."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from tests.browser.conftest import PATIENCE, Workbench
from workbench.services.access import HOME, PAGES


def test_all_pages_ask_their_own_host_alone(workbench: Workbench, browser: Browser) -> None:
    asked: list[str] = []
    context = browser.new_context()  # with nothing kept, so that everything is asked for
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("websocket", lambda socket: asked.append(socket.url))
    for name in PAGES:
        page.goto(f"{workbench.app.url}/{'' if name == HOME else name}")
        done = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
        expect(done).to_be_visible(timeout=PATIENCE)
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(workbench.app.url).netloc}
    context.close()
