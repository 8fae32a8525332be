"""What Results and Home say of labels still to come, on trainings that the store holds. No browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.workbench.curve_kit import grown
from tests.workbench.pages_kit import page
from tests.workbench.test_pages import texts
from workbench.services import access, training
from workbench.store.database import Database


@pytest.fixture(scope="module")
def ids(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """A department with four trainings and one with two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADTL_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("LADTL_DATABASE_URL", raising=False)
        database: Database = access.database()
        yield {"Told": grown(database, "Told"), "Silent": grown(database, "Silent", sizes=(20, 40))}
        database.close()


def sentence(app: AppTest) -> str:
    return next(element.value for element in app.markdown if "records" in element.value)


def test_results_say_how_many_more(ids: dict[str, int]) -> None:
    app = page("results", tab="How many more?", department=ids["Told"])
    assert not any(button.label.startswith("Measure") for button in app.button)
    assert app.number_input[0].value == 75  # the next round figure above 72.6
    assert re.fullmatch(r"\*\*About 2\d more records for F1 75 \(90 % interval: \d+ to \d+\)\.\*\*", sentence(app))
    table = next(frame.value for frame in app.dataframe if "for F1 75" in frame.value)
    assert list(table.index) == ["Problem", "Test", "Treatment"]
    words = list(table["for F1 75"])
    assert words[0].startswith("About 2") and "4 spans, 20 are needed" in words[2]
    app.number_input[0].set_value(95).run()
    assert not app.exception and "beyond 3 times the 80 records" in sentence(app)
    app.number_input[0].set_value(60).run()
    assert "reaches F1 60 with the 80 records" in sentence(app)


def test_results_of_two_trainings_tell_nothing(ids: dict[str, int]) -> None:
    app = page("results", tab="How many more?", department=ids["Silent"])
    assert "Cannot tell: it takes trainings on 3 different numbers of records, there are 2 so far." in sentence(app)


def test_a_curve_can_be_asked_for(ids: dict[str, int]) -> None:
    app = page("results", tab="How many more?", department=ids["Silent"])
    [button] = [button for button in app.button if button.label.startswith("Measure the curve")]
    button.click().run()
    assert not app.exception and "4 trainings with these settings under way." in texts(app)
    queued = [run for run in training.list_runs(access.database(), ids["Silent"]) if run.state == "queued"]
    assert [run.spec["target"].get("keep") for run in queued] == [None, 30, 20, 10]


def test_home_tells_the_gain_only_where_it_is_known(ids: dict[str, int]) -> None:
    app = page("home")
    shown = [element.value for element in app.markdown if "Correct the model's suggestions" in element.value]
    assert len(shown) == 2
    assert shown[0].endswith("20 more records and non-transfer should gain about 2 F1.")
    assert shown[1].strip().endswith("then train again.")
