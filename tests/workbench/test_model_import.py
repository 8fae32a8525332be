"""A model that was exported here suggests elsewhere; one that was tampered with is told, and nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ladtl_core.errors import DataError
from ladtl_core.prediction import load_tagger, predict
from tests.workbench.model_kit import add_department, installation, with_model
from workbench.__main__ import main
from workbench.jobs import api, inputs
from workbench.jobs.execution import execute
from workbench.jobs.learner import core_learner
from workbench.services import labelling, learning_curve, model_export, model_folder, model_import, results
from workbench.services.model_folder import Files, digest
from workbench.services.model_import import Fit
from workbench.store import outcomes, runs, trained
from workbench.store.database import Database
from workbench.store.paths import home


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A model as it left another installation."""
    with with_model(tmp_path_factory.mktemp("there")) as (database, model_id):
        return model_export.export(database, model_id, "ana").files


@pytest.fixture(name="here")
def installation_here(tmp_path: Path) -> Iterator[Database]:
    with installation(tmp_path / "here") as database:
        yield database


def run_waiting(database: Database) -> None:
    [run] = [run for run in api.list_runs(database) if run.state == "queued"]
    execute(database, run.run_id, "test", core_learner())
    assert api.status(database, run.run_id).state == "succeeded", api.status(database, run.run_id).error


def test_it_suggests_in_the_department_that_was_chosen(here: Database, files: Files) -> None:
    ward = add_department(here, "Ward", ("Problem", "Other"))
    brought = model_import.opened(files, "model.zip")
    model = model_import.bring_in(here, brought, ward, "ben")
    run_waiting(here)
    tagger = load_tagger(home() / "models" / model.folder)
    with here.reading() as session:
        texts = inputs.all_records(session, ward)
        stored = trained.suggestions(session, model.id, ("pool", "dev"))
        assert trained.current(session, ward) is not None and trained.has_all_suggestions(session, model.id)
    expected = predict(tagger, [record for _, record in texts])
    assert any(expected)
    for (record_id, _), spans in zip(texts, expected, strict=True):
        assert [(s["start"], s["end"], s["label"], s["confidence"]) for s in stored[record_id]] == [
            (span.start, span.end, span.label, span.confidence) for span in spans
        ]
    offered = labelling.open_record(here, texts[0][0], "ben")["suggestions"]
    names = [(start, end) for start, end, label in shown(stored[texts[0][0]]) if label == "Problem"]
    assert [(one["start"], one["end"]) for one in offered] == names  # the department has no Test


