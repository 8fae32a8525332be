"""The Agreement page: empty, records that agree or differ, and the figures of three people. No browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from ladtl_core.records import Record
from tests.workbench.pages_kit import MAIN, page
from workbench.services import access, adjudication
from workbench.store import annotations as labels_of
from workbench.store import departments, records
from workbench.store import gold as gold_of
from workbench.store.annotations import SpanData, save
from workbench.store.database import Database

TEXT = "Aspirin for chest pain."


@pytest.fixture
def home(installation: Database) -> Database:
    """An installation with one department of three records, its labels Drug and Problem."""
    with installation.session() as session:
        department = departments.create(session, "Cardiology", "clinical", ["Drug", "Problem"])
        records.add(session, department.id, [Record(f"r{i}", TEXT, split="pool") for i in range(3)], "me")
    return installation


def submit(database: Database, record: str, author: str, *spans: tuple[int, int, int]) -> None:
    with database.session() as session:
        data = [SpanData(f"{author}{place}", *span) for place, span in enumerate(spans)]
        save(session, records.ids(session, 1)[record], author, 0, "submitted", data)


def test_without_a_second_person(home: Database) -> None:
    submit(home, "r0", "ana", (0, 7, 1))
    app = page("agreement")
    assert "submitted by two people yet" in app.info[0].value and not app.metric


def test_figures_pairs_and_labels(home: Database) -> None:
    submit(home, "r0", "ana", (0, 7, 1), (12, 22, 2))
    submit(home, "r0", "ben", (0, 7, 1), (18, 22, 2))
    submit(home, "r1", "ana")
    submit(home, "r1", "cem")
    app = page("agreement")
    app.segmented_control[0].set_value("Figures").run()
    # One token of ten differs; O 15 times, Drug 2, Problem 3: 1 - (2 / 20) / (162 / 380). Then one of three.
    assert {metric.label: metric.value for metric in app.metric} == {
        "exact F1": "50.0",
        "overlapping F1": "100.0",
        "alpha": "0.77",
        "alpha without O": "0.55",
    }
    pairs, labels = (element.value for element in app.dataframe)
    assert list(pairs["people"]) == ["ana and ben", "ana and cem"] and list(pairs["records"]) == [1, 1]
    assert list(labels["label"]) == ["Drug", "Problem"] and list(labels["exact F1"]) == [100, 0]
    assert "2 records that two or more of 3 people submitted; 4 spans" in app.caption[0].value


def test_records_on_which_all_agree_are_taken_by_a_button(home: Database) -> None:
    for author in ("ana", "ben"):
        submit(home, "r0", author, (0, 7, 1))
        submit(home, "r1", author)
    home_page = AppTest.from_file(MAIN, default_timeout=30).run()
    assert "Adjudicate 2 records that several people submitted, so that they count." in [
        m.value for m in home_page.markdown
    ]
    app = page("agreement")
    assert "they agree everywhere" in app.info[0].value
    (button,) = app.button
    assert button.label == "Take 2 records that agree"
    button.click().run()
    assert app.success[0].value == "2 records adjudicated: everybody had the same labels." and not app.button
    with home.reading() as session:
        (change,) = labels_of.history(session, records.ids(session, 1)["r0"], labels_of.ADJUDICATED)
        assert change.author == access.LOCAL_USER
        assert len(gold_of.gold(session, 1, ("pool",))) == 2


def test_the_first_record_that_differs_is_open(home: Database) -> None:
    for key in ("r0", "r1", "r2"):
        submit(home, key, "ana", (0, 7, 1))
        submit(home, key, "ben", *([(0, 7, 1)] if key == "r0" else []))
    app = page("agreement")
    assert [case.state for case in adjudication.cases(home, 1)] == ["open"] * 3
    assert "0 of 2 that differ are adjudicated" in app.caption[0].value
    with home.reading() as session:
        assert app.session_state["adjudicated-record"] == records.ids(session, 1)["r1"]
