"""Experiments: which runs they are, going on after a cut, and what their tables say."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pytest

from ladtl_core.__main__ import main
from ladtl_core.config import Config
from ladtl_core.errors import ConfigError
from ladtl_core.experiments.plans import EXPERIMENTS, Request, Row, RunSpec, checked_pair, spec_of, value_of
from ladtl_core.experiments.rows import read_rows, write_rows
from ladtl_core.experiments.runner import Results, run_all
from ladtl_core.experiments.runs import Corpus, Outcome
from ladtl_core.experiments.tables import cells_of, report
from ladtl_core.experiments.tuning import BEST, TRIALS, changed, trial_of, tuned
from ladtl_core.methods import METHODS

from .conftest import sentences, tiny_config
from .test_cli import ROOT, write

DEPARTMENTS = ("C", "N", "R")
ASK = Request(DEPARTMENTS, ("C", "R"), tuple(METHODS), 2, 0.1, lru_cache(tiny_config))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    for name in DEPARTMENTS:
        for seed, (split, count) in enumerate({"train": 30, "dev": 10, "test": 12}.items()):
            write(folder / name, split, sentences(name, count, seed))
    return Corpus(folder)


def finished(corpus: Corpus, folder: Path, runs: Iterable[tuple[RunSpec, int]]) -> list[Row]:
    """Rows of runs with so many correct entities of four in each of five documents."""
    results = Results(folder)
    for spec, correct in runs:
        data, f1 = corpus.fingerprint(spec), 25.0 * correct
        results.add(spec.key(data), spec, data, Outcome([(correct, 4, 4)] * 5, {"dev_f1": f1, "test_f1": f1}))
    return list(Results(folder).rows.values())


def test_the_departments_are_the_folders_with_training_sentences(corpus: Corpus) -> None:
    (corpus.folder / "notes").mkdir()
    assert corpus.departments == ["C", "N", "R"]


def test_all_pairs_of_all_methods_and_non_transfer_once_a_target(corpus: Corpus, tmp_path: Path) -> None:
    specs = EXPERIMENTS["pairs"].runs(ASK)
    keys = {spec.key(corpus.fingerprint(spec)): spec for spec in specs}
    # Dictionary and nine methods on six pairs, non-transfer on three targets; two seeds of each.
    assert len(specs) == 11 * 6 * 2 and len(keys) == (10 * 6 + 3) * 2
    assert {spec.config.training.seed for spec in keys.values()} == {0, 1}
    assert all(spec.config.transfer.method == spec.method for spec in keys.values() if spec.method in METHODS)
    cells = cells_of(finished(corpus, tmp_path, ((spec, 1) for spec in specs)), EXPERIMENTS["pairs"])
    assert set(cells) == {"dictionary", *METHODS}
    for name, row in cells.items():
        assert set(row) == {"C>N", "C>R", "N>C", "N>R", "R>C", "R>N"}
        assert all([run["seed"] for run in found] == ["0", "1"] for found in row.values())
        assert (row["C>R"] == row["N>R"]) == (name == "non-transfer")


@pytest.mark.parametrize("name", ["alpha", "beta", "epsilon", "gamma"])
def test_a_sweep_changes_one_setting(name: str, corpus: Corpus, tmp_path: Path) -> None:
    specs = EXPERIMENTS[name].runs(ASK)
    for spec in specs:
        back = {name: getattr(tiny_config().transfer, name)}
        assert dataclasses.replace(spec.config.transfer, **back) == tiny_config(spec.method).transfer
    cells = cells_of(finished(corpus, tmp_path, ((spec, 1) for spec in specs)), EXPERIMENTS[name])
    for value, runs in cells["la-dtl"].items():
        assert {value_of(run, name) for run in runs} == {value} and len(runs) == 2


def test_settings_are_never_chosen_by_test_and_sampling_changes_the_rate() -> None:
    assert {EXPERIMENTS[name].splits for name in ("grid", "tuning", "alignment", "unknown")} == {("dev",)}
    rates = {spec.rate for spec in EXPERIMENTS["sampling"].runs(ASK)}
    assert min(rates) == 0.01 and 0.1 in rates and max(rates) == 1


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_fills_its_table(name: str, corpus: Corpus, tmp_path: Path) -> None:
    runs = finished(corpus, tmp_path, ((spec, 1) for spec in EXPERIMENTS[name].runs(ASK)))
    cells = cells_of(runs, EXPERIMENTS[name])
    assert cells and {len(found) for row in cells.values() for found in row.values()} == {ASK.seeds}
    assert len({tuple(row) for row in cells.values()}) == 1


def test_every_method_has_as_many_trials_and_knows_its_own() -> None:
    assert set(TRIALS) == set(BEST) == set(METHODS) and len({len(trials) for trials in TRIALS.values()}) == 1
    for method, trials in TRIALS.items():
        config = Config.from_dict({"transfer": {"method": method}})
        names = {trial_of(spec.config, trials) for spec in EXPERIMENTS["tuning"].runs(ASK) if spec.method == method}
        assert len(names) == len(trials) and trial_of(tuned(method, config), trials) != ""
        # A trial may change what the method uses alone.
        assert not {name for change in trials for name in change} & METHODS[method].unused
    assert tuned("la-dtl", Config()) == Config(), "the defaults are those of La-DTL's best trial"


def test_settings_that_a_method_does_not_use_make_no_other_run(corpus: Corpus) -> None:
    def key(method: str, **transfer: float) -> str:
        return RunSpec("C", "R", method, 0.1, tiny_config(method, **transfer)).key("data")

    assert key("crf-l2") == key("crf-l2", alpha=0.9) != key("crf-l2", beta=0.9)
    assert key("la-dtl") != key("la-dtl", alpha=0.9)


def test_pairs_are_checked() -> None:
    assert checked_pair(["A", "C", "R"], None) == ("C", "R") and checked_pair(["A", "B"], None) == ("A", "B")
    with pytest.raises(ConfigError, match="no such department: X; the corpus has A, B"):
        checked_pair(["A", "B"], ["A", "X"])
    with pytest.raises(ConfigError, match="expected folders of two or more"):
        checked_pair(["A"], None)


def test_it_goes_on_where_it_was_cut_off(corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A torn last row is run again, whole rows are not."""
    options = ["experiment", "dictionary", "--corpus", str(corpus.folder), "--out", str(tmp_path), "--seeds", "1"]
    assert main(options) == 0
    first = capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "runs.csv").open()))
    assert len(rows) == 6 and all(float(row["test_f1"]) > 0 and row["config"] and row["data"] for row in rows)
    assert all(row["processor"] for row in rows)
    content = (tmp_path / "runs.csv").read_text()
    (tmp_path / "runs.csv").write_text(content[: content.rindex("]")])
    assert len(Results(tmp_path).rows) == 5
    assert main(options) == 0
    assert capsys.readouterr().out == first == (tmp_path / "dictionary.md").read_text()
    again = {row["key"]: row for row in csv.DictReader((tmp_path / "runs.csv").open())}
    assert again == {row["key"]: row for row in rows}
    of_plan = list(csv.DictReader((tmp_path / "dictionary.csv").open()))
    assert sorted(of_plan, key=str) == sorted(rows, key=str) and of_plan[0]["source"] == "C"


