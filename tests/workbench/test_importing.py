"""Writing of imports: others save between its parts, nobody sees it before its end, a failed one leaves no trace."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from ladtl_core.errors import DataError
from ladtl_core.records import Entity, Record
from workbench.services import exchange, importing
from workbench.services.exchange import Preview
from workbench.services.holdings import holdings, label_sets
from workbench.store import annotations as store_annotations
from workbench.store import audit, departments, records, staging
from workbench.store.base import now
from workbench.store.database import Database
from workbench.store.models import Annotation, AnnotationChange, Department, Label, LabelSet, RecordRow, Span

TABLES = (Department, LabelSet, Label, RecordRow, Annotation, AnnotationChange, Span)


class Interrupted(BaseException):
    """What ends a script when a person leaves the page."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "PART", 2)


def read(database: Database, department: str, ids: range, **more: object) -> Preview:
    span = {"start": 0, "end": 5, "label": "Sign"}
    lines = [{"id": f"n{i}", "text": f"fever {i}", "entities": [span], "split": "pool"} for i in ids]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    found = exchange.preview(database, [("a.jsonl", data)], "jsonl", department=department)
    assert not found.errors
    return found


def counts(database: Database) -> list[int]:
    with database.reading() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def order(database: Database, department: str) -> list[tuple[str, int]]:
    with database.reading() as session:
        found = departments.by_name(session, department)
        assert found is not None
        return [(row.external_id, row.position) for row in records.of_department(session, found.id)]


def test_others_save_between_the_parts_and_see_nothing_before_the_end(database: Database) -> None:
    importing.commit(database, read(database, "A", range(1)), "local")
    seen: list[int] = []

    def save(written: int) -> None:
        """What another person does meanwhile; it would wait for ever if the import held the database."""
        assert [(h.department.name, h.department.records) for h in holdings(database)] == [("A", 1)]
        assert list(label_sets(database)) == ["A"]
        with database.session() as session:
            record_id = records.ids(session, holdings(database)[0].department.department_id)["n0"]
            store_annotations.save(session, record_id, f"person {written}", 0, "draft", [])
        seen.append(written)

    assert importing.commit(database, read(database, "B", range(5)), "local", progress=save) == 5
    assert seen == [2, 4, 5]
    assert [(h.department.name, h.department.records, h.labels) for h in holdings(database)] == [
        ("A", 1, ("Sign",)),
        ("B", 5, ("Sign",)),
    ]
    assert list(label_sets(database)) == ["A", "B"]


def test_records_come_behind_those_of_the_department(database: Database) -> None:
    importing.commit(database, read(database, "A", range(3)), "local")
    importing.commit(database, read(database, "A", range(3, 6)), "local")
    assert order(database, "A") == [(f"n{i}", i) for i in range(6)]
    assert counts(database) == [1, 1, 1, 6, 6, 6, 6]
    with database.reading() as session:
        assert [(entry.subject, entry.detail["records"]) for entry in audit.entries(session)] == [("A", 3), ("A", 3)]


@pytest.mark.parametrize("department", ["A", "B"])
def test_an_import_that_is_cut_off_leaves_nothing(database: Database, department: str) -> None:
    importing.commit(database, read(database, "A", range(3)), "local")
    before = counts(database)

    def leave(written: int) -> None:
        if written == 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        importing.commit(database, read(database, department, range(10, 15)), "local", progress=leave)
    assert counts(database) == before


@pytest.mark.parametrize(("department", "message"), [("A", "somebody else imported the same"), ("B", "'B' already")])
def test_who_comes_second_is_told_and_leaves_nothing(database: Database, department: str, message: str) -> None:
    importing.commit(database, read(database, "A", range(1)), "local")
    first, second = (read(database, department, range(10, 15)) for _ in range(2))
    after: list[list[int]] = []

    def be_faster(written: int) -> None:
        if written == 4:
            importing.commit(database, first, "other")
            after.append(counts(database))

    with pytest.raises(DataError, match=message):
        importing.commit(database, second, "local", progress=be_faster)
    hidden_rows = [1, int(department == "B"), int(department == "B"), 4, 4, 4, 4]
    assert counts(database) == [total - hidden for total, hidden in zip(after[0], hidden_rows, strict=True)]
    assert {holding.department.name for holding in holdings(database)} == {"A", department}


def test_what_a_killed_process_left_goes_with_a_later_import(database: Database) -> None:
    for age in (timedelta(days=2), timedelta(hours=1)):
        with database.session() as session:
            hidden = staging.begin(session, None, ["Sign"], "word")
            rows = [Record(f"n{i}", "fever", (Entity(0, 5, "Sign"),), split="pool") for i in range(5)]
            records.add(session, hidden.id, rows, "local")
            session.execute(update(Department).where(Department.id == hidden.id).values(created_at=now() - age))
    assert holdings(database) == [] and label_sets(database) == {}
    importing.commit(database, read(database, "A", range(3)), "local")
    assert counts(database) == [2, 2, 2, 8, 8, 8, 8]  # that of an hour ago may still be at work


def test_only_hidden_departments_can_be_discarded(database: Database) -> None:
    importing.commit(database, read(database, "A", range(3)), "local")
    before = counts(database)
    with database.session() as session:
        assert not staging.discard(session, holdings(database)[0].department.department_id)
        assert not staging.discard(session, 12345)
    assert counts(database) == before


def test_a_department_that_was_given_other_labels_meanwhile_is_not_touched(database: Database) -> None:
    importing.commit(database, read(database, "A", range(1)), "local")
    importing.commit(database, read(database, "B", range(1)), "local")

    def change(_: int) -> None:
        with database.session() as session:
            a, b = (departments.by_name(session, name) for name in "AB")
            assert a is not None and b is not None
            a.label_set_id = b.label_set_id

    with pytest.raises(DataError, match="has another label set now; nothing was imported"):
        importing.commit(database, read(database, "A", range(10, 13)), "local", progress=change)
    assert order(database, "A") == [("n0", 0)]


def test_others_go_first_before_each_part(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr(database, "give_way", lambda: given.append(True))
    importing.commit(database, read(database, "A", range(5)), "local")
    assert len(given) == 3
