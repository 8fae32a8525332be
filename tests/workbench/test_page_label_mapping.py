"""The Labels page says which labels of another department stand for its own. No browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.workbench.pages_kit import page, press
from tests.workbench.test_page_labels import home
from workbench.services import label_mapping
from workbench.store import departments
from workbench.store.database import Database

__all__ = ["home"]  # the fixture
DRUG, PROBLEM, AGENT, THEIR_PROBLEM = 1, 2, 3, 4


@pytest.fixture
def app(home: Database) -> AppTest:
    with home.session() as session:
        departments.create(session, "Neurology", "neural", ["Agent", "Problem"])
    app = page("labels")
    app.selectbox[0].set_value(2).run()  # the set of the target
    assert not app.exception, app.exception
    return app


def test_a_row_a_label_starts_at_the_same_name_and_is_saved(home: Database, app: AppTest) -> None:
    drug, problem = (app.selectbox(key=f"pair-{label}-2") for label in (DRUG, PROBLEM))
    assert (drug.label, problem.label) == ("Drug", "Problem")
    assert drug.options == ["none", "Agent", "Problem"] and (drug.value, problem.value) == (None, THEIR_PROBLEM)
    drug.set_value(AGENT)
    press(app, "Save mapping")
    assert "labels of clinical for those of neural" in app.success[0].value
    assert label_mapping.mapping(home, 1, 2).pairs == {DRUG: AGENT, PROBLEM: THEIR_PROBLEM}


def test_two_labels_for_one_are_refused(home: Database, app: AppTest) -> None:
    app.selectbox(key=f"pair-{DRUG}-2").set_value(THEIR_PROBLEM)
    press(app, "Save mapping")
    assert "'Drug' and 'Problem' both stand for 'Problem'" in app.error[0].value
    assert label_mapping.mapping(home, 1, 2).pairs == {DRUG: None, PROBLEM: THEIR_PROBLEM}
