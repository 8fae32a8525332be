"""What each person did: imports left out, time without pauses, acceptance by origin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from ladtl_core.records import Entity, Record
from workbench.services import labelling, statistics
from workbench.services.labelling import Edit, Verdict
from workbench.services.statistics import seconds_a_record
from workbench.store import departments, records
from workbench.store.annotations import SpanData
from workbench.store.database import Database
from workbench.store.models import Annotation, AnnotationChange

BEGIN = datetime(2026, 1, 1, 8, tzinfo=UTC)
WARD = 1


def at(*moments: tuple[str, int, int]) -> list[tuple[str, int, datetime]]:
    return [(person, record, BEGIN + timedelta(seconds=seconds)) for person, record, seconds in moments]


def test_time_is_counted_without_pauses_and_between_ones_own_saves() -> None:
    saves = at(("ana", 1, 0), ("ana", 1, 10), ("ana", 2, 40), ("ana", 2, 341), ("ana", 2, 641), ("ben", 2, 700))
    # Record 1: 10 s. Record 2: 30 s, a pause of 301 s that is not counted, 300 s.
    assert seconds_a_record(saves) == {"ana": (10 + 330) / 2}
    assert seconds_a_record([]) == {}


def add_records(database: Database) -> list[int]:
    """Two records imported with labels, one of them without spans, and four that are open."""
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",))
        items = [
            Record("gold", "Some pain.", (Entity(5, 9, "Problem"),), split="pool"),
            Record("nothing", "All well.", (), split="pool"),
            *(Record(f"r{i}", "Some pain.", split="pool") for i in range(4)),
        ]
        records.add(session, ward.id, items, "local")
        return list(records.ids(session, ward.id).values())


def save(database: Database, record_id: int, author: str, status: str, verdicts: list[Verdict] | None = None) -> None:
    base = labelling.open_record(database, record_id, author)["revision"]
    spans = [SpanData(f"s{i}", i, i + 1, 1) for i in range(base + 1)]
    labelling.save(database, record_id, author, Edit(base, status, spans, verdicts or []))


def timed(database: Database, record_id: int, author: str, *seconds: int) -> None:
    """Say when the revisions of a record were saved."""
    with database.session() as session:
        own = select(AnnotationChange).join(Annotation).order_by(AnnotationChange.revision)
        found = session.scalars(own.where(Annotation.record_id == record_id, Annotation.author == author)).all()
        for change, moment in zip(found, seconds, strict=True):
            change.at = BEGIN + timedelta(seconds=moment)


def test_an_import_is_nobodys_work(database: Database) -> None:
    gold, *_ = add_records(database)
    assert statistics.of_department(database, WARD) == []
    save(database, gold, "local", "submitted")  # corrected by hand
    [local] = statistics.of_department(database, WARD)
    assert (local.person, local.records, local.spans, local.seconds) == ("local", 1, 2, None)


def test_records_spans_time_and_acceptance(database: Database) -> None:
    ids = add_records(database)[2:]
    found = [Verdict(None, 0, 4, 1, "accepted", "rule"), Verdict(None, 5, 9, 1, "rejected", "rule")]
    save(database, ids[0], "ana", "draft")
    save(database, ids[0], "ana", "submitted", [*found, Verdict(None, 0, 9, 1, "accepted", "propagated")])
    save(database, ids[1], "ana", "submitted")
    save(database, ids[2], "ana", "draft")
    save(database, ids[3], "ben", "submitted")
    timed(database, ids[0], "ana", 0, 20)
    timed(database, ids[1], "ana", 60)
    timed(database, ids[2], "ana", 90)
    ana, ben = statistics.of_department(database, WARD)
    assert (ana.person, ana.records, ana.spans, ana.seconds) == ("ana", 2, 3, 30.0)
    assert ana.accepted == {"rule": (1, 2), "propagated": (1, 1)}
    assert (ben.person, ben.records, ben.spans, ben.seconds, ben.accepted) == ("ben", 1, 1, None, {})
