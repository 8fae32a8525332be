"""The pages on the demo departments: empty, with runs, and with what people do wrong. No browser, no worker process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.workbench.pages_kit import MAIN, page
from workbench.jobs.execution import execute
from workbench.jobs.learner import core_learner
from workbench.services import access, comparison, demo, results, training
from workbench.store import departments, records
from workbench.store.database import Database

TINY: dict[str, dict[str, Any]] = {
    "model": {"word_size": 8, "char_size": 4, "char_filters": 4, "hidden_size": 8},
    "training": {"max_steps": 60, "epoch_steps": 20, "pretrain_epochs": 0, "learning_rate": 0.02, "average": 0.5},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An installation with the demo departments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADTL_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("LADTL_DATABASE_URL", raising=False)
        database = access.database()
        demo.ensure_demo(database)
        yield database
        database.close()


@pytest.fixture(scope="module")
def ids(home: Database) -> dict[str, int]:
    with home.reading() as session:
        return {department.name: department.id for department in departments.all_departments(session)}


def train(database: Database, ids: dict[str, int], method: str) -> int:
    spec = training.make_spec([ids["Cardiology"]], ids["Respiratory"], method, TINY)
    run_id = training.start(database, spec)
    execute(database, run_id, "test", core_learner())
    return run_id


@pytest.fixture(scope="module")
def trained(home: Database, ids: dict[str, int]) -> list[int]:
    """Two finished runs of Respiratory: La-DTL, then non-transfer."""
    return [train(home, ids, "la-dtl"), train(home, ids, "non-transfer")]


def texts(app: AppTest) -> str:
    return " ".join(str(element.value) for element in (*app.markdown, *app.caption, *app.info, *app.warning))


def test_home_says_what_to_do_next(home: Database, ids: dict[str, int]) -> None:
    app = page("home")
    assert [heading.value for heading in app.subheader] == sorted(ids)
    assert "a program wrote them" in texts(app)
    assert "Label 2 more" in texts(app) and "Label 5 more" in texts(app)


def test_train_says_what_a_run_would_learn_from(home: Database, ids: dict[str, int]) -> None:
    app = page("train", department=ids["Neurology"])
    assert "Learns from 8 labelled target records, 160 of the source" in texts(app)
    assert "Stops early on the 30 labelled dev records." in texts(app)
    assert any(button.label == "Train la-dtl on 8 records" for button in app.button)


def test_every_setting_has_its_help(home: Database) -> None:
    app = page("train")
    shown = {element.label: element.help for element in (*app.number_input, *app.text_input, *app.selectbox)}
    for setting in training.settings("la-dtl"):
        help = shown[setting.name.replace("_", " ")]
        assert setting.help in help and setting.source in help and "Default" in help


def test_a_wrong_setting_is_a_sentence(home: Database) -> None:
    app = page("train")
    next(field for field in app.text_input if field.label == "bandwidths").set_value("1 two").run()
    assert not app.exception
    assert any("bandwidths" in warning.value for warning in app.warning)


def test_training_is_queued_with_its_baseline_and_can_be_cancelled(home: Database, ids: dict[str, int]) -> None:
    app = page("train", department=ids["Gastroenterology"])
    next(button for button in app.button if button.label.startswith("Train la-dtl")).click().run()
    assert not app.exception
    runs = training.list_runs(home, ids["Gastroenterology"])
    assert [run.title.split(":")[0] for run in runs] == ["non-transfer", "la-dtl"]
    assert {run.state for run in runs} == {"queued"}
    app.button(key="cancel").click().run()
    assert training.live(home, app.session_state["run"]).run.state == "cancelled"


def test_results_without_a_run_lead_to_training(home: Database, ids: dict[str, int]) -> None:
    app = page("results", department=ids["Neurology"])
    assert "no finished training yet" in texts(app)
    assert any(button.label == "Train a model" for button in app.button)


def test_results_compare_with_non_transfer(home: Database, ids: dict[str, int], trained: list[int]) -> None:
    app = page("results", tab="Labels", department=ids["Respiratory"], result=trained[0])
    la_dtl, baseline = (result for result in reversed(results.of_department(home, ids["Respiratory"])))
    assert la_dtl.method == "la-dtl" and baseline.method == "non-transfer"
    assert la_dtl.dev is not None and baseline.dev is not None
    gain = la_dtl.dev.overall.f1 - baseline.dev.overall.f1
    assert app.metric[0].value == f"{la_dtl.dev.overall.f1:.1f}"
    assert app.metric[0].delta == f"{gain:+.1f} F1 against v{baseline.version} non-transfer"
    table = app.dataframe[0].value
    assert list(table.index) == [*sorted(la_dtl.dev.per_label), "all"] and "gap B-" in table.columns
    assert table.loc["all", "support"] == la_dtl.dev.overall.support


def test_an_address_leads_to_a_run(home: Database, ids: dict[str, int], trained: list[int]) -> None:
    app = AppTest.from_file(MAIN, default_timeout=60)
    app.run()
    for name, value in {"department": ids["Respiratory"], "result": trained[1], "compared": 0}.items():
        app.query_params[name] = str(value)
    app.switch_page("pages/results.py").run()
    chosen = {box.label: box.value for box in app.selectbox}
    assert [chosen[label] for label in ("Department", "Run", "Compare with")] == [ids["Respiratory"], trained[1], 0]
    next(box for box in app.selectbox if box.label == "Run").select(trained[0]).run()
    assert app.query_params["result"] == str(trained[0])


def test_the_gap_has_its_p_beside_f1(home: Database, ids: dict[str, int], trained: list[int]) -> None:
    app = page("results", tab="Gap", department=ids["Respiratory"], result=trained[0])
    _, la_dtl = results.of_department(home, ids["Respiratory"])
    assert la_dtl.dev is not None and la_dtl.run.result is not None
    measured = {gap["tag"]: gap for gap in la_dtl.run.result["gaps"]}
    table = next(frame.value for frame in app.dataframe if "p after" in frame.value)
    shown = {row["tag"]: row for _, row in table.iterrows()}
    assert set(shown) == set(measured) and 0 < shown["B-Problem"]["p after"] <= 1
    assert shown["B-Problem"]["MMD² after"] == measured["B-Problem"]["mmd2"]
    assert shown["B-Problem"]["spans"] == la_dtl.dev.per_label["Problem"].support
    assert "train joint-training with the same labels" in texts(app)


def test_two_runs_stand_side_by_side(home: Database, ids: dict[str, int], trained: list[int]) -> None:
    app = page("results", tab="Side by side", department=ids["Respiratory"], result=trained[0], compared=trained[1])
    baseline, la_dtl = results.of_department(home, ids["Respiratory"])
    mine, theirs = f"v{la_dtl.version}", f"v{baseline.version}"
    settings = next(frame.value for frame in app.dataframe if "setting" in frame.value)
    values = {row["setting"]: (row[mine], row[theirs]) for _, row in settings.iterrows()}
    assert values["transfer.method"] == ("la-dtl", "non-transfer") and "target.snapshot" not in values
    table = next(frame.value for frame in app.dataframe if "low" in frame.value)
    assert la_dtl.dev is not None and baseline.dev is not None
    [everything] = table[table["label"] == "all"].to_dict("records")
    assert everything["difference"] == pytest.approx(la_dtl.dev.overall.f1 - baseline.dev.overall.f1)
    assert everything["low"] <= everything["difference"] <= everything["high"] and everything["records"] == 30
    assert "n = 30 dev records, the same for both" in texts(app)
    alone = comparison.sentences(home, la_dtl, baseline).differing
    choice: Any = next(group for group in app.get("button_group") if getattr(group, "label", "") == "Right")
    choice.set_value("other").run()
    assert not app.exception
    [shown] = [frame.value for frame in app.dataframe if "sentence" in frame.value]
    assert len(shown) == sum(one.right == "other" for one in alone) > 0 and set(shown["right"]) == {theirs}


def test_an_error_is_chosen_and_opened_in_review(home: Database, ids: dict[str, int], trained: list[int]) -> None:
    app = page("results", tab="Errors", department=ids["Respiratory"], result=trained[0])
    table = next(frame.value for frame in app.dataframe if "words" in frame.value)
    assert len(table) > 0 and set(table["error"]) <= {"missed", "spurious", "wrong label", "wrong boundary"}
    kinds: Any = next(group for group in app.get("button_group") if getattr(group, "label", "") == "Kind")
    kinds.set_value(["missed"]).run()
    assert not app.exception
    [shown] = [frame.value for frame in app.dataframe if "words" in frame.value]
    assert set(shown["error"]) == {"missed"} and len(shown) < len(table)
    with home.reading() as session:
        record = records.ids(session, ids["Respiratory"])[shown["record"].iloc[-1]]
    app = page("review", **{"department": ids["Respiratory"], "dev-record": record})
    assert app.selectbox(key="dev-choice").value == record


def test_a_model_is_made_current_and_taken_back(home: Database, ids: dict[str, int], trained: list[int]) -> None:
    for run_id in (trained[1], trained[0]):
        app = page("results", department=ids["Respiratory"], result=run_id)
        current = [button for button in app.button if button.label == "Make current"]
        if current:
            current[0].click().run()
            assert not app.exception
        found = {result.run.run_id: result.current for result in results.of_department(home, ids["Respiratory"])}
        assert found == {run: run == run_id for run in trained}


def test_looks_at_test_are_counted(home: Database, ids: dict[str, int], trained: list[int]) -> None:
    for looks in (1, 2):
        app = page("results", tab="Labels", department=ids["Respiratory"], result=trained[0])
        next(button for button in app.button if button.label == "Look at the test scores").click().run()
        assert f"looked at {looks} time" in texts(app)
        assert any("F1 on test" in element.value for element in app.markdown)


def test_review_without_a_model(home: Database, ids: dict[str, int]) -> None:
    assert "has no model yet" in texts(page("review", department=ids["Neurology"]))


def test_review_shows_errors_beside_gold(home: Database, ids: dict[str, int], trained: list[int]) -> None:
    app = page("review", department=ids["Respiratory"])
    assert [metric.label for metric in app.metric] == ["correct", "missed", "spurious", "wrong label", "wrong boundary"]
    counts = {metric.label: int(metric.value) for metric in app.metric}
    current = next(result for result in results.of_department(home, ids["Respiratory"]) if result.current)
    assert current.dev is not None
    found_gold = counts["correct"] + counts["missed"] + counts["wrong label"] + counts["wrong boundary"]
    assert found_gold == current.dev.overall.support