def test_a_row_older_than_a_setting_is_known_again(corpus: Corpus, tmp_path: Path) -> None:
    spec = EXPERIMENTS["trials"].runs(ASK)[-1]
    [row] = finished(corpus, tmp_path, [(spec, 1)])
    config = json.loads(row["config"])
    del config["transfer"]["memory"]
    write_rows(tmp_path / "runs.csv", [{**row, "key": "old", "config": json.dumps(config)}])
    assert list(Results(tmp_path).rows) == [spec.key(corpus.fingerprint(spec))]


def test_a_row_older_than_words_spelled_alike_had_one_vector_for_unknown_words(corpus: Corpus, tmp_path: Path) -> None:
    spec = EXPERIMENTS["trials"].runs(ASK)[-1]
    [row] = finished(corpus, tmp_path, [(spec, 1)])
    config = json.loads(row["config"])
    assert config["model"].pop("unknown") == "alike"
    assert spec_of({**row, "config": json.dumps(config)}).config == changed(spec.config, {"unknown": "one"})
    assert spec_of({**row, "config": json.dumps({**config, "model": {}})}).config.model.unknown == "one"


def test_other_data_is_another_run(corpus: Corpus, tmp_path: Path) -> None:
    spec = EXPERIMENTS["dictionary"].runs(ASK)[0]
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


def test_means_spreads_and_what_is_missing(corpus: Corpus, tmp_path: Path) -> None:
    specs = {(s.method, s.config.training.seed): s for s in EXPERIMENTS["trials"].runs(ASK)}
    correct = {("joint-training", 0): 1, ("joint-training", 1): 2, ("la-mmd", 0): 2, ("la-dtl", 0): 3, ("la-dtl", 1): 3}
    text = report(finished(corpus, tmp_path, ((specs[run], n) for run, n in correct.items())), EXPERIMENTS["trials"])
    assert "mean (standard deviation) over the seeds 0 to 1" in text
    assert "| joint-training | 37.5 (17.7) |" in text and "| la-mmd | - |" in text and "| la-dtl | 75.0 (0.0) |" in text
    # Five documents, all for la-dtl: two of 32 exchanges are as extreme.
    assert "| joint-training | 37.5-37.5 | +37.50 | 0.06" in text and text.rstrip().endswith("| 0.06 |")


def test_a_run_that_fails_is_told_and_the_rest_is_run(corpus: Corpus, tmp_path: Path) -> None:
    specs = EXPERIMENTS["dictionary"].runs(ASK)[:2]
    wrong = dataclasses.replace(specs[0], rate=0.0)
    results = Results(tmp_path)
    failures = run_all(corpus, [wrong, specs[1]], results, 1)
    assert len(failures) == 1 and "rate is 0" in failures[0] and len(results.rows) == 1


def test_what_it_started_ends_when_it_is_killed(corpus: Corpus, tmp_path: Path) -> None:
    options = ["trials", "--corpus", str(corpus.folder), "--out", str(tmp_path), "--seeds", "1", "--methods", "la-dtl"]
    endless = ["--rate", "1", "--set", "training.max_steps=1000000", "--set", "training.patience=1000000"]
    command = [sys.executable, "-m", "ladtl_core", "experiment", *options, *endless]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT) as parent:
        deadline, rows = time.monotonic() + 60, tmp_path / "runs.csv"
        while time.monotonic() < deadline and not (rows.exists() and read_rows(rows)):
            time.sleep(0.05)
        still_training = parent.poll() is None
        parent.kill()
        # The pipe ends when the last process that can write to it has ended.
        assert still_training and parent.communicate(timeout=30)
