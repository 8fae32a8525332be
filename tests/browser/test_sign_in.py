"""Signing in with a provider: the app with [auth], a provider as a process on loopback, and two browsers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from ladtl_core.records import Record
from tests.browser.conftest import AT_REST, LABELS, NOTE, PATIENCE, saved, word
from tests.browser.serving import VIEWPORT, RunningApp, free_port, running_app
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import SUPERVISOR
from workbench.services import labelling, logins, roles, sharing
from workbench.services.roles import Role
from workbench.store import departments, records

ANA = {"sub": "ana-1", "name": "Ana", "groups": ["ward"]}
OTHER_ANA = {"sub": "ana-2", "name": "Ana"}
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "workbench"
client_secret = "any"
server_metadata_url = "{provider}/.well-known/openid-configuration"
[workbench]
hosts = ["127.0.0.1"]
"""


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--token-max-age", "3600"]
    for person in (ANA, OTHER_ANA):
        command += ["--user-claims", json.dumps(person)]
    with (tmp_path_factory.mktemp("provider") / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[RunningApp]:
    home, port = tmp_path_factory.mktemp("home"), free_port()
    secrets = home / "secrets.toml"
    secrets.touch(0o600)
    secrets.write_text(SECRETS.format(port=port, provider=provider))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADTL_HOME", str(home))
        slot = Slot(SUPERVISOR)
        slot.hold()
        with running_app(home, "--secrets.files", str(secrets), port=port) as running:
            yield running
        slot.release()


@pytest.fixture(scope="module")
def record(app: RunningApp) -> tuple[int, str]:
    """A record that two people label, and the address that opens it."""
    with app.database.session() as session:
        department = departments.create(session, "Ward", "clinical", LABELS)
        records.add(session, department.id, [Record(f"note-{i}", NOTE, split="pool") for i in (1, 2)], "local")
        record_id = records.ids(session, department.id)["note-2"]
    sharing.set_people(app.database, department.id, 2, 100, "local")
    return record_id, f"{app.url}/annotate?department={department.id}&set=labelling&record={record_id}"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=VIEWPORT)
    yield context
    context.close()


def sign_in(page: Page, subject: str) -> None:
    expect(page.locator(AT_REST)).to_be_visible(timeout=PATIENCE)  # else a click may be lost
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=subject).click()


def label(page: Page, text: str, key: str, revision: int) -> None:
    word(page, text).click()
    page.keyboard.press(key)
    saved(page, revision)


def starts(app: RunningApp, record_id: int, author: str) -> list[int]:
    """Where the spans begin that the author gave the record."""
    spans = labelling.open_record(app.database, record_id, author)["spans"]
    return sorted(span["start"] for span in spans)


def test_two_people_sign_in_and_an_edit_outlives_the_end_of_a_session(
    app: RunningApp, record: tuple[int, str], browser: Browser, context: BrowserContext
) -> None:
    record_id, address = record
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("link", name="Annotate")).to_have_count(0)
    sign_in(page, "ana-1")
    expect(page.get_by_text("Ana has no role here and may do nothing.")).to_be_visible()
    roles.assign(app.database, "it", "Ana", Role.CLINICIAN)
    page.reload()
    expect(page.locator(".title")).to_contain_text(re.compile("^note-2 .* as Ana"))  # the record that was asked for
    label(page, "spine", "1", 1)

    elsewhere = browser.new_context()
    other = elsewhere.new_page()
    other.goto(address)
    sign_in(other, "ana-2")
    expect(other.get_by_text("Ana (2) has no role here")).to_be_visible()
    roles.assign(app.database, "it", "Ana (2)", Role.ADMIN)
    other.reload()
    expect(other.locator(".title")).to_contain_text("as Ana (2)")
    expect(other.locator(".text .tag")).to_have_count(0)
    label(other, "MRI", "2", 1)
    assert starts(app, record_id, "Ana") == [NOTE.index("spine")]
    assert starts(app, record_id, "Ana (2)") == [NOTE.index("MRI")]

    tab = context.new_page()
    tab.goto(app.url)
    tab.get_by_test_id("stExpandSidebarButton").click()
    tab.get_by_role("button", name="Sign out").click()
    tab.get_by_role("button", name="End session").click()  # the provider asks whether to sign out there, too
    expect(tab.get_by_role("button", name="Sign in")).to_be_visible()

    word(page, "fracture").click()
    with page.expect_response("**/api/annotations/*") as answer:
        page.keyboard.press("1")
    assert answer.value.status == 401
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_text("are kept in this tab")).to_be_visible()
    expect(page.locator(".text")).to_have_count(0)
    assert starts(app, record_id, "Ana") == [NOTE.index("spine")]
    sign_in(page, "ana-1")
    saved(page, 2)
    expect(page.locator(".text .tag")).to_have_count(2)
    assert starts(app, record_id, "Ana") == [NOTE.index("spine"), NOTE.index("fracture")]
    assert page.evaluate("sessionStorage.length") == 0

    label(other, "metastasis", "1", 2)  # who signed in elsewhere was not disturbed
    roles.disable(app.database, "it", "Ana (2)")
    other.reload()
    expect(other.get_by_text("The account Ana (2) is disabled")).to_be_visible()
    elsewhere.close()
    assert [account for account, *_ in logins.listed(app.database)] == ["Ana", "Ana (2)"]


def test_a_stranger_with_a_websocket_sees_the_sign_in_alone(app: RunningApp, record: tuple[int, str]) -> None:
    record_id, address = record
    for path in ("/media/x", "/_stcore/metrics", "/_stcore/upload_file/a/b", f"/api/annotations/{record_id}/history"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(app.url + path, timeout=30)
        assert refused.value.code == 401, path
    asked = BackMsg()
    asked.rerun_script.query_string = address.partition("?")[2]
    asked.rerun_script.page_name = "annotate"
    origin = app.url.removeprefix("http://")
    shown: list[str] = []
    with connect(
        f"ws://{origin}/_stcore/stream", origin=Origin(app.url), subprotocols=[Subprotocol("streamlit")]
    ) as ws:
        ws.send(asked.SerializeToString())
        message = ForwardMsg()
        while message.WhichOneof("type") != "script_finished":
            message.ParseFromString(bytes(ws.recv(timeout=PATIENCE / 1000, decode=False)))
            shown.append(str(message))
    everything = "\n".join(shown)
    assert "Sign in" in everything
    for secret in ("Ward", "Cardiology", "MRI", "Annotate", "span_annotator"):
        assert secret not in everything, secret
    with pytest.raises(InvalidStatus):
        connect(f"ws://{origin}/_stcore/stream", origin=Origin("https://evil.example")).close()
