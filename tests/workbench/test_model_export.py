"""A model as a folder: no byte of it quotes a record, its card says what was measured, and it predicts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ladtl_core.errors import DataError
from ladtl_core.prediction import load_tagger, predict
from ladtl_core.records import Record
from tests.workbench.model_kit import NAMES, PLAIN, with_model
from workbench.__main__ import main
from workbench.services import model_export, model_folder, model_trial
from workbench.services.model_export import Exported
from workbench.store import audit, snapshots, trained
from workbench.store.database import Database
from workbench.store.paths import home

EVALUATE = model_trial.evaluate


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, int]]:
    with with_model(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def exported(installed: tuple[Database, int]) -> Exported:
    return model_export.export(*installed, "ana")


def test_no_name_is_in_any_byte(installed: tuple[Database, int], exported: Exported) -> None:
    database, model_id = installed
    with database.reading() as session:
        folder = home() / "models" / trained.get(session, model_id).folder
    saved = b"".join(path.read_bytes() for path in folder.iterdir()).lower()
    assert all(name.lower().encode() in saved for name in NAMES[:3])  # the model itself knows them
    everything = b"".join(exported.files.values()) + model_folder.zipped(exported.name, exported.files)
    for name in (*NAMES, "seen with", "MRN"):
        assert name.lower().encode() not in everything.lower(), name
    assert exported.kept < exported.words
    kept = json.loads(exported.files["model.json"])["vocabulary"]["words"]
    assert set(kept) == {"fever", "was", "seen", "with", "cough", "."}


def test_the_folder_loads_and_predicts_on_kept_words_as_before(
    installed: tuple[Database, int], exported: Exported, tmp_path: Path
) -> None:
    database, model_id = installed
    with database.reading() as session:
        before = load_tagger(home() / "models" / trained.get(session, model_id).folder)
    model_folder.write(tmp_path / "out", exported.files)
    after = load_tagger(tmp_path / "out")
    texts = [Record("a", PLAIN), Record("b", "Cough was seen with fever . Unheard !")]
    found = predict(after, texts)
    assert any(found) and found == predict(before, texts)


def test_the_same_model_gives_the_same_bytes(installed: tuple[Database, int], exported: Exported) -> None:
    again = model_export.export(*installed, "ben")
    assert again == exported
    zips = [model_folder.zipped(one.name, one.files) for one in (exported, again)]
    assert zips[0] == zips[1] and model_folder.unzipped("a.zip", zips[0]) == exported.files


def test_spec_and_card_say_what_it_is(installed: tuple[Database, int], exported: Exported) -> None:
    database, model_id = installed
    spec = json.loads(exported.files["spec.json"])
    with database.reading() as session:
        scores = trained.get(session, model_id).scores["dev"]
        hashes = [snapshots.get(session, number).hash for number in (1, 2)]
    assert [part["name"] for part in spec["sources"]] == ["Cardiology"] and spec["target"]["name"] == "Respiratory"
    assert spec["labels"] == ["Problem", "Test"] and spec["method"] == "la-dtl"
    assert {part["labelled"] for part in (*spec["sources"], spec["target"])} == {9}
    assert [part["snapshot_hash"] for part in (*spec["sources"], spec["target"])] == hashes
    assert all(one in exported.card for one in hashes)
    low, high = scores["interval"]
    said = f"F1 {scores['overall']['f1']:.1f} (95 % interval {low:.1f} to {high:.1f}, n = 3 records with 6 spans)"
    assert f"With all the words that it knew where it was trained: {said}" in exported.card
    assert f"{exported.kept} of the {exported.words} words" in exported.card and "alpha 0.02" in exported.card
    assert {"department", "snapshot", "last_record"}.isdisjoint(spec["target"])


def test_the_copy_is_measured_as_it_is(
    installed: tuple[Database, int], exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = json.loads(exported.files["metrics.json"])
    with installed[0].reading() as session:
        scores = trained.get(session, installed[1]).scores["dev"]
        dev = [record for record in snapshots.records(session, 2) if record.split == "dev"]
    assert metrics["dev_with_all_words"] == {**scores, "counts": {}}
    monkeypatch.setattr(model_trial, "evaluate", EVALUATE)  # in a process of its own
    again = model_trial.scores(exported.files, dev)
    assert metrics["dev"] == json.loads(json.dumps({**again, "counts": {}})) and again["records"] == 3
    assert f"This copy, on the dev records of Respiratory: F1 {again['overall']['f1']:.1f}" in exported.card
    with pytest.raises(DataError, match=r"could not be tried on dev: .*holds no model"):
        model_trial.scores({**exported.files, "model.json": b"{}"}, dev)


def test_metrics_hold_no_single_record_and_no_test_score(exported: Exported) -> None:
    metrics = json.loads(exported.files["metrics.json"])
    assert metrics["dev"]["counts"] == {} and "test" not in metrics
    assert [epoch["epoch"] for epoch in metrics["epochs"]] == [1, 2]


def test_an_export_is_noted_and_a_damaged_model_is_told(installed: tuple[Database, int], exported: Exported) -> None:
    database, model_id = installed
    with database.reading() as session:
        assert {entry.who for entry in audit.entries(session) if entry.what == "exported"} >= {"ana"}
        folder = home() / "models" / trained.get(session, model_id).folder
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:100])
    try:
        with pytest.raises(DataError, match="holds no model that can be read"):
            model_export.export(database, model_id, "ana")
    finally:
        (folder / "model.safetensors").write_bytes(weights)


def test_the_command_line_writes_a_folder_once(
    installed: tuple[Database, int], exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out.split() == ["1", "Respiratory", "v1,", "current"]
    command = ["models", "export", "1", "--out", str(tmp_path / "model")]
    assert main(command) == 0 and "words kept" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == exported.files
    assert main(command) == 1 and "cannot be written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert main(["models", "export", "9", "--out", str(tmp_path / "nothing")]) == 1
    assert "no model 9" in capsys.readouterr().err
