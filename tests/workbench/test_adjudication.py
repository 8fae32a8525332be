"""Adjudication on SQLite and PostgreSQL: what becomes gold, what stays, who is told of a conflict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ladtl_core.errors import DataError
from ladtl_core.records import Entity, Record
from workbench.services import adjudication
from workbench.services.adjudication import Decision
from workbench.services.labelling import Stale
from workbench.store import (
    adjudications,
    departments,
    flattening,
    labels,
    merging,
    records,
    search,
    sharing,
    snapshots,
    statistics,
)
from workbench.store import annotations as labels_of
from workbench.store import gold as gold_of
from workbench.store.annotations import ADJUDICATED, SpanData
from workbench.store.database import Database
from workbench.store.errors import NotFound
from workbench.store.models import SnapshotItem

TEXT = "Aspirin for severe chest pain."
DRUG, PROBLEM, PLACE = 1, 2, 3
ANA = ((0, 7, DRUG), (12, 29, PROBLEM))
BEN = ((0, 7, DRUG), (19, 29, PROBLEM))
PAIN = (12, 29)
Stretch = tuple[int, int]


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    """Records r0 to r2 of department 1; ana and ben submitted r0 and differ in one place."""
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Drug", "Problem", "Place"))
        records.add(session, ward.id, [Record(f"r{i}", TEXT, split="pool") for i in range(3)], "me")
        found = records.ids(session, ward.id)
    submit(database, found["r0"], "ana", *ANA)
    submit(database, found["r0"], "ben", *BEN)
    return found


def submit(database: Database, record_id: int, author: str, *spans: tuple[int, int, int], base: int = 0) -> None:
    """With the ids of spans that everybody has: they need not differ between people."""
    with database.session() as session:
        data = [SpanData(f"s{number}", *span) for number, span in enumerate(spans)]
        labels_of.save(session, record_id, author, base, "submitted", data)


def decide(
    database: Database,
    record_id: int,
    *takes: tuple[tuple[int, int], str | None],
    finished: bool = True,
    who: str = "eva",
) -> int:
    """Takes versions by their authors' names, on top of what is stored."""
    view = adjudication.open_record(database, record_id)
    by_name = {version["author"]: version["id"] for version in view["versions"]}
    choices = {place: by_name[author] if author else None for place, author in takes}
    return adjudication.save(database, record_id, who, replace(decision(view), choices=choices, finished=finished))


def decision(view: dict[str, Any]) -> Decision:
    return Decision(view["revision"], {v["id"]: v["revision"] for v in view["versions"]}, {}, finished=False)


def gold(database: Database) -> dict[str, tuple[bool, list[tuple[int, int, str]]]]:
    with database.reading() as session:
        found = gold_of.gold(session, 1, ("pool",))
    return {g.record.external_id: (g.adjudicated, [(e.start, e.end, e.label) for e in g.entities]) for g in found}


def state(database: Database) -> list[tuple[str, int, int, str]]:
    return [(c.external_id, c.places, c.decided, c.state) for c in adjudication.cases(database, 1)]


@pytest.mark.parametrize(
    ("take", "expected"), [("ana", [(12, 29, "Problem")]), ("ben", [(19, 29, "Problem")]), (None, [])]
)
def test_a_taken_version_is_gold(
    database: Database, ids: dict[str, int], take: str | None, expected: list[tuple[int, int, str]]
) -> None:
    submit(database, ids["r1"], "ana", *ANA)
    single = (False, [(0, 7, "Drug"), (12, 29, "Problem")])
    assert gold(database) == {"r1": single}  # one person's is gold; two versions are not
    assert state(database) == [("r0", 1, 0, "open")]
    assert decide(database, ids["r0"], (PAIN, take), finished=False) == 1
    assert gold(database) == {"r1": single} and state(database) == [("r0", 1, 1, "draft")]
    assert decide(database, ids["r0"], (PAIN, take)) == 2
    assert gold(database) == {"r0": (True, [(0, 7, "Drug"), *expected]), "r1": single}
    assert state(database) == [("r0", 1, 1, "adjudicated")]
    with database.reading() as session:
        (change,) = labels_of.history(session, ids["r0"], ADJUDICATED)
        assert change.author == "eva"
        authors = [annotation.author for annotation in labels_of.of_record(session, ids["r0"])]
        assert authors == ["ana", "ben", ADJUDICATED]  # nothing is lost


