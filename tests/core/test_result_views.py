"""Which runs of a table stand side by side, what a table of runs must hold, and the numbers of the table of pairs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from ladtl_core.config import Config
from ladtl_core.errors import DataError
from ladtl_core.experiments.groups import comparable
from ladtl_core.experiments.plans import EXPERIMENTS, Row, RunSpec, described
from ladtl_core.experiments.rows import COLUMNS, checked_rows, read_rows, write_rows
from ladtl_core.experiments.standings import standings
from ladtl_core.experiments.tables import report
from ladtl_core.experiments.tuning import changed

PAIRS = Path(__file__).parents[2] / "docs" / "results" / "pairs.csv"


def run(method: str, seed: int = 0, f1: float = 50.0, rate: float = 0.1, **change: float) -> Row:
    config = changed(Config(), {"method": method, **change})
    config = replace(config, training=replace(config.training, seed=seed))
    found = {**described(RunSpec("A", "B", method, rate, config)), "dev_f1": f1, "test_f1": f1, "data": "d"}
    row = {column: str(found.get(column, "")) for column in COLUMNS}
    return row | {"key": f"{method}{seed}{rate}{change}", "test_counts": "[[1, 2, 3], [1, 1, 1]]"}


def shown(rows: Iterable[Row], name: str) -> list[tuple[str, ...]]:
    found = comparable(rows, EXPERIMENTS[name])
    return [(row["method"], row["alpha"], row["beta"], row["rate"], row["seed"]) for row in found]


def test_a_sweep_takes_the_settings_with_most_values() -> None:
    sweep = [run("la-dtl", alpha=alpha, beta=0.2) for alpha in (0.3, 0.0, 0.02)]
    others = [run("la-dtl", seed, alpha=0.02, beta=0.05) for seed in range(9)] + [run("la-dtl", alpha=0.1, rate=1)]
    assert shown([*others, *sweep], "alpha") == [("la-dtl", a, "0.2", "0.1", "0") for a in ("0", "0.02", "0.3")]


def test_a_setting_that_a_method_does_not_use_tells_nothing_apart() -> None:
    rows = [run("crf-l2", seed, alpha=seed, beta=0.05) for seed in range(3)]
    assert len(shown(rows, "pairs")) == 3
    assert len(shown([run("la-dtl", seed, alpha=seed) for seed in range(3)], "pairs")) == 1


def test_a_seed_counts_once_and_the_later_row_counts() -> None:
    rows = comparable([run("la-dtl", f1=1.0), run("la-dtl", f1=2.0), run("la-dtl", 1, f1=3.0)], EXPERIMENTS["pairs"])
    assert [row["test_f1"] for row in rows] == ["2.0", "3.0"]


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    rows = read_rows(PAIRS)
    write_rows(tmp_path / "again.csv", rows)
    assert checked_rows((tmp_path / "again.csv").read_bytes(), "again.csv") == rows


def test_a_table_that_is_older_than_a_column_is_taken() -> None:
    row = run("la-dtl")
    del row["processor"]
    data = io.StringIO(newline="")
    writer = csv.DictWriter(data, row)
    writer.writeheader()
    writer.writerow(row)
    assert [found["processor"] for found in checked_rows(data.getvalue().encode(), "older.csv")] == [""]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("test_f1", "high", "x.csv, line 3: test_f1 is 'high'; expected a number"),
        ("dev_f1", "nan", "x.csv, line 3: dev_f1 is 'nan'; expected a number"),
        ("config", "{", "x.csv, line 3: config or test_counts cannot be read"),
        ("config", "[]", "x.csv, line 3: config or test_counts cannot be read"),
        ("test_counts", "[[1, 2]]", "x.csv, line 3: test_counts is no list of [correct, predicted, gold]"),
        ("method", "", "x.csv, line 3: the row names no target or no method"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(tmp_path: Path, column: str, value: str, message: str) -> None:
    write_rows(tmp_path / "x.csv", [run("la-dtl"), run("la-dtl", 1) | {column: value}])
    with pytest.raises(DataError) as caught:
        checked_rows((tmp_path / "x.csv").read_bytes(), "x.csv")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.csv, line 1: the columns key, source"),
        (b"a,b\n1,2\n", "x.csv, line 1: the columns key, source"),
        (b"\xff", "x.csv: this is not UTF-8"),
        (",".join(COLUMNS).encode(), "x.csv: the table has no run"),
        (",".join(COLUMNS).encode() + b"\n1,2\n", "x.csv, line 2: the row has not 20 cells"),
    ],
)
def test_what_is_no_table_of_runs_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        checked_rows(data, "x.csv")
    assert str(caught.value).startswith(message)


def test_the_table_of_pairs_says_what_the_report_says() -> None:
    rows = read_rows(PAIRS)
    text = report(rows, EXPERIMENTS["pairs"])
    for standing in standings(rows, "test"):
        assert standing.mean is not None
        [line] = [line for line in text.split("\n\n")[1].splitlines() if line.startswith(f"| {standing.method} |")]
        mean, deviation = standing.mean
        spread = "" if deviation is None else f" ({deviation:.1f})"  # of a table with one seed
        assert line.endswith(f" {mean:.1f}{spread} |")
        if standing.p_value is not None:
            assert f"| {standing.p_value:.4f} |" in text.split("joint-training against")[0]


def test_seeds_that_one_cell_has_more_are_left_out_of_the_comparison() -> None:
    rows = read_rows(PAIRS)
    before = {standing.method: standing.p_value for standing in standings(rows, "test")}
    of_cell = [row for row in rows if row["source"] == "C" and row["target"] == "R"]
    more = [row | {"seed": "9", "test_f1": "99.0"} for row in of_cell if row["seed"] == "0"]
    after = standings([*rows, *more], "test")
    assert {standing.method: standing.p_value for standing in after} == before
    [ladtl] = [standing for standing in after if standing.method == "la-dtl"]
    f1 = [float(row["test_f1"]) for row in (*of_cell, *more) if row["method"] == "la-dtl"]
    assert ladtl.cells["C>R"][0] == pytest.approx(sum(f1) / len(f1))


@pytest.mark.parametrize(("mixed", "compared"), [("la-dtl", 0), ("crf-l2", 9)])
def test_runs_on_different_test_documents_are_shown_and_not_compared(mixed: str, compared: int) -> None:
    """Two corpora may call their departments alike."""
    rows = read_rows(PAIRS)
    [one] = [
        row for row in rows if (row["source"], row["target"], row["method"], row["seed"]) == ("C", "R", mixed, "0")
    ]
    rows[rows.index(one)] = one | {"test_counts": "[[1, 2, 3], [1, 1, 1]]"}
    found = {standing.method: standing for standing in standings(rows, "test")}
    assert found[mixed].mean is not None and found[mixed].interval is None and found[mixed].p_value is None
    assert len([standing for standing in found.values() if standing.p_value is not None]) == compared
    assert f"| {mixed} | " in report(rows, EXPERIMENTS["pairs"])


@pytest.mark.parametrize("counts", ["[[1, 2, 3], [1, 1, 1], [0, 1, 1]]", "[[1, 2, 4], [1, 1, 1]]"])
def test_a_system_that_was_tested_on_other_documents_has_an_interval_and_no_test(counts: str) -> None:
    """More of them, or as many that are labelled otherwise."""
    rows = [run("la-dtl"), run("crf-l2"), run("la-mmd") | {"test_counts": counts}]
    found = {standing.method: standing for standing in standings(rows, "test")}
    assert found["la-mmd"].interval is not None and found["la-mmd"].p_value is None
    assert found["crf-l2"].p_value is not None
    assert "| la-mmd | " in report(rows, EXPERIMENTS["pairs"]).split("approximate")[1]
