"""Orders of the queue, on SQLite and PostgreSQL: what comes first, what never follows what, and why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.records import Record
from workbench.services import ordering, queueing
from workbench.services.ordering import Arranged, Ranking
from workbench.store import departments, labels, records, runs, scores, trained
from workbench.store.database import Database

# name: uncertainty, gap, rank, the record that it is like
SCORES: dict[str, tuple[float, float, int | None, str]] = {
    "a": (0.1, 0.03, None, "a"),
    "b": (0.9, 0.02, 4, "b"),
    "c": (0.8, 0.05, 1, "b"),
    "d": (0.5, 0.04, 3, "d"),
    "e": (0.2, 0.01, 2, "e"),
}


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    """Pool records a to e with scores, f without, and a dev record."""
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Test"))
        items = [Record(name, f"Text of {name}.", split="pool") for name in "abcdef"]
        records.add(session, department.id, [*items, Record("dev", "Text.", split="dev")], "me")
        found = records.ids(session, department.id)
        run = runs.create(
            session,
            kind="train",
            department_id=department.id,
            title="r",
            spec={"sources": [{"name": "Cardiology"}]},
            spec_hash="r",
            code_version="test",
        )
        model = trained.add_model(session, department_id=department.id, run_id=run.id, folder="f", hash="h", scores={})
        scores.store(session, model.id, rows(found))
    return found


def rows(ids: dict[str, int], gap: bool = True) -> list[dict[str, object]]:
    return [
        {
            "record_id": ids[name],
            "tokens": 60,
            "uncertainty": uncertainty,
            "close": round(uncertainty * 10),
            "doubtful": ["Problem", "Test"],
            "gap": closing if gap else None,
            "gap_parts": {"O": closing * 0.7, "Test": closing * 0.25, "Problem": closing * 0.05} if gap else {},
            "rank": rank,
            "near_to": ids[like],
        }
        for name, (uncertainty, closing, rank, like) in SCORES.items()
    ]


def arranged(database: Database, order: str, author: str = "me") -> tuple[Ranking, Arranged]:
    ranking = ordering.ranking(database, 1)
    items = queueing.queue(database, 1, author, evaluation=False)
    return ranking, ordering.arranged(items, order, ranking, author)


def names(found: Arranged) -> str:
    return "".join(item.external_id for item in found.items)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("given", "abcdef"),
        ("uncertainty", "bdceaf"),  # c is like b, and waits until d has come between
        ("gap-closing", "cdabef"),
        ("diversity", "cedbaf"),
    ],
)
def test_what_comes_first(database: Database, ids: dict[str, int], order: str, expected: str) -> None:
    assert names(arranged(database, order)[1]) == expected


def test_a_random_order_is_a_persons_own_and_stays(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        records.add(session, 1, [Record(f"g{i}", "More.", split="pool") for i in range(20)], "me")
    first, again, other = (names(arranged(database, "random", who)[1]) for who in ("ana", "ana", "ben"))
    assert first == again != other and first != names(arranged(database, "given")[1])
    with database.session() as session:
        records.add(session, 1, [Record("late", "Late.", split="pool")], "me")
    assert names(arranged(database, "random", "ana")[1]).replace("late", "") == first


def test_a_mix_takes_turns(database: Database, ids: dict[str, int]) -> None:
    _, found = arranged(database, "mix")
    by_name = {item.external_id: found.chosen_by[item.record_id] for item in found.items}
    assert sorted(by_name) == list("abcdef") and by_name["f"] == "unscored"
    # Of the first four turns each order has one.
    drawn = next(name for name, order in by_name.items() if order == "random")
    left = [name for name in "abcde" if name != drawn]
    uncertain = max(left, key=lambda name: SCORES[name][0])
    left.remove(uncertain)
    closing = max(left, key=lambda name: SCORES[name][1])
    left.remove(closing)
    unlike = min(left, key=lambda name: SCORES[name][2] or 9)
    assert [by_name[name] for name in (uncertain, closing, unlike)] == ["uncertainty", "gap-closing", "diversity"]


def test_evaluation_records_are_never_chosen(database: Database, ids: dict[str, int]) -> None:
    for order in ordering.ORDERS:
        assert "dev" not in {item.external_id for item in arranged(database, order)[1].items}


def test_what_can_be_offered(database: Database, ids: dict[str, int]) -> None:
    ranking, _ = arranged(database, "given")
    assert ranking.orders == ordering.ORDERS and ranking.version == 1
    items = queueing.queue(database, 1, "me", evaluation=False)
    assert ranking.unscored(items) == 1 and not ordering.being_scored(database, ranking)
    ordering.score(database, ranking)
    assert ordering.being_scored(database, ranking)
    with database.session() as session:  # a model that learned from its own department alone
        scores.store(session, 1, rows(ids, gap=False))
    ranking = ordering.ranking(database, 1)
    assert "gap-closing" not in ranking.orders and "uncertainty" in ranking.orders
    assert names(arranged(database, "gap-closing")[1]) == "abcdef"
    assert "gap-closing" not in arranged(database, "mix")[1].chosen_by.values()


def test_without_a_model_there_is_no_choice_of_it(database: Database) -> None:
    with database.session() as session:
        departments.create(session, "Ward", "clinical", ("Problem",))
        records.add(session, 1, [Record(f"r{i}", "Text", split="pool") for i in range(3)], "me")
    ranking, found = arranged(database, "uncertainty")
    assert ranking.orders == ("given", "random") and names(found) == "r0r1r2"
    assert ordering.reason(database, ranking, found, found.items[0].record_id) == "In the order of import."
    ranking, found = arranged(database, "random")
    assert ordering.reason(database, ranking, found, found.items[0].record_id) == "Drawn at random."


@pytest.mark.parametrize(
    ("order", "name", "expected"),
    [
        ("given", "a", "In the order of import."),
        ("random", "a", "Drawn at random."),
        ("uncertainty", "d", "Uncertain: 5 of 60 tokens are close calls, most about Problem or Scan."),
        ("uncertainty", "a", "Uncertain: 1 of 60 tokens is a close call, most about Problem or Scan."),
        (
            "uncertainty",
            "b",
            "Uncertain: 9 of 60 tokens are close calls, most about Problem or Scan. One of 2 near-duplicates.",
        ),
        ("diversity", "e", "Unlike anything labelled when model v1 was trained: number 2 of 4."),
        ("diversity", "a", "Labelled before: model v1 learned from it."),
        (
            "gap-closing",
            "d",
            "Closes the gap to Cardiology, most in words without a label (70%), then Scan (25%).",
        ),
        ("gap-closing", "f", "Imported after model v1 scored the records: such records come last."),
        ("random", "f", "Drawn at random."),
    ],
)
def test_why(database: Database, ids: dict[str, int], order: str, name: str, expected: str) -> None:
    with database.session() as session:  # a label's name of today
        label = labels.by_name(departments.labels(session, 1))["Test"]
        labels.rename(session, label.id, "Scan")
    ranking, found = arranged(database, order)
    assert ordering.reason(database, ranking, found, ids[name]) == expected


@given(st.lists(st.integers(0, 3), max_size=14))
def test_near_duplicates_are_apart_while_there_are_others(groups: Sequence[int]) -> None:
    alike = dict(enumerate(groups))
    found = ordering.apart(range(len(groups)), alike)
    assert sorted(found) == list(range(len(groups)))
    in_a_row = [i for i in range(1, len(found)) if alike[found[i]] == alike[found[i - 1]]]
    # Those that follow one of their own stand together at the end, where nothing else is left.
    assert all(alike[found[i]] == alike[found[-1]] for i in in_a_row)
    assert in_a_row == list(range(len(found) - len(in_a_row), len(found)))
    for group in set(groups):  # within a group the order is kept
        members = [i for i in found if alike[i] == group]
        assert members == sorted(members)
