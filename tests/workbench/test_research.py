"""Tables of runs that are brought in, the views of them, and the page that shows both."""

from __future__ import annotations

from pathlib import Path

import pytest

from ladtl_core.errors import DataError
from ladtl_core.experiments.rows import checked_rows, read_rows
from tests.workbench.pages_kit import page
from workbench.services import research
from workbench.store.database import Database
from workbench.store.errors import NotFound

RESULTS = Path(__file__).parents[2] / "docs" / "results"
PAIRS = RESULTS / "pairs.csv"
SEEDS = len({run["seed"] for run in read_rows(PAIRS)})


def test_a_table_is_kept_and_only_what_is_new_joins_it(database: Database) -> None:
    data = PAIRS.read_bytes()
    head, *lines = data.splitlines(keepends=True)
    table_id, new = research.add_table(database, "clinical", b"".join([head, *lines[:5]]), "pairs.csv", "me")
    assert new == 5 and len(research.rows(database, table_id)) == 5
    assert research.add_table(database, "clinical", data, "pairs.csv", "me") == (table_id, len(lines) - 5)
    assert research.rows(database, table_id) == read_rows(PAIRS)
    assert [(one.name, one.author, one.runs) for one in research.tables(database)] == [("clinical", "me", len(lines))]
    with pytest.raises(NotFound):
        research.rows(database, table_id + 1)


def test_a_table_with_an_error_leaves_nothing(database: Database) -> None:
    for name, data in (("broken", PAIRS.read_bytes() + b"1,2\n"), (" spaced", PAIRS.read_bytes())):
        with pytest.raises(DataError):
            research.add_table(database, name, data, "pairs.csv", "me")
    assert research.tables(database) == []


def test_views_say_what_they_hold() -> None:
    runs = read_rows(PAIRS)
    pairs = research.view(runs, "pairs", "C>R", "test")
    assert pairs.said == f"F1 on test, percent; {len(runs)} runs, n = {SEEDS} seeds a point. Test documents: 9 to 23."
    trials = research.view(runs, "trials", "C>R", "test")
    assert len(trials.figure["data"]) == 11  # ten methods and the dictionary
    with pytest.raises(DataError, match="no two of these runs differ in alpha alone"):
        research.view(runs, "alpha", "C>R", "dev")
    with pytest.raises(DataError, match="no run with an F1 on dev fulfils"):
        research.view([], "pairs", "C>R", "dev")


def test_a_point_leads_to_its_runs() -> None:
    runs = read_rows(PAIRS)
    found = research.at_point(runs, "pairs", {"x": "C>R", "y": "non-transfer", "name": ""})
    assert [(run["source"], run["target"], run["method"]) for run in found] == [("", "R", "non-transfer")] * SEEDS
    of_pair = research.view(runs, "trials", "C>R", "test").runs
    found = research.at_point(of_pair, "trials", {"x": 1, "y": "", "name": "crf-l2"})
    assert [run["method"] for run in found] == ["crf-l2"] * SEEDS
    assert research.at_point(runs, "pairs", {"x": "nowhere", "y": "la-dtl", "name": ""}) == []


def test_runs_that_leave_as_csv_can_be_brought_in_again() -> None:
    runs = read_rows(PAIRS)
    assert checked_rows(research.as_csv(runs).encode(), "again.csv") == runs


def test_runs_whose_test_scores_were_not_looked_at_are_taken_and_shown_on_dev() -> None:
    runs = [{**run, "test_f1": "", "test_counts": "[]"} for run in read_rows(PAIRS)]
    taken = checked_rows(research.as_csv(runs).encode(), "dev.csv")
    assert taken == runs
    assert len(research.view(taken, "pairs", "C>R", "dev").runs) == len(runs)
    with pytest.raises(DataError, match="no run with an F1 on test"):
        research.view(taken, "pairs", "C>R", "test")
    with pytest.raises(DataError, match=r"dev\.csv.*line 2.*neither dev_f1 nor test_f1"):
        checked_rows(research.as_csv([{**runs[0], "dev_f1": ""}]).encode(), "dev.csv")


def test_the_page_is_empty_and_then_shows_pairs(installation: Database) -> None:
    assert "compared here" in page("research").info[0].value
    research.add_table(installation, "clinical", PAIRS.read_bytes(), "pairs.csv", "me")
    research.add_table(installation, "tuned", (RESULTS / "tuning.csv").read_bytes(), "tuning.csv", "me")
    app = page("research")
    app.selectbox[0].select_index(1).run()
    assert not app.exception and app.selectbox[0].value == research.tables(installation)[1].table_id
    assert any(f"runs, n = {SEEDS} seeds a point" in caption.value for caption in app.caption)
    app.multiselect[0].select("la-dtl").run()
    assert not app.exception and set(app.dataframe[0].value["method"]) == {"la-dtl"}
