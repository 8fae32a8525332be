"""Predictions of imported files: suggestions of their own origin, hidden on evaluation records, gone once rejected."""

from __future__ import annotations

import pytest

from ladtl_core.formats import FORMATS, Located, in_memory
from ladtl_core.records import Prediction, Record
from workbench.services import labelling, outgoing, suggesting
from workbench.services.labelling import Edit, Verdict
from workbench.services.queueing import Wanted, queue
from workbench.store import departments, labels, records, staging, trained
from workbench.store.annotations import SpanData
from workbench.store.database import Database
from workbench.store.imported import ImportedSuggestion
from workbench.store.merging import merge

TEXT = "🫁 Chest pain and fever."
PAIN, FEVER = (2, 12), (17, 22)
PROBLEM, SIGN = 1, 2
PREDICTED = (
    Prediction(*PAIN, "Problem", 0.4),
    Prediction(*PAIN, "Problem", 0.9),
    Prediction(*PAIN, "Problem"),
    Prediction(*FEVER, "Sign", 87.0),
    Prediction(*FEVER, "Unknown", 1.0),
)


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Sign"))
        items = [Record(split, TEXT, split=split, predictions=PREDICTED) for split in ("pool", "dev")]
        records.add(session, department.id, items, "local")
        return records.ids(session, department.id)


def offered(database: Database, record_id: int, author: str = "ana") -> list[tuple[int, int, int, float | None]]:
    view = labelling.open_record(database, record_id, author)
    found = [one for i, one in enumerate(view["suggestions"]) if i not in view["rejected"]]
    assert all((one["origin"], one["model"]) == ("import", None) for one in found)
    return [(one["start"], one["end"], one["label"], one["confidence"]) for one in found]


def test_the_surest_of_a_place_is_suggested_and_no_score_is_no_confidence(
    database: Database, ids: dict[str, int]
) -> None:
    assert offered(database, ids["pool"]) == [(*PAIN, PROBLEM, 0.9), (*FEVER, SIGN, None)]
    assert labelling.open_record(database, ids["pool"], "ana")["spans"] == []


def test_evaluation_records_show_them_after_submission(database: Database, ids: dict[str, int]) -> None:
    assert offered(database, ids["dev"]) == []
    labelling.save(database, ids["dev"], "ana", Edit(0, "draft", [SpanData("a", *PAIN, PROBLEM)], []))
    assert offered(database, ids["dev"]) == []
    labelling.save(database, ids["dev"], "ana", Edit(1, "submitted", [SpanData("a", *PAIN, PROBLEM)], []))
    assert len(offered(database, ids["dev"])) == 2 and offered(database, ids["dev"], "ben") == []


def test_what_was_decided_of_them_is_kept_with_its_origin(database: Database, ids: dict[str, int]) -> None:
    verdicts = [
        Verdict(None, *PAIN, PROBLEM, "accepted", "import"),
        Verdict(None, *FEVER, SIGN, "rejected", "import"),
    ]
    span = SpanData("a", *PAIN, PROBLEM, "suggestion", 0.9)
    labelling.save(database, ids["pool"], "ana", Edit(0, "draft", [span], verdicts))
    with database.reading() as session:
        found = trained.decisions(session, ids["pool"])
        assert [(one.kind, one.origin, one.model_id) for one in found] == [
            ("accepted", "import", None),
            ("rejected", "import", None),
        ]
    assert offered(database, ids["pool"]) == [(*PAIN, PROBLEM, 0.9)]
    suggesting.add_rule(database, 1, "term", "fever", "Sign", "ana")  # another source of what was rejected
    assert len(labelling.open_record(database, ids["pool"], "ana")["rejected"]) == 1


def test_rules_and_models_come_first(database: Database, ids: dict[str, int]) -> None:
    suggesting.add_rule(database, 1, "term", "pain and", "Sign", "ana")
    found = labelling.open_record(database, ids["pool"], "ana")["suggestions"]
    assert [(one["origin"], one["start"]) for one in found] == [("rule", 8), ("import", 17)]


def test_they_follow_merges_and_leave_retired_labels(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        merge(session, PROBLEM, SIGN, "lead")
        labels.rename(session, SIGN, "Finding")
    assert offered(database, ids["pool"]) == [(*PAIN, SIGN, 0.9), (*FEVER, SIGN, None)]
    with database.session() as session:
        labels.retire(session, SIGN)
    assert offered(database, ids["pool"]) == []


def test_an_import_that_is_given_up_leaves_none(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        hidden = staging.begin(session, "clinical", (), "word").id
        records.add(session, hidden, [Record("x", TEXT, split="pool", predictions=PREDICTED)], "local")
        record_id = records.ids(session, hidden)["x"]
        assert session.get(ImportedSuggestion, record_id) is not None
        assert staging.discard(session, hidden) and not staging.discard(session, hidden)
        session.expire_all()
        assert session.get(ImportedSuggestion, record_id) is None


@pytest.mark.parametrize("format", ["jsonl", "labelstudio"])
def test_they_come_out_again_and_formats_without_them_say_so(
    database: Database, ids: dict[str, int], format: str
) -> None:
    kept = (Prediction(*PAIN, "Problem", 0.9), Prediction(*FEVER, "Sign"))
    made = outgoing.export(database, 1, format)
    found = [item for item in FORMATS[format].scan(in_memory([(made.name, made.data)])) if isinstance(item, Located)]
    assert [one.record.predictions for one in found] == [kept, kept]
    assert "predictions" not in made.lost and outgoing.export(database, 1, "conll").lost["predictions"] == 4


def test_the_queue_finds_them_by_label_and_confidence(database: Database, ids: dict[str, int]) -> None:
    def found(wanted: Wanted, evaluation: bool = False) -> list[int]:
        return [item.record_id for item in queue(database, 1, "ana", evaluation, wanted)]

    assert found(Wanted(labels=("Sign",))) == found(Wanted(confidence=(0.8, 0.95))) == [ids["pool"]]
    assert found(Wanted(labels=("Sign",), confidence=(0.8, 0.95))) == []
    assert found(Wanted(confidence=(0.95, 1.0))) == found(Wanted(confidence=(0.0, 0.5))) == []
    assert found(Wanted(labels=("Sign",)), evaluation=True) == []  # not before it is submitted
    labelling.save(database, ids["dev"], "ana", Edit(0, "submitted", [], []))
    assert found(Wanted(labels=("Sign",)), evaluation=True) == [ids["dev"]]
