"""Who labels: names that are added, and the person of a session. No browser."""

from __future__ import annotations

import threading

import pytest
from streamlit.testing.v1 import AppTest

from ladtl_core.errors import DataError
from ladtl_core.records import Record
from tests.workbench.pages_kit import MAIN, page, press
from workbench.services import labelling, people, sharing, tokens
from workbench.services.labelling import Edit
from workbench.store import departments, records
from workbench.store.annotations import SpanData
from workbench.store.database import Database


def test_names_are_kept_once_and_in_their_order(database: Database) -> None:
    assert people.names(database) == ["local"]
    assert people.add(database, "  Zoe\u0301   B ") == "Zo\u00e9 B"
    people.add(database, "Ana")
    assert people.names(database) == ["local", "Zo\u00e9 B", "Ana"]
    for taken in ("ana", "LOCAL", "ZOÉ B", "(adjudicated)"):
        with pytest.raises(DataError, match="there is a person"):
            people.add(database, taken)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\u202eb"])
def test_what_is_no_name_is_refused(database: Database, name: str) -> None:
    with pytest.raises(DataError, match="expected 1 to 60 letters"):
        people.add(database, name)
    assert people.names(database) == ["local"]


def test_two_who_add_one_name_at_once_make_one_person(database: Database) -> None:
    added, refused = [], []

    def add() -> None:
        try:
            added.append(people.add(database, "Ana"))
        except DataError as error:
            refused.append(error)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(added), len(refused)) == (1, 3)
    assert people.names(database) == ["local", "Ana"]


@pytest.fixture
def home(installation: Database) -> Database:
    """An installation with one department of two records, and Ana beside the local user."""
    with installation.session() as session:
        ward = departments.create(session, "Ward", "clinical", ["Problem"])
        records.add(session, ward.id, [Record(f"r{i}", "Some pain.", split="pool") for i in range(2)], "local")
    people.add(installation, "Ana")
    return installation


def sidebar() -> None:
    import streamlit as st

    from workbench.pages.who import pick_user, user

    pick_user()
    st.write(user())


def start(asked: str | None = None) -> AppTest:
    """What every page shows first; `asked` is the address that a reload keeps."""
    app = AppTest.from_function(sidebar, default_timeout=30)
    if asked:
        app.query_params["as"] = asked
    app.run()
    assert not app.exception, app.exception
    return app


def test_a_session_is_one_person_also_after_a_reload(home: Database) -> None:
    app = start()
    assert app.markdown[0].value == "local" and "as" not in app.query_params
    app.selectbox(key="labelling-as").select("Ana").run()
    assert app.markdown[0].value == "Ana" and app.query_params["as"] == "Ana"
    assert start().markdown[0].value == "local"  # another browser
    assert start("Ana").markdown[0].value == "Ana"
    assert start("nobody").markdown[0].value == "local"
    app.selectbox(key="labelling-as").select("local").run()
    assert app.markdown[0].value == "local" and "as" not in app.query_params


def test_pages_are_made_for_the_person_of_the_session(home: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    issued: list[str] = []

    def issue(user: str) -> str:
        issued.append(user)
        return "token"

    monkeypatch.setattr(tokens, "issue", issue)
    app = AppTest.from_file(MAIN, default_timeout=30)
    app.session_state["person"] = "Ana"
    app.run()
    assert app.selectbox(key="labelling-as").value == "Ana"
    app.switch_page("pages/annotate.py").run()
    assert not app.exception and issued == ["Ana"]


def test_a_person_is_added_in_one_field_and_labels_at_once(home: Database) -> None:
    app = start()
    app.text_input(key="new-person").set_value("Ben").run()
    assert app.markdown[0].value == "Ben" and people.names(home) == ["local", "Ana", "Ben"]
    app.text_input(key="new-person").set_value("ANA").run()
    assert app.markdown[0].value == "Ben"
    assert "there is a person 'Ana' already" in app.error[0].value


def test_the_page_sets_how_many_label_a_record(home: Database) -> None:
    app = page("people")
    assert "Records to label: 2; 0 done" in app.caption[0].value
    app.number_input[0].set_value(2)
    app.slider[0].set_value(100)
    press(app, "Save")
    assert sharing.setting(home, 1) == (2, 100)
    assert "2 need 2 people" in app.caption[0].value


def test_the_page_shares_out_and_reassigns(home: Database) -> None:
    app = page("people")
    press(app, "Share out evenly")
    assert "choose the people" in app.error[0].value
    app.multiselect[0].set_value(["local", "Ana"])
    press(app, "Share out evenly")
    assert "2 records assigned." in app.success[0].value
    assert sharing.assigned(home, 1) == {"local": 1, "Ana": 1}
    boxes = {box.label: box for box in app.selectbox}
    boxes["Open records of"].select("Ana")
    boxes["go to"].select("local")
    press(app, "Reassign")
    assert sharing.assigned(home, 1) == {"local": 2}


def test_the_page_shows_what_each_person_did(home: Database) -> None:
    for record_id, author in ((1, "Ana"), (2, "Zoe")):  # Zoe has no name here: her labels came from elsewhere
        labelling.save(home, record_id, author, Edit(0, "submitted", [SpanData("s", 5, 9, 1)], []))
    table = page("people").dataframe[0].value
    assert list(table["Person"]) == ["local", "Ana", "Zoe"]
    assert list(table["Submitted"]) == [0, 1, 1] and list(table["Spans"]) == [0, 1, 1]
