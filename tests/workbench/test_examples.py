"""Examples of a label come from submitted spans, the most frequent words first, and never from an evaluation set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.records import Entity, Record
from workbench.components.excerpts import excerpts
from workbench.services.examples import AROUND, SHOWN, _shown, examples
from workbench.store import departments, label_sets, records
from workbench.store.annotations import SpanData, save
from workbench.store.database import Database

PROBLEM, TEST = 1, 2


def record(number: int, text: str, words: str, split: str = "pool", label: str = "Problem") -> Record:
    start = text.index(words)
    return Record(f"r{number}", text, (Entity(start, start + len(words), label),), split=split)


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    items = [
        record(0, "🫁 No cough.", "cough"),
        record(1, "A\r\n\tfever at night.", "fever"),
        record(2, "Fever again, with <b>rigor</b>.", "Fever", "train"),
        record(3, "An ECG.", "ECG", label="Test"),
        record(4, "rash in dev", "rash", "dev"),
        record(5, "rash in test", "rash", "test"),
        record(6, "rash in test", "rash", "test"),
    ]
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Test"))
        records.add(session, department.id, [*items, Record("r7", "rash", split="pool")], "me")
        return records.ids(session, department.id)


def test_frequent_words_come_first_as_they_first_stand(database: Database, ids: dict[str, int]) -> None:
    found = examples(database, [PROBLEM, TEST])
    assert found == {
        PROBLEM: [("A ", "fever", " at night."), ("🫁 No ", "cough", ".")],
        TEST: [("An ", "ECG", ".")],
    }


def test_a_draft_is_no_example_and_two_people_on_one_place_count_once(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        save(session, ids["r7"], "ana", 0, "draft", [SpanData("a", 0, 4, PROBLEM)])
        for name in ("ana", "ben", "eve"):
            save(session, ids["r0"], name, 0, "submitted", [SpanData("b", 5, 10, PROBLEM)])
    assert [words for _, words, _ in examples(database, [PROBLEM])[PROBLEM]] == ["fever", "cough"]
    with database.session() as session:
        save(session, ids["r7"], "ana", 1, "submitted", [SpanData("a", 0, 4, PROBLEM)])
    assert [words for _, words, _ in examples(database, [PROBLEM])[PROBLEM]] == ["fever", "cough", "rash"]


def test_of_another_set_and_of_no_label(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        other = label_sets.copy(session, 1, "copy").labels[0].id
    assert examples(database, [other]) == {other: []} and examples(database, []) == {}


def test_only_a_handful_is_shown(database: Database) -> None:
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem",))
        items = [record(i, f"word{i}", f"word{i}") for i in range(SHOWN + 2)]
        records.add(session, department.id, items, "me")
    assert [words for _, words, _ in examples(database, [1])[1]] == [f"word{i}" for i in range(SHOWN)]


@given(
    st.text("ab 漢é\u0301🫁\r\n", max_size=2 * AROUND),
    st.text("ab 漢🫁", min_size=1),
    st.text("ab 漢🫁\r\n", max_size=90),
)
def test_the_words_stand_whole_between_whole_words(before: str, words: str, after: str) -> None:
    left, middle, right = _shown(before[-AROUND:], words, after[:AROUND])
    assert middle.split() == words.split()
    assert (" ".join(before.split()) + "x").endswith(left.removeprefix("…").lstrip().rstrip() + "x")
    assert ("x" + " ".join(after.split())).startswith("x" + right.removesuffix("…").strip())


def test_what_a_record_says_is_escaped() -> None:
    assert "<b>" not in excerpts([("<b>", "<script>", "&")], 3) and "&lt;script&gt;" in excerpts(
        [("", "<script>", "")], 3
    )
