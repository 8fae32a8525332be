"""Results: a model leaves as a zip and comes into another department; what is no model is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.workbench.model_kit import NAMES, add_department, with_model
from tests.workbench.pages_kit import page, press
from workbench.services import model_export, model_folder, training
from workbench.store import audit, trained
from workbench.store.database import Database


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, int]]:
    with with_model(tmp_path_factory.mktemp("home")) as made:
        yield made


def results_of(department_id: int, upload: bytes | None = None) -> AppTest:
    app = page("results", tab="Settings", department=department_id)
    if upload is not None:
        app.file_uploader[0].set_value(("model.zip", upload, "application/zip")).run()
        assert not app.exception, app.exception
    return app


def said(app: AppTest) -> str:
    shown = (*app.text, *app.warning, *app.error, *app.success, *app.info, *app.caption, *app.code)
    return " ".join(str(element.value) for element in shown)


def test_a_model_is_prepared_with_its_card(installed: tuple[Database, int]) -> None:
    database, model_id = installed
    app = results_of(2)
    press(app, "Prepare v1 as a folder")
    assert "6 of 12 words kept" in said(app) and "## Limits" in said(app)
    assert not any(name in said(app) for name in NAMES)
    with database.reading() as session:
        assert audit.count(session, "exported", [f"model {model_id}"]) == 1


def test_a_model_comes_into_a_department_that_lacks_a_label(installed: tuple[Database, int]) -> None:
    database, model_id = installed
    made = model_export.export(database, model_id, "ana")
    ward = add_department(database, "Ward", ("Problem", "Other"))
    app = results_of(ward, model_folder.zipped(made.name, made.files))
    assert "lacks 1 of the model's 2 labels" in said(app) and "Missing: Test" in said(app)
    press(app, "Bring it into Ward")
    assert "v1 is here: it is the current model" in said(app)
    [table] = [frame.value for frame in app.dataframe if "F1 there" in frame.value]
    assert table["version"].tolist() == ["v1 · current"] and table["target"].tolist() == ["Respiratory"]
    assert [run.kind for run in training.list_runs(database, ward)] == ["predict"]


def test_a_second_model_waits_to_be_made_current(installed: tuple[Database, int]) -> None:
    database, model_id = installed
    made = model_export.export(database, model_id, "ana")
    app = results_of(2, model_folder.zipped(made.name, made.files))
    press(app, "Bring it into Respiratory")
    assert "v2 is here: it can be made current" in said(app)
    press(app, "Make v2 current")
    with database.reading() as session:
        current = trained.current(session, 2)
        assert current is not None and current.version == 2
    for name in ("home", "annotate", "review", "train"):  # none of them trips over a model that was trained elsewhere
        page(name, department=2)


@pytest.mark.parametrize("upload", [b"no zip", model_folder.zipped("x", {"model.pkl": b"cos\nsystem\n"})])
def test_what_is_no_model_is_told(installed: tuple[Database, int], upload: bytes) -> None:
    app = results_of(2, upload)
    assert "no model that can be brought in; nothing was stored" in said(app) and "model.zip: " in said(app)
    assert not any(button.label.startswith("Bring it") for button in app.button)
