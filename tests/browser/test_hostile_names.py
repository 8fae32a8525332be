"""Names and texts that are markup, on every page: they are seen as they are, and nothing of them runs or is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page, TimeoutError, expect

from tests.browser import hostile_home as named
from tests.browser.conftest import AT_REST, PATIENCE
from tests.browser.serving import VIEWPORT, RunningApp, running_app
from workbench.components.turning import signed
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import SUPERVISOR
from workbench.services import access
from workbench.services.access import HOME, PAGES

# What each page must show, and its tabs and parts: name -> names there.
SEEN: dict[str, dict[str, Sequence[str]]] = {
    "home": {"": (named.DEPARTMENT, named.SOURCE)},
    "annotate": {"": (named.DEPARTMENT, named.RECORD, named.LABEL, named.TEXT[5:], named.COMMENT)},
    "review": {"": (named.DEPARTMENT, named.RECORD), "Gold against predicted": (named.LABEL, named.RECORD)},
    "agreement": {"": (named.DEPARTMENT, named.RECORD, named.PERSON), "Figures": (named.PERSON,)},
    "train": {"": (named.DEPARTMENT, named.SOURCE)},
    "results": {
        "": (named.DEPARTMENT,),
        **dict.fromkeys(("Labels", "Gap"), (named.LABEL,)),
        **dict.fromkeys(("How many more?", "Confusion", "Errors", "Side by side", "Settings"), ()),
    },
    "research": {"": (named.TABLE,), "Sweeps": (), "Departments": (named.DEPARTMENT, named.SOURCE, named.LABEL)},
    "labels": {"": (named.SET, named.SOURCE, named.LABEL, named.RULE, named.GUIDELINE)},
    "people": {"": (named.DEPARTMENT, named.PERSON)},
    "data": {"": (named.DEPARTMENT, named.LABEL)},
}  # fmt: skip
# Everything that is to be read, in components, too; what cannot be seen of a word joiner is left out.
READ = """() => {
  const read = [];
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) read.push(node.data);
    if (node.value && node.matches?.("input, textarea")) read.push(node.value);
    for (const child of [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]) visit(child);
  };
  visit(document.body);
  return read.join("").replaceAll("\\u2060", "");
}"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, int]]:
    home = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADTL_HOME", str(home))
        slot = Slot(SUPERVISOR)
        slot.hold()  # so that the app starts no worker
        department = named.fill(access.database(), home)
        access.database().close()
        with running_app(home) as running:
            yield running, department
        slot.release()


def shown(page: Page, where: str, names: Sequence[str]) -> None:
    """Waits until the page is done and shows these names, as they are or with signs for what turns them round."""
    expect(page.locator(AT_REST)).to_be_visible(timeout=PATIENCE)
    try:
        page.wait_for_function(
            f"(all) => {{ const read = ({READ})(); return all.every((one) => one.some((it) => read.includes(it))); }}",
            arg=[[name, signed(name)] for name in names],
            timeout=PATIENCE,
        )
    except TimeoutError:
        read = page.evaluate(READ)
        missing = [name for name in names if name not in read and signed(name) not in read]
        raise AssertionError(f"{where} does not show {missing}; it shows {read}") from None
    assert page.get_by_test_id("stException").all_inner_texts() == [], where


def harmless(page: Page, where: str) -> None:
    """No script ran, and no element was made of a name. Locators look into the components' shadow roots, too."""
    assert page.evaluate("window.hurt") is None, where
    for made in (
        "img[src='x']",
        "[onerror]",
        "[src*='evil.example']",
        "[href*='evil.example']",
        "[href^='javascript']",
    ):
        assert page.locator(made).count() == 0, f"{where}: {made}"


def test_names_are_seen_and_never_run(hostile: tuple[RunningApp, int], browser: Browser) -> None:
    app, department = hostile
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    asked, said, dialogs = list[str](), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("console", lambda message: said.append(message.text))

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    for name in PAGES:
        page.goto(f"{app.url}/{'' if name == HOME else name}?department={department}")
        for part, names in SEEN[name].items():
            if part:
                page.get_by_role("tab", name=part).or_(page.get_by_role("radio", name=part)).first.click()
            shown(page, f"{name} {part}", names)
            harmless(page, f"{name} {part}")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "![m](http:evil.example).zip", "mimeType": "application/zip", "buffer": b"PK"}
    )
    shown(page, "a file's name", ["![m](http:evil.example).zip: this zip cannot be unpacked"])
    harmless(page, "a file's name")
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))} == {
        urlsplit(app.url).netloc
    }
    # Nor was a request stopped by the content policy, or anything asked of a person.
    assert dialogs == [] and [text for text in said if "evil.example" in text] == []
    context.close()
