"""Experiments: which runs they are, going on after a cut, and what their tables say."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from pathlib import Path

import pytest

from ladtl_core.__main__ import main
from ladtl_core.errors import ConfigError
from ladtl_core.experiments.plans import EXPERIMENTS, Request, checked_pair
from ladtl_core.experiments.runner import Results, run_all
from ladtl_core.experiments.runs import Corpus, Outcome
from ladtl_core.experiments.tables import report
from ladtl_core.methods import METHODS

from .conftest import sentences, tiny_config
from .test_cli import write

DEPARTMENTS = ("C", "N", "R")
ASK = Request(DEPARTMENTS, ("C", "R"), tuple(METHODS), 2, 0.1, tiny_config())


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    for name in DEPARTMENTS:
        for seed, (split, count) in enumerate({"train": 30, "dev": 10, "test": 12}.items()):
            write(folder / name, split, sentences(name, count, seed))
    return Corpus(folder)


def test_the_departments_are_the_folders_with_training_sentences(corpus: Corpus) -> None:
    (corpus.folder / "notes").mkdir()
    assert corpus.departments == ["C", "N", "R"]


def test_all_pairs_of_all_methods_and_non_transfer_once_a_target(corpus: Corpus) -> None:
    plan = EXPERIMENTS["pairs"].plan(ASK)
    assert list(plan.cells) == ["dictionary", *METHODS]
    assert list(plan.cells["la-dtl"]) == ["C>N", "C>R", "N>C", "N>R", "R>C", "R>N"]
    keys = {spec.key(corpus.fingerprint(spec)): spec for spec in plan.runs}
    # Dictionary and nine methods on six pairs, non-transfer on three targets; two seeds of each.
    assert len(plan.runs) == 11 * 6 * 2 and len(keys) == (10 * 6 + 3) * 2
    assert {spec.config.training.seed for spec in keys.values()} == {0, 1}
    assert all(spec.config.transfer.method == spec.method for spec in keys.values() if spec.method in METHODS)


@pytest.mark.parametrize(("name", "setting"), [("alpha", "alpha"), ("beta", "beta"), ("epsilon", "epsilon")])
def test_a_sweep_changes_one_setting(name: str, setting: str) -> None:
    plan = EXPERIMENTS[name].plan(ASK)
    for value, specs in plan.cells["joint-training" if name == "epsilon" else "la-dtl"].items():
        assert all(getattr(spec.config.transfer, setting) == float(value) for spec in specs)
        back = {setting: getattr(ASK.config.transfer, setting), "method": "la-dtl"}
        assert all(dataclasses.replace(s.config.transfer, **back) == ASK.config.transfer for s in specs)


def test_the_grid_shows_dev_alone_and_sampling_changes_the_rate() -> None:
    assert EXPERIMENTS["grid"].plan(ASK).splits == ("dev",)
    sampled = EXPERIMENTS["sampling"].plan(ASK).cells["la-dtl"]
    assert [specs[0].rate for specs in sampled.values()] == [float(name) for name in sampled]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_fills_its_table(name: str) -> None:
    plan = EXPERIMENTS[name].plan(ASK)
    assert plan.runs and len({tuple(row) for row in plan.cells.values()}) == 1


def test_pairs_are_checked() -> None:
    assert checked_pair(["A", "C", "R"], None) == ("C", "R") and checked_pair(["A", "B"], None) == ("A", "B")
    with pytest.raises(ConfigError, match="no such department: X; the corpus has A, B"):
        checked_pair(["A", "B"], ["A", "X"])
    with pytest.raises(ConfigError, match="expected folders of two or more"):
        checked_pair(["A"], None)


def test_it_goes_on_where_it_was_cut_off(corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A torn last row and lost counts are run again, whole rows are not."""
    options = ["experiment", "dictionary", "--corpus", str(corpus.folder), "--out", str(tmp_path), "--seeds", "1"]
    assert main(options) == 0
    first = capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "runs.csv").open()))
    assert len(rows) == 6 and all(float(row["test_f1"]) > 0 and row["config"] and row["data"] for row in rows)
    content = (tmp_path / "runs.csv").read_text()
    (tmp_path / "runs.csv").write_text(content[: content.rindex('"{')])
    (tmp_path / "counts" / f"{rows[0]['key']}.json").write_text("{")
    assert len(Results(tmp_path).rows) == 4
    assert main(options) == 0
    assert capsys.readouterr().out == first == (tmp_path / "dictionary.md").read_text()
    again = {row["key"]: row for row in csv.DictReader((tmp_path / "runs.csv").open())}
    assert again == {row["key"]: row for row in rows}