def shown(spans: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    return [(span["start"], span["end"], span["label"]) for span in spans]


def test_it_is_no_training_of_this_place(here: Database, files: Files) -> None:
    ward = add_department(here, "Ward")
    brought = model_import.opened(files, "model.zip")
    model = model_import.bring_in(here, brought, ward, "ben")
    assert model_import.bring_in(here, brought, ward, "ana").id == model.id  # the same again is the same
    [found] = model_import.of_department(here, ward)
    assert (found.version, found.current, found.about) == (1, True, brought.about)
    assert found.about.title == "la-dtl: Cardiology → Respiratory" and found.about.records == 3
    assert model.scores == {} and results.of_department(here, ward) == []
    assert [run.kind for run in api.list_runs(here)] == ["predict"]
    assert learning_curve.of_department(here, ward) is None
    with here.reading() as session:
        assert outcomes.of_trainings(session) == [] and outcomes.took(session, 10) == []
    again = model_export.export(here, model.id, "ben")
    assert again.files == files  # goes on as it came


def test_labels_are_matched_by_name_and_missing_ones_told(here: Database, files: Files) -> None:
    brought = model_import.opened(files, "model.zip")
    both, none = add_department(here, "Both"), add_department(here, "None", ("Finding",))
    one = add_department(here, "One", ("Problem", "Other"))
    assert model_import.fit(here, brought, both) == Fit(("Problem", "Test"), (), None)
    assert model_import.fit(here, brought, one) == Fit(("Problem",), ("Test",), None)
    assert model_import.fit(here, brought, none).labels == ()
    with pytest.raises(DataError, match="none of the model's labels"):
        model_import.bring_in(here, brought, none, "ben")
    assert not (home() / "models").exists()


def respelled(files: Files, name: str, change: Callable[[Any], None]) -> Files:
    """The files with another JSON in one of them, and the sums that belong to it."""
    values = json.loads(files[name])
    change(values)
    made = {**files, name: json.dumps(values).encode()}
    if name == "spec.json":
        return made
    return respelled(made, "spec.json", lambda spec: spec["files"].update({name: digest(made[name])}))


HOSTILE: dict[str, tuple[Callable[[Files], Files], str]] = {
    "later version": (lambda f: respelled(f, "spec.json", lambda s: s.update(version=2)), "version 2 of the format"),
    "other format": (lambda f: respelled(f, "spec.json", lambda s: s.update(format="x")), "expected 'ladtl-model'"),
    "changed weights": (lambda f: {**f, "model.safetensors": f["model.safetensors"][:-1] + b"\0"}, "SHA-256 differs"),
    "changed card": (lambda f: {**f, "card.md": b"Perfect."}, "SHA-256 differs"),
    "missing file": (lambda f: {k: v for k, v in f.items() if k != "model.json"}, "lacks model.json"),
    "no sums": (lambda f: respelled(f, "spec.json", lambda s: s.pop("files")), "SHA-256 differs"),
    "deep JSON": (lambda f: {**f, "spec.json": b"[" * 100_000}, "is no JSON"),
    "a list": (lambda f: {**f, "spec.json": b"[]"}, "no JSON object"),
    "name of lines": (
        lambda f: respelled(f, "spec.json", lambda s: s["target"].update(name="a\nb")),
        "expected at most 200",
    ),
    "F1 of 101": (
        lambda f: respelled(f, "metrics.json", lambda m: m["dev"]["overall"].update(f1=101)),
        "expected 0 to 100",
    ),
    "no number": (
        lambda f: respelled(f, "metrics.json", lambda m: m["dev"]["overall"].update(f1=float("nan"))),
        "expected 0 to 100",
    ),
    "huge model": (
        lambda f: respelled(f, "model.json", lambda m: m["config"]["model"].update(hidden_size=10**9)),
        "model.json asks for",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_was_tampered_with_is_told(files: Files, case: str) -> None:
    change, message = HOSTILE[case]
    with pytest.raises(DataError, match=message):
        model_import.opened(change(files), "model.zip")


def test_the_command_line_tells_missing_labels_first(
    here: Database, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_department(here, "Ward", ("Other", "Problem"))
    model_folder.write(tmp_path / "model", files)
    command = ["models", "import", str(tmp_path / "model"), "--into", "Ward"]
    assert main(command) == 1 and "Ward lacks the labels Test" in capsys.readouterr().err
    assert main(["models", "list"]) == 0 and capsys.readouterr().out == ""
    assert main([*command, "--leave-out"]) == 0 and "version 1 of Ward" in capsys.readouterr().out
    assert main([*command[:-1], "Nowhere"]) == 1 and "no department 'Nowhere'" in capsys.readouterr().err


def test_it_is_stored_once_in_every_database(database: Database) -> None:
    ward = add_department(database, "Ward")
    values = {"title": "la-dtl", "about": {"method": "la-dtl"}, "key": "k", "folder": "f", "hash": "h"}
    for _ in range(2):
        with database.session() as session:
            model = trained.add_imported(session, department_id=ward, code_version="1", **values)  # type: ignore[arg-type]
    assert (model.id, model.version) == (1, 1)
    with database.reading() as session:
        assert [(found.id, about) for found, about in trained.imported_models(session, ward)] == [(1, values["about"])]
        assert inputs.learned_from(session, runs.get(session, model.run_id).spec) == ([], [])
    assert api.list_runs(database) == []
