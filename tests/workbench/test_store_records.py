"""Departments, records, the queue, and snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from ladtl_core.errors import ConfigError, DataError
from ladtl_core.records import Entity, Record
from workbench.store import departments, erasure, labels, records, snapshots
from workbench.store.annotations import SpanData, history, load, save
from workbench.store.database import Database
from workbench.store.departments import SplitCount
from workbench.store.errors import NotFound

TEXT = "Aspirin was given. The pain went."


@contextmanager
def count_queries(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT") and "pg_catalog" not in statement:
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def department(session: Session, name: str = "Cardiology") -> int:
    return departments.create(session, name, "clinical", ["Drug", "Problem"]).id


def test_labels_have_colours_and_keys(database: Database) -> None:
    with database.session() as session:
        first = departments.create(session, "A", "clinical", [f"L{i}" for i in range(11)], generated=True)
        second = departments.create(session, "B", "clinical", ["L3", "new"])
        assert first.label_set_id == second.label_set_id
        found = departments.labels(session, second.id)
        assert [label.key for label in found] == [*"1234567890", None, None]
        assert [label.colour for label in found] == list(range(12))
        assert found[-1].name == "new"


def test_department_that_cannot_be_made(database: Database) -> None:
    with database.session() as session:
        department(session)
        with pytest.raises(DataError, match="already"):
            department(session)
        with pytest.raises(ConfigError, match="word"):
            departments.create(session, "Other", "clinical", scheme="sentence")
        with pytest.raises(NotFound):
            departments.get(session, 99)


def test_records_keep_their_tokens_or_get_the_departments(database: Database) -> None:
    given = Record("g", "ab cd", split="dev", tokens=((0, 1), (1, 5)), sentence_starts=(0, 1), patient="p1")
    with database.session() as session:
        target = department(session)
        assert records.add(session, target, [given, Record("w", TEXT, split="pool")], "local") == 2
        assert records.add(session, target, [Record("later", TEXT, split="test")], "local") == 1
        first, second, third = records.of_department(session, target)
    assert (first.tokenizer, first.tokens, first.sentence_starts) == ("given", [[0, 1], [1, 5]], [0, 1])
    assert (second.tokenizer, second.tokens[0], second.sentence_starts) == ("word-1", [0, 7], [0, 4])
    assert [first.position, second.position, third.position] == [0, 1, 2]
    assert records.to_record(first, "Cardiology") == Record(
        "g", "ab cd", None, "Cardiology", "dev", "p1", ((0, 1), (1, 5)), (0, 1)
    )


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Record("kept", TEXT, split="pool"), "already"),
        (Record("x", TEXT), "no split"),
        (Record("x", "a\0b", split="pool"), "null"),
        (Record("x", "a\ud800b", split="pool"), "surrogate"),
        (Record("x", TEXT, (Entity(0, 7, "Place"),), split="pool"), "Drug, Problem"),
        (Record("x", TEXT, (Entity(0, 70, "Drug"),), split="pool"), "outside the text"),
    ],
)
def test_import_with_an_unusable_record_stores_nothing(database: Database, record: Record, message: str) -> None:
    with database.session() as session:
        target = department(session)
        records.add(session, target, [Record("kept", TEXT, split="pool")], "local")
    with pytest.raises(DataError, match=message), database.session() as session:
        records.add(session, target, [Record("before", TEXT, split="pool"), record], "local")
    with database.reading() as session:
        assert list(records.ids(session, target)) == ["kept"]


def test_labels_that_come_with_records_are_submitted(database: Database) -> None:
    items = [
        Record("one", TEXT, (Entity(0, 7, "Drug"), Entity(23, 27, "Problem")), split="train"),
        Record("none", TEXT, (), split="train"),
        Record("open", TEXT, None, split="train"),
    ]
    with database.session() as session:
        target = department(session)
        records.add(session, target, items, "import")
        ids = records.ids(session, target)
        one, none = load(session, ids["one"], "import"), load(session, ids["none"], "import")
        assert one is not None and none is not None and load(session, ids["open"], "import") is None
        assert [(span.start, span.end, span.origin) for span in one.spans] == [(0, 7, "import"), (23, 27, "import")]
        assert (none.status, none.revision, none.spans) == ("submitted", 1, [])
        change = history(session, ids["one"], "import")[0]
        assert [item["start"] for item in change.added] == [0, 23]


def test_queue_is_the_authors_own_and_one_query(database: Database) -> None:
    with database.session() as session:
        target = department(session)
        splits = ["pool", "test", "train", "pool", "dev"]
        items = [Record(f"r{i}", "é" * 100 + str(i), split=split) for i, split in enumerate(splits)]
        records.add(session, target, items, "import")
        ids = records.ids(session, target)
        save(session, ids["r2"], "me", 0, "draft", [SpanData("a", 0, 1, 1), SpanData("b", 2, 3, 1)])
        save(session, ids["r3"], "me", 0, "skipped", [])
        save(session, ids["r0"], "you", 0, "submitted", [SpanData("a", 0, 1, 1)])
    with database.reading() as session, count_queries(database) as seen:
        queue = records.queue(session, target, "me", evaluation=False)
    assert len(seen) == 1
    assert [(item.external_id, item.status, item.spans) for item in queue] == [
        ("r0", "pending", 0),
        ("r2", "draft", 2),
        ("r3", "skipped", 0),
    ]
    assert queue[0].preview == "é" * 80
    with database.reading() as session:
        assert [item.split for item in records.queue(session, target, "me", evaluation=True)] == ["test", "dev"]


def test_overview_counts_in_two_queries(database: Database) -> None:
    with database.session() as session:
        target, empty = department(session), department(session, "Empty")
        items = [Record(f"r{i}", TEXT, () if i < 2 else None, split="pool" if i else "dev") for i in range(4)]
        records.add(session, target, items, "import")
        ids = records.ids(session, target)
        save(session, ids["r1"], "second", 0, "submitted", [])  # two versions, and no gold of them yet
        save(session, ids["r2"], "second", 0, "submitted", [])
    with database.reading() as session, count_queries(database) as seen:
        first, second = departments.overview(session)
    assert len(seen) == 2
    assert first.splits == {"pool": SplitCount(3, 1, waiting=1), "dev": SplitCount(1, 1)}
    assert (first.records, first.labelled, first.model_version) == (4, 2, None)
    assert (second.department_id, second.records) == (empty, 0)


def test_snapshot_is_named_by_its_content(database: Database) -> None:
    with database.session() as session:
        target = department(session)
        with pytest.raises(DataError, match="submitted"):
            snapshots.freeze(session, target)
        records.add(session, target, [Record("a", TEXT, (Entity(0, 7, "Drug"),), split="dev")], "me")
        records.add(session, target, [Record("b", TEXT, split="pool")], "me")
        first = snapshots.freeze(session, target)
        assert snapshots.freeze(session, target).id == first.id
        b = records.ids(session, target)["b"]
        save(session, b, "me", 0, "draft", [SpanData("s", 23, 27, 2)])
        assert snapshots.freeze(session, target).id == first.id  # drafts are not gold
        save(session, b, "me", 1, "submitted", [SpanData("s", 23, 27, 2)])
        second = snapshots.freeze(session, target)
        assert second.hash != first.hash and second.records == 2
        save(session, b, "me", 2, "draft", [])
        assert snapshots.freeze(session, target).id == first.id  # the old content is the old snapshot
        assert snapshots.split_counts(session, second.id) == {"dev": 1, "pool": 1}


def test_a_snapshot_has_what_changed_since_its_contents_were_read(database: Database) -> None:
    items = [Record(f"r{i}", f"{i}: {TEXT}", () if i else None, split="pool") for i in range(4)]
    with database.session() as session:
        target = department(session)
        records.add(session, target, items, "me")
        ids = records.ids(session, target)
    with database.reading() as session:
        known = snapshots.contents(session, target)
    assert known.keys() == {ids["r1"], ids["r2"], ids["r3"]}  # those that are labelled
    with database.session() as session:
        save(session, ids["r0"], "me", 0, "submitted", [SpanData("s", 3, 10, 1)])
        save(session, ids["r1"], "me", 1, "submitted", [SpanData("s", 3, 10, 2)])
        save(session, ids["r2"], "me", 1, "draft", [])
        erasure.erase(session, erasure.reach(session, [ids["r3"]]))
    with database.session() as session:
        snapshot = snapshots.freeze(session, target, known)
        found = {record.id: record.entities for record in snapshots.records(session, snapshot.id)}
    assert found == {"r0": (Entity(3, 10, "Drug"),), "r1": (Entity(3, 10, "Problem"),)}
    with database.session() as session:
        assert snapshots.freeze(session, target).id == snapshot.id  # what was not known was read


def test_snapshot_keeps_labels_that_change_later(database: Database) -> None:
    with database.session() as session:
        target = department(session)
        items = [Record("a", TEXT, (Entity(0, 7, "Drug"),), split="dev", patient="p")]
        records.add(session, target, items, "me")
        snapshot = snapshots.freeze(session, target)
        save(session, records.ids(session, target)["a"], "me", 1, "submitted", [])
        labels.rename(session, 1, "Medication")
        (record,) = snapshots.records(session, snapshot.id)
        assert (record.id, record.split, record.patient, record.department) == ("a", "dev", "p", "Cardiology")
        assert record.entities == (Entity(0, 7, "Drug"),)
        assert record.tokens is not None and record.tokens[0] == (0, 7) and record.sentence_starts == (0, 4)
        with pytest.raises(NotFound):
            snapshots.records(session, 99)


def test_hash_of_a_snapshot_does_not_depend_on_the_database(database: Database) -> None:
    items = [Record("a", TEXT, (Entity(0, 7, "Drug"), Entity(23, 27, "Problem")), split="dev")]
    with database.session() as session:
        department(session, "Before, so that the ids differ")
        target = department(session)
        records.add(session, target, items, "me")
        found = snapshots.freeze(session, target).hash
    assert found == "3a3d5989adf9f1152d31b0dff3032774a9d7be3ca582f5e5449a8065b188c3a1"