def test_a_snapshot_says_which_labels_were_adjudicated(database: Database, ids: dict[str, int]) -> None:
    submit(database, ids["r1"], "ben", *BEN)
    decide(database, ids["r0"], (PAIN, "ana"))
    with database.session() as session:
        number = snapshots.freeze(session, 1).id
        found = {key: session.get_one(SnapshotItem, (number, ids[key])).adjudicated for key in ("r0", "r1")}
        assert found == {"r0": True, "r1": False}
        assert [record.entities for record in snapshots.records(session, number)] == [
            (Entity(0, 7, "Drug"), Entity(12, 29, "Problem")),
            (Entity(0, 7, "Drug"), Entity(19, 29, "Problem")),
        ]


def test_only_gold_counts_as_labelled_and_as_left_out(database: Database, ids: dict[str, int]) -> None:
    def counted() -> tuple[int, int]:
        with database.reading() as session:
            (ward,) = departments.overview(session)
            return ward.labelled, flattening.left_out(session, [1], ("pool",))

    submit(database, ids["r1"], "ana", (0, 7, DRUG), (0, 11, PROBLEM))
    assert counted() == (1, 1)
    submit(database, ids["r1"], "ben", (0, 7, DRUG), (0, 11, PROBLEM))
    assert counted() == (0, 0)
    decide(database, ids["r1"])
    assert counted() == (1, 1)


def test_a_change_of_labels_leaves_the_gold_and_is_told(database: Database, ids: dict[str, int]) -> None:
    submit(database, ids["r0"], "cem", (0, 7, DRUG), (8, 11, PLACE))
    decide(database, ids["r0"], ((8, 11), None), (PAIN, "ana"))
    before = gold(database)
    submit(database, ids["r0"], "ben", *BEN, (8, 11, PLACE), base=1)
    assert gold(database) == before and state(database) == [("r0", 2, 1, "changed")]
    view = adjudication.open_record(database, ids["r0"])
    assert (view["changed"], view["finished"], view["author"]) == (["ben"], False, "eva")
    # At 8-11 there is a new version; the other place is as it was when it was decided.
    assert [(choice["start"], choice["end"]) for choice in view["choices"]] == [PAIN]
    decide(database, ids["r0"], ((8, 11), "ben"), (PAIN, "ana"), who="dia")
    assert gold(database)["r0"][1] == [(0, 7, "Drug"), (8, 11, "Place"), (12, 29, "Problem")]
    assert state(database) == [("r0", 2, 2, "adjudicated")]
    submit(database, ids["r0"], "dan", *ANA)
    assert adjudication.open_record(database, ids["r0"])["changed"] == ["dan"]
    with database.reading() as session:
        assert [change.author for change in labels_of.history(session, ids["r0"], ADJUDICATED)] == ["eva", "dia"]


def test_withdrawn_labels_leave_the_gold_and_are_told(database: Database, ids: dict[str, int]) -> None:
    decide(database, ids["r0"], (PAIN, "ben"))
    before = gold(database)
    with database.session() as session:
        labels_of.save(session, ids["r0"], "ben", 1, "flagged", [])
    assert gold(database) == before and state(database) == [("r0", 0, 0, "changed")]
    assert adjudication.open_record(database, ids["r0"])["changed"] == ["ben"]
    found = adjudication.cases(database, 1)
    assert (len(adjudication.differing_cases(found)), adjudication.agreed_cases(found)) == (1, [])


def test_labels_changed_back_or_merged_are_no_change(database: Database, ids: dict[str, int]) -> None:
    decide(database, ids["r0"], (PAIN, "ben"))
    submit(database, ids["r0"], "ana", base=1)
    assert state(database)[0][3] == "changed"
    submit(database, ids["r0"], "ana", *ANA, base=2)
    with database.session() as session:
        merging.merge(session, PROBLEM, PLACE, "eva")
    assert state(database) == [("r0", 1, 1, "adjudicated")]
    assert gold(database)["r0"][1] == [(0, 7, "Drug"), (19, 29, "Place")]


