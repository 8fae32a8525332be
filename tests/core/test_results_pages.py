"""Pages of results and figures say what the rows say; the project's own page is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from ladtl_core.__main__ import main
from ladtl_core.config import Config
from ladtl_core.experiments.figures import figure
from ladtl_core.experiments.pages import rewritten
from ladtl_core.experiments.plans import EXPERIMENTS, Request, Row, config_of, described, spec_of
from ladtl_core.experiments.rows import COLUMNS, read_rows, write_rows
from ladtl_core.experiments.tables import cells_of, f1_of
from ladtl_core.experiments.tuning import BEST, TRIALS, trial_of, tuned
from ladtl_core.methods import METHODS

from .test_experiments import ASK

RESULTS = Path(__file__).parents[2] / "docs" / "results.md"


def rows(name: str) -> list[Row]:
    """A row for every run of an experiment; each has another F1."""
    made, specs = [], {spec.key("data"): spec for spec in EXPERIMENTS[name].runs(ASK)}
    for i, spec in enumerate(specs.values()):
        found = {**described(spec), "dev_f1": i / 7, "test_f1": i / 3, "test_counts": [[1, 2, 3], [i % 5, 4, 4]]}
        made.append({column: str(found.get(column, "")) for column in COLUMNS})
    return made


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_figure_shows_every_cell(name: str) -> None:
    runs, experiment = rows(name), EXPERIMENTS[name]
    found = f1_of(cells_of(runs, experiment), experiment.splits[-1])
    means = {round(float(f1.mean()), 6) for row in found.values() for f1 in row.values()}
    values = {round(float(value), 6) for row in found.values() for f1 in row.values() for value in f1}
    shown = [
        number for trace in figure(runs, experiment)["data"] for number in numbers(trace) if trace.get("mode") != "none"
    ]
    assert set(shown) == (values if experiment.drawn == "boxes" else means)


def numbers(trace: dict[str, object]) -> list[float]:
    given = trace["x"] if trace["type"] == "box" else trace.get("z", trace.get("y"))
    assert isinstance(given, list)
    flat = [number for part in given for number in (part if isinstance(part, list) else [part])]
    return [round(number, 6) for number in flat]


def test_tables_of_a_page_are_made_from_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "found.md"
    (tmp_path / "found").mkdir()
    write_rows(tmp_path / "found" / "pairs.csv", rows("pairs"))
    write_rows(tmp_path / "found" / "alpha.other.csv", rows("alpha"))
    page.write_text("Before.\n\n<!-- pairs -->\nold\n<!-- end -->\n\nBetween.\n\n<!-- alpha.other -->\n<!-- end -->\n")
    assert main(["results", str(page)]) == 0
    text = page.read_text()
    assert text.startswith("Before.\n\n<!-- pairs -->\n\nF1 on test") and "old" not in text and "\nBetween.\n" in text
    assert "| la-dtl | " in text and "F1 on dev, in percent: mean (standard deviation) over the seeds 0 to 1." in text
    assert rewritten(page) == text
    (tmp_path / "found" / "pairs.csv").unlink()
    assert main(["results", str(page)]) == 1 and "the mark 'pairs' has no such rows" in capsys.readouterr().err
    assert page.read_text() == text


def test_the_page_of_results_says_what_its_rows_say() -> None:
    assert rewritten(RESULTS) == RESULTS.read_text(encoding="utf-8")


def test_the_trials_are_the_runs_that_the_experiment_plans_today() -> None:
    """A trial says all that it changes: the experiment starts from the settings that an earlier trial has chosen."""

    def settings(method: str) -> Config:
        return tuned(method, Config.from_dict({"transfer": {"method": method}}))

    planned = EXPERIMENTS["tuning"].runs(Request(("C", "G", "N", "R"), ("C", "R"), tuple(METHODS), 1, 0.1, settings))
    rows = [spec_of(run) for run in read_rows(RESULTS.with_suffix("") / "tuning.csv")]
    assert {spec.key("data") for spec in planned} == {spec.key("data") for spec in rows}


def test_the_settings_of_every_method_were_the_best_of_its_trials() -> None:
    """By the mean of the dev F1 on both pairs; all trials are there."""
    runs = read_rows(RESULTS.with_suffix("") / "tuning.csv")
    for method, trials in TRIALS.items():
        f1: dict[str, list[float]] = {}
        for run in runs:
            if run["method"] == method:
                f1.setdefault(trial_of(config_of(run), trials), []).append(float(run["dev_f1"]))
        assert len(f1) == len(trials) and all(len(found) == 2 for found in f1.values()), method
        names = [", ".join(f"{name} {value}" for name, value in change.items()) for change in trials]
        assert max(f1, key=lambda name: sum(f1[name])) == names[BEST[method]], method
