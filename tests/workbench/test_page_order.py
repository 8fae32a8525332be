"""What the Annotate page says of orders, with and without scores. No browser, no worker process."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from ladtl_core.records import Record
from tests.workbench.pages_kit import page
from workbench.store import departments, records, runs, scores, trained
from workbench.store.database import Database


@pytest.fixture
def home(installation: Database) -> Database:
    """A department with a pool and a dev record, and a model of a version that knew no scores."""
    with installation.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem",))
        items = [Record("r", "Fever", split="pool"), Record("dev", "Cough", split="dev")]
        records.add(session, department.id, items, "me")
        run = runs.create(
            session, kind="train", department_id=1, title="r", spec={}, spec_hash="r", code_version="test"
        )
        trained.add_model(session, department_id=1, run_id=run.id, folder="f", hash="h", scores={})
    return installation


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_a_model_without_scores_can_be_asked_for_them(home: Database) -> None:
    app = page("annotate", order="uncertainty")
    order = next(box for box in app.selectbox if box.label == "Order")
    assert order.options == ["Order: as imported", "Order: random"] and order.value == "given"
    assert "Model v1 has not scored 1 record, so that there are no other orders yet." in captions(app)
    next(button for button in app.button if button.label == "Score 1 record").click().run()
    assert not app.exception
    assert "The worker scores 1 record with model v1." in captions(app)


def test_a_model_without_a_source_says_that_there_is_no_gap(home: Database) -> None:
    row = {"record_id": 1, "tokens": 1, "uncertainty": 0.5, "close": 1, "doubtful": ["Problem"], "gap": None}
    with home.session() as session:
        scores.store(session, 1, [{**row, "gap_parts": {}, "rank": 1, "near_to": 1}])
    app = page("annotate", order="uncertainty")
    assert "By the scores of model v1. It learned from no source: there is no gap to close." in captions(app)
    assert "Uncertain: 1 of 1 token is a close call, most about Problem." in captions(app)
    assert "Order: gap-closing" not in next(box for box in app.selectbox if box.label == "Order").options
    # An order that is not offered now is remembered for departments that have it.
    app = page("annotate", order="gap-closing")
    assert next(box for box in app.selectbox if box.label == "Order").value == "given"
    assert app.session_state["order"] == "gap-closing"


def test_the_evaluation_set_stays_in_the_order_of_import(home: Database) -> None:
    app = page("annotate", order="random", evaluation=True)
    assert "Order: as imported. A random set must not be chosen from." in captions(app)
    assert all(box.label != "Order" for box in app.selectbox)
    assert "In the order of import." in captions(app)