def test_a_retired_label_can_be_taken(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        labels.retire(session, PROBLEM)
    decide(database, ids["r0"], (PAIN, "ben"))
    assert gold(database)["r0"][1] == [(0, 7, "Drug"), (19, 29, "Problem")]


def test_who_saves_second_is_told(database: Database, ids: dict[str, int]) -> None:
    view = adjudication.open_record(database, ids["r0"])
    decide(database, ids["r0"], (PAIN, "ben"), finished=False)
    with pytest.raises(Stale) as stale:
        adjudication.save(database, ids["r0"], "dia", decision(view))
    assert stale.value.current["revision"] == 1 and len(stale.value.current["choices"]) == 1
    view = adjudication.open_record(database, ids["r0"])
    submit(database, ids["r0"], "ben", (0, 7, DRUG), base=1)  # while somebody decides
    with pytest.raises(Stale):
        adjudication.save(database, ids["r0"], "dia", decision(view))
    with database.reading() as session:
        found = adjudications.of_record(session, ids["r0"])
    assert found is not None and (found.latest.revision, found.latest.author) == (1, "eva")


def test_the_same_again_is_no_new_save(database: Database, ids: dict[str, int]) -> None:
    assert [decide(database, ids["r0"], (PAIN, "ana")) for _ in range(2)] == [1, 1]
    assert decide(database, ids["r0"], (PAIN, "ben"), finished=False) == 2
    assert gold(database)["r0"][1][1] == (12, 29, "Problem")  # until it is finished again
    assert decide(database, ids["r0"], (PAIN, "ben")) == 3
    assert gold(database)["r0"][1][1] == (19, 29, "Problem")


def test_what_cannot_be_chosen_is_refused(database: Database, ids: dict[str, int]) -> None:
    whole = decision(adjudication.open_record(database, ids["r0"]))
    wrong: list[tuple[dict[Stretch, int | None], bool, str]] = [
        ({}, True, "1 of 1 places are not decided"),
        ({(0, 7): None}, False, "do not differ at 0-7"),
        ({PAIN: 99}, False, "version 99 was taken"),
    ]
    for choices, finished, message in wrong:
        with pytest.raises(DataError, match=message):
            adjudication.save(database, ids["r0"], "eva", replace(whole, choices=choices, finished=finished))
    submit(database, ids["r1"], "ana", *ANA)
    with pytest.raises(DataError, match="fewer than two"):
        decide(database, ids["r1"])
    with pytest.raises(NotFound):
        adjudication.open_record(database, 999)
    with pytest.raises(NotFound):
        adjudication.save(database, 999, "eva", whole)
    assert gold(database).keys() == {"r1"}


def test_records_that_agree_are_taken_in_one_go(database: Database, ids: dict[str, int]) -> None:
    for key in ("r1", "r2"):
        for author in ("ana", "ben"):
            submit(database, ids[key], author, *ANA)
    found = adjudication.cases(database, 1)
    assert [case.external_id for case in adjudication.agreed_cases(found)] == ["r1", "r2"]
    assert adjudication.take_agreed(database, 1, "eva") == 2
    assert {key: adjudicated for key, (adjudicated, _) in gold(database).items()} == {"r1": True, "r2": True}
    assert adjudication.agreed_cases(adjudication.cases(database, 1)) == []
    assert adjudication.take_agreed(database, 1, "eva") == 0


@pytest.mark.parametrize(
    "body", [{}, [], {"base": 0, "versions": [[1, 1]], "choices": [{"start": "0", "end": 1, "take": None}]}, None]
)
def test_a_body_that_is_no_decision_is_refused_in_words(body: Any) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        adjudication.parse_decision(body)


def test_what_was_adjudicated_is_nobodys_work(database: Database) -> None:
    with database.session() as session:
        ward = departments.create(session, "Alone", "clinical", ("Problem",)).id
        records.add(session, ward, [Record("1", "Some pain.", split="pool")], "me")
        record_id = records.ids(session, ward)["1"]
        for author in ("ana", ADJUDICATED):
            labels_of.save(session, record_id, author, 0, "submitted", [])
    with database.reading() as session:
        assert search.authors(session, ward) == ["ana"]
        assert statistics.submitted(session, ward) == {"ana": (1, 0)}
        [place] = sharing.places(session, ward, ("pool",))
        assert place.people == place.through == {"ana"}
        assert sharing.submitted(session, ward, ("pool",)) == [(1, 1)]
