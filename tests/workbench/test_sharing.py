"""Records handed to one person at a time, labelled by several, and assigned; on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.records import Record
from workbench.services import labelling, queueing, sharing
from workbench.services.labelling import Edit
from workbench.store import departments, records
from workbench.store import sharing as store
from workbench.store.annotations import SpanData
from workbench.store.database import Database
from workbench.store.errors import NotFound
from workbench.store.sharing import Lease, Places, Sharing

WARD = 1


@pytest.fixture
def ids(database: Database) -> list[int]:
    """Twenty pool records, then four dev records, of one department."""
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",))
        items = [Record(f"r{i}", "Some pain.", split="pool" if i < 20 else "dev") for i in range(24)]
        records.add(session, ward.id, items, "local")
        return [row.id for row in records.of_department(session, ward.id)]


def save(database: Database, record_id: int, author: str, status: str = "submitted") -> None:
    base = labelling.open_record(database, record_id, author)["revision"]
    labelling.save(database, record_id, author, Edit(base, status, [SpanData(f"s{base}", 0, 4, 1)], []))


def open_to(database: Database, person: str, evaluation: bool = False) -> list[int]:
    return [item.record_id for item in queueing.queue(database, WARD, person, evaluation)]


def expire(database: Database) -> None:
    with database.session() as session:
        for lease in session.query(Lease):
            lease.until -= store.LEASE + timedelta(seconds=1)


def test_of_eight_people_who_ask_at_once_none_gets_anothers_record(database: Database, ids: list[int]) -> None:
    people = [f"person {i}" for i in range(8)]
    given_to: dict[str, list[int]] = {person: [] for person in people}
    errors: list[Exception] = []
    together = threading.Barrier(len(people))

    def ask(person: str) -> None:
        try:
            together.wait(60)
            for _ in range(2):
                candidates = [i for i in open_to(database, person) if i not in given_to[person]]
                found = sharing.next_record(database, person, candidates)
                assert found is not None
                given_to[person].append(found)
                save(database, found, person)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    handed = [record_id for found in given_to.values() for record_id in found]
    assert len(handed) == len(set(handed)) == 16


def test_a_record_is_handed_to_one_until_the_lease_ends(database: Database, ids: list[int]) -> None:
    assert sharing.next_record(database, "ana", ids) == ids[0]
    assert sharing.next_record(database, "ana", ids) == ids[0]  # it is hers
    assert sharing.next_record(database, "ben", ids) == ids[1]
    assert ids[0] not in open_to(database, "ben") and ids[0] in open_to(database, "ana")
    expire(database)
    assert ids[0] in open_to(database, "ben")
    assert sharing.next_record(database, "ben", ids) == ids[0]
    assert sharing.next_record(database, "ana", ids[:1]) is None
    with pytest.raises(NotFound):
        sharing.next_record(database, "ana", [999])


def test_who_goes_on_gives_the_record_back_unless_it_was_begun(database: Database, ids: list[int]) -> None:
    sharing.enter(database, ids[0], "ana")
    sharing.enter(database, ids[1], "ana")
    save(database, ids[1], "ana", "draft")
    sharing.enter(database, ids[2], "ana")
    assert [record_id for record_id in ids[:4] if record_id in open_to(database, "ben")] == [ids[0], ids[3]]
    save(database, ids[1], "ana", "skipped")
    assert ids[1] in open_to(database, "ben")  # somebody else may know better
    assert ids[1] in open_to(database, "ana")


def test_saving_prolongs_and_a_late_save_takes_nothing_back(database: Database, ids: list[int]) -> None:
    def held() -> Lease:
        with database.reading() as session:
            found = store.lease(session, "ana")
            assert found is not None
            return found

    sharing.enter(database, ids[0], "ana")
    with database.session() as session:
        session.query(Lease).one().until -= timedelta(minutes=9)
    before = held()
    save(database, ids[0], "ana", "draft")
    assert held().until > before.until + timedelta(minutes=8) and held().since == before.since
    sharing.enter(database, ids[1], "ana")
    save(database, ids[0], "ana", "draft")
    assert held().record_id == ids[1]
    sharing.renew(database, ids[1], "ana")
    with pytest.raises(NotFound):
        sharing.renew(database, 999, "ana")


def test_who_opens_anothers_record_is_told_and_loses_nothing(database: Database, ids: list[int]) -> None:
    assert sharing.enter(database, ids[0], "ana") == ""
    notice = sharing.enter(database, ids[0], "ben")
    assert notice.startswith("ana has this record open since ") and notice[-6:-4].isdigit()
    save(database, ids[0], "ben")
    save(database, ids[0], "ana")
    for author in ("ana", "ben"):
        assert labelling.open_record(database, ids[0], author)["status"] == "submitted"
    expire(database)
    assert sharing.enter(database, ids[0], "cem") == "ben has submitted this record. ana has submitted this record."
    save(database, ids[1], "ana", "draft")
    expire(database)
    assert sharing.enter(database, ids[1], "cem") == "ana has begun this record."
    sharing.share_out(database, WARD, ["ana"], False, "ana")
    assert sharing.enter(database, ids[2], "cem") == "This record is assigned to ana."


def test_with_two_people_a_record_stays_until_two_have_it(database: Database, ids: list[int]) -> None:
    sharing.set_people(database, WARD, 2, 100, "local")
    assert [sharing.next_record(database, person, ids) for person in ("ana", "ben", "cem")] == [ids[0], ids[0], ids[1]]
    for done, person in enumerate(("ana", "ben")):
        save(database, ids[0], person)
        assert sharing.progress(database, WARD, evaluation=False).done == done
    assert ids[0] not in open_to(database, "cem")
    assert {item.status for item in queueing.queue(database, WARD, "ana", False)} == {"submitted", "pending"}


def test_the_share_is_of_the_id_alone_and_grows(database: Database, ids: list[int]) -> None:
    shares = [{i for i in range(1000) if Sharing(people=3, share=share).needed(f"r{i}") == 3} for share in range(101)]
    assert shares[0] == set() and len(shares[100]) == 1000
    assert all(small <= large for small, large in pairwise(shares))
    assert 230 < len(shares[25]) < 270
    sharing.set_people(database, WARD, 3, 100, "local")
    for evaluation, count in ((False, 20), (True, 4)):
        assert sharing.progress(database, WARD, evaluation).shared == count
    assert sharing.setting(database, WARD) == (3, 100)
    for people, share in ((0, 10), (2, 101), (2, -1)):
        with pytest.raises(DataError, match="expected 1 or more"):
            sharing.set_people(database, WARD, people, share, "local")


def test_records_are_shared_out_evenly_and_handed_to_nobody_else(database: Database, ids: list[int]) -> None:
    save(database, ids[0], "local")
    people = ["ana", "ben", "cem"]
    assert sharing.share_out(database, WARD, people, False, "local") == 19
    assert sorted(sharing.assigned(database, WARD).values()) == [6, 6, 7]
    queues = [set(open_to(database, person)) for person in people]
    assert set.union(*queues) == set(ids[1:20]) and sum(map(len, queues)) == 19
    assert open_to(database, "dan") == [] and open_to(database, "local") == [ids[0]]
    assert sharing.share_out(database, WARD, people, False, "local") == 0
    assert len(open_to(database, "dan", evaluation=True)) == 4
    with pytest.raises(DataError, match="choose the people"):
        sharing.share_out(database, WARD, [], False, "local")


def test_reassigning_moves_what_is_open_and_deletes_no_label(database: Database, ids: list[int]) -> None:
    sharing.share_out(database, WARD, ["ana"], False, "local")
    save(database, ids[0], "ana")
    save(database, ids[1], "ana", "draft")
    assert sharing.reassign(database, WARD, "ana", "ben", "local") == 19
    assert open_to(database, "ben") == ids[1:20]
    assert open_to(database, "ana") == ids[:2]  # her own work stays in her list
    assert len(labelling.open_record(database, ids[1], "ana")["spans"]) == 1
    assert sharing.reassign(database, WARD, "ben", None, "local") == 19
    assert open_to(database, "dan") == ids[2:20]
    with pytest.raises(DataError, match="somebody else"):
        sharing.reassign(database, WARD, "ben", "ben", "local")


PEOPLE = ["a", "b", "c"]


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sets(st.sampled_from(PEOPLE)), st.sets(st.sampled_from(PEOPLE)))),
    st.lists(st.sampled_from(PEOPLE), unique=True),
)
def test_spreading_is_even_and_fills_places_once(rows: list[tuple[int, set[str], set[str]]], people: list[str]) -> None:
    found = [Places(i, needed, taken, through) for i, (needed, taken, through) in enumerate(rows)]
    pairs = sharing.spread(found, people, {})
    assert len(set(pairs)) == len(pairs)
    for one in found:
        new = {person for record_id, person in pairs if record_id == one.record_id}
        assert not new & (one.people | one.through)
        able = set(people) - one.people - one.through
        assert len(new) == min(len(able), max(0, one.needed - len(one.people)))
    if all(not taken and not through for _, taken, through in rows) and people:
        loads = Counter(person for _, person in pairs)
        assert max(loads[p] for p in people) - min(loads[p] for p in people) <= 1