def test_other_data_is_another_run(corpus: Corpus, tmp_path: Path) -> None:
    spec = EXPERIMENTS["dictionary"].plan(ASK).runs[0]
    copy = Corpus(shutil.copytree(corpus.folder, tmp_path / "copy"))
    assert copy.fingerprint(spec) == corpus.fingerprint(spec)
    with (copy.folder / spec.source / "train.conll").open("a") as opened:
        opened.write("\none\tO\n")
    assert copy.fingerprint(spec) != corpus.fingerprint(spec)


def test_trained_systems_are_compared(corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ("training.max_steps=6", "training.epoch_steps=3", "training.pretrain_epochs=1", "model.hidden_size=4")
    settings = [part for size in sizes for part in ("--set", size)]
    options = ["--corpus", str(corpus.folder), "--out", str(tmp_path), "--seeds", "2", "--rate", "1"]
    assert main(["experiment", "trials", *options, "--methods", "non-transfer", "la-dtl", *settings]) == 0
    shown = capsys.readouterr().out
    assert "| dictionary | " in shown and "| la-dtl | " in shown and "6 test documents of 1 target" in shown
    rows = {(row["method"], row["seed"]): row for row in csv.DictReader((tmp_path / "runs.csv").open())}
    assert set(rows) == {(m, s) for m in ("dictionary", "non-transfer", "la-dtl") for s in ("0", "1")}
    assert rows["non-transfer", "0"]["source"] == "" and rows["la-dtl", "1"]["steps"] == "6"


def outcome(correct: int) -> Outcome:
    counts = {f"d{i}": (correct, 4, 4) for i in range(5)}
    return Outcome({"dev": counts, "test": counts}, {"dev_f1": 25.0 * correct, "test_f1": 25.0 * correct})


def test_means_spreads_and_what_is_missing(corpus: Corpus, tmp_path: Path) -> None:
    ask = dataclasses.replace(ASK, methods=("joint-training", "la-mmd", "la-dtl"))
    plan, results = EXPERIMENTS["trials"].plan(ask), Results(tmp_path)
    for method, correct in (("joint-training", (1, 2)), ("la-dtl", (3, 3))):
        for spec, count in zip(plan.cells[method]["C>R"], correct, strict=True):
            data = corpus.fingerprint(spec)
            results.add(spec.key(data), spec, data, outcome(count))
    text = report(plan, Results(tmp_path), corpus)
    assert "| joint-training | 37.5 (17.7) |" in text and "| la-mmd | - |" in text and "| la-dtl | 75.0 (0.0) |" in text
    # Five documents, all for la-dtl: two of 32 exchanges are as extreme.
    assert "| joint-training | 37.5-37.5 | +37.50 | 0.06" in text and text.rstrip().endswith("| 0.06 |")


def test_a_run_that_fails_is_told_and_the_rest_is_run(corpus: Corpus, tmp_path: Path) -> None:
    specs = EXPERIMENTS["dictionary"].plan(ASK).runs[:2]
    wrong = dataclasses.replace(specs[0], rate=0.0)
    results = Results(tmp_path)
    failures = run_all(corpus, [wrong, specs[1]], results, 1)
    assert len(failures) == 1 and "rate is 0" in failures[0] and len(results.rows) == 1
