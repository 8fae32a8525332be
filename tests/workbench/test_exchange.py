"""Import and export: what is read, what is refused with its place, and that a refusal writes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ladtl_core.errors import DataError
from ladtl_core.records import SPLITS, Record
from tests.core.formats_kit import records_in, written
from workbench.services import demo, exchange, importing, outgoing
from workbench.services.exchange import Preview
from workbench.services.holdings import holdings, label_sets
from workbench.store import audit, departments, records
from workbench.store import gold as store_gold
from workbench.store.database import Database
from workbench.store.models import Annotation, LabelSet, RecordRow, Span

CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
SPAN = {"start": 0, "end": 5, "label": "Problem"}


def line(identifier: str, text: str = "fever 👩\u200d⚕️", **more: Any) -> bytes:
    return json.dumps({"id": identifier, "text": text, **more}).encode() + b"\n"


def notes(*lines: bytes, name: str = "notes.jsonl") -> list[tuple[str, bytes]]:
    return [(name, b"".join(lines))]


def messages(preview: Preview) -> list[str]:
    return [str(error) for error in preview.errors]


def imported(database: Database, files: Sequence[tuple[str, bytes]], format: str = "jsonl", **more: Any) -> None:
    preview = exchange.preview(database, files, format, **more)
    assert messages(preview) == []
    importing.commit(database, preview, "local")


def read_again(database: Database, name: str, format: str) -> list[Record]:
    with database.reading() as session:
        department = departments.by_name(session, name)
    assert department is not None
    made = outgoing.export(database, department.id, format)
    items = records_in(format, (made.name, made.data))
    assert len(items) == made.records
    return items


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_preview_counts_and_writes_nothing(database: Database) -> None:
    files = notes(
        line("1", department="Cardiology", split="dev", entities=[SPAN]),
        line("2", department="Cardiology", split="train", entities=[]),
        line("3", department="Neurology", split="test"),
    )
    preview = exchange.preview(database, files, "jsonl")
    first, second = preview.departments
    assert (first.name, first.is_new, first.records, first.labelled) == ("Cardiology", True, 2, 2)
    assert (first.splits, first.labels) == ({"train": 1, "dev": 1}, {"Problem": 1})
    assert (second.splits, second.labelled) == ({"test": 1}, 0)
    assert (preview.records, preview.errors, preview.new_labels) == (3, (), ("Problem",))
    assert preview.warnings == ("Neurology: no record is labelled.",)
    assert count(database, RecordRow) == count(database, LabelSet) == 0


def test_commit_writes_submitted_annotations_of_the_importing_user(database: Database) -> None:
    files = notes(
        line("1", split="dev", entities=[SPAN]), line("2", split="pool", entities=[]), line("3", split="pool")
    )
    imported(database, files, department="Cardiology")
    with database.reading() as session:
        department = departments.by_name(session, "Cardiology")
        assert department is not None
        gold = store_gold.gold(session, department.id, SPLITS)
        assert [(g.record.external_id, g.record.split, len(g.entities)) for g in gold] == [
            ("1", "dev", 1),
            ("2", "pool", 0),
        ]
        assert {(a.author, a.status, a.revision) for a in session.scalars(select(Annotation))} == {
            ("local", "submitted", 1)
        }
        assert [(s.start, s.end, s.origin) for s in session.scalars(select(Span))] == [(0, 5, "import")]
        [entry] = audit.entries(session)
        assert (entry.who, entry.what, entry.subject, entry.detail["records"]) == ("local", "import", "Cardiology", 3)


def test_new_departments_of_one_import_share_labels_and_may_take_existing_ones(database: Database) -> None:
    other = {**SPAN, "label": "Test"}
    imported(database, notes(line("1", department="A", entities=[SPAN]), line("1", department="B", entities=[other])))
    assert label_sets(database) == {"A, B": ("Problem", "Test")}
    imported(database, notes(line("1", department="C")), label_set="A, B")
    imported(database, notes(line("1", department="D")), labels=["Sign"])
    assert {h.department.name: h.labels for h in holdings(database)} == {
        "A": ("Problem", "Test"),
        "B": ("Problem", "Test"),
        "C": ("Problem", "Test"),
        "D": ("Sign",),
    }


def test_a_second_label_set_of_the_same_name_gets_another_name(database: Database) -> None:
    with database.session() as session:
        departments.create(session, "X", "A", ["Old"])
    imported(database, notes(line("1", department="A", entities=[SPAN])))
    assert label_sets(database) == {"A": ("Old",), "A (2)": ("Problem",)}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            notes(line("1"), line("2", entities=[{**SPAN, "end": 99}])),
            ["notes.jsonl, line 2, column 61: span 0-99 lies"],
        ),
        (
            notes(line("1"), line("2", entities=[{**SPAN, "label": "Tset"}])),
            ["line 2: A has no label 'Tset'; its labels"],
        ),
        (notes(line("old")), ["notes.jsonl, line 1: A has a record 'old' already"]),
        (notes(line("1"), line("1")), ["notes.jsonl, line 2, column 1: the id '1' was used on line 1 already"]),
        (
            [("a.jsonl", line("1")), ("b.jsonl", line("0") + line("1"))],
            ["b.jsonl, line 2: the id '1' was used in a.jsonl, line 1, already"],
        ),
        (notes(b'{"id": "1", "text": "caf\xe9"}'), ["notes.jsonl, line 1, column 25: the byte 0xe9 is not UTF-8"]),
        (notes(b""), ["notes.jsonl: the file is empty"]),
        (
            [("z.jsonl", b"x"), ("a.jsonl", line("1") + b"[" + b"\n" + b"]")],
            ["z.jsonl, line 1, column 1: this", "a.jsonl, line 2, column 2: this", "a.jsonl, line 3, column 1: this"],
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_nothing_is_written(
    database: Database, files: list[tuple[str, bytes]], expected: list[str]
) -> None:
    imported(database, notes(line("old", entities=[SPAN])), department="A")
    preview = exchange.preview(database, files, "jsonl", department="A")
    found = messages(preview)
    assert len(found) == len(expected)
    assert all(text in message for text, message in zip(expected, found, strict=True)), found
    with pytest.raises(DataError, match="nothing was imported"):
        importing.commit(database, preview, "local")
    assert count(database, RecordRow) == 1


def test_an_unknown_label_of_a_conll_file_is_reported_on_its_line(database: Database) -> None:
    imported(database, notes(line("old", entities=[SPAN])), department="A")
    data = b"# doc = 1\na\tB-Problem\n\nb\tO\nc\tB-Sign\nd\tB-Sign\n"
    [error] = exchange.preview(database, [("x.conll", data)], "conll", department="A").errors
    assert (error.file, error.line) == ("x.conll", 5)


def test_of_many_errors_the_first_are_shown_and_all_are_counted(database: Database) -> None:
    preview = exchange.preview(database, notes(b"x\n" * 50), "jsonl", department="A")
    assert (len(preview.errors), preview.error_count) == (20, 50)
    assert [error.line for error in preview.errors] == list(range(1, 21))


def test_records_that_name_no_department_share_one_error(database: Database) -> None:
    preview = exchange.preview(
        database, notes(line("1", department="A", entities=[SPAN]), line("2"), line("3")), "jsonl"
    )
    assert messages(preview) == [
        "notes.jsonl, line 2: records that name no department: 2, from this line on; choose one for them"
    ]


def test_a_department_without_labels_is_refused(database: Database) -> None:
    preview = exchange.preview(database, [("a.txt", b"fever\ncough\n")], "lines", department="A")
    assert messages(preview) == [
        "the files bring no labels for the new department; name its labels or take existing ones"
    ]


def test_all_or_nothing_when_the_store_changes_after_the_preview(database: Database) -> None:
    files = notes(line("1", department="A", entities=[SPAN]), line("2", department="B", entities=[SPAN]))
    preview = exchange.preview(database, files, "jsonl")
    imported(database, notes(line("2", entities=[SPAN])), department="B")
    with pytest.raises(DataError, match="a department 'B' already"):
        importing.commit(database, preview, "local")
    assert [holding.department.name for holding in holdings(database)] == ["B"]
    assert count(database, RecordRow) == 1


def test_overlaps_and_torn_patients_are_warned_of_and_kept(database: Database) -> None:
    inner = {"start": 2, "end": 4, "label": "Problem"}
    files = notes(
        line("1", patient="p1", split="train", entities=[SPAN, inner]),
        line("2", patient="p1", split="dev", entities=[]),
    )
    preview = exchange.preview(database, files, "jsonl", department="A")
    assert preview.warnings == (
        "A: spans that overlap others: 1. All are kept; training uses the longest.",
        "A: patients both in training and in dev or test: 1, such as p1.",
    )
    importing.commit(database, preview, "local")
    assert count(database, Span) == 2
    made = outgoing.export(database, holdings(database)[0].department.department_id, "conll")
    assert made.lost["spans left out or moved to the edges of words"] == 1


def test_splits_file(database: Database) -> None:
    places = {"1": {"department": "A", "split": "test"}, "2": {"split": "dev"}, "9": {"split": "dev"}}
    splits = ("splits.json", json.dumps(places).encode())
    files = notes(line("1", entities=[SPAN]), line("2", department="B"))
    preview = exchange.preview(database, files, "jsonl", splits=splits)
    assert [(part.name, part.splits) for part in preview.departments] == [("A", {"test": 1}), ("B", {"dev": 1})]
    assert "Entries of the splits file for records that are in none of the files: 1." in preview.warnings
    conflict = exchange.preview(database, notes(line("1", split="dev", entities=[SPAN])), "jsonl", splits=splits)
    assert messages(conflict) == ["notes.jsonl, line 1: the split of '1' is 'dev' here and 'test' in the splits file"]


def test_a_wrong_splits_file_is_an_error(database: Database) -> None:
    splits = ("splits.json", b"[]")
    preview = exchange.preview(database, notes(line("1", entities=[SPAN])), "jsonl", department="A", splits=splits)
    assert messages(preview)[0].startswith("splits.json: expected")


def test_a_patient_of_the_store_keeps_the_split(database: Database) -> None:
    imported(database, notes(line("1", patient="p1", split="test", entities=[SPAN])), department="A")
    preview = exchange.preview(database, notes(line("2", patient="p1")), "jsonl", department="A")
    assert preview.departments[0].splits == {"test": 1}


def test_chinese_text_gets_chinese_tokens(database: Database) -> None:
    preview = exchange.preview(
        database, [("a.txt", "患者发热。\n无 CT 异常\n".encode())], "lines", department="A", labels=["病"]
    )
    assert preview.departments[0].scheme == "chinese"


def test_jsonl_out_and_in_again_is_identity(database: Database) -> None:
    overlapping = [SPAN, {"start": 2, "end": 7, "label": "Problem"}]
    files = notes(
        line("1", "fever\r\n\u2028 הלב", split="dev", patient="p", entities=overlapping),
        line("2", "x-ray now", split="pool", tokens=[[0, 5], [6, 9]], sentence_starts=[0, 1], entities=[]),
        line("3", split="train"),
    )
    imported(database, files, department="A", labels=["Problem"])
    items = read_again(database, "A", "jsonl")
    assert [item.entities for item in items] == [record.entities for record in records_in("jsonl", *files)]
    renamed = [
        (name, data.replace(b'"department": "A"', b'"department": "B"')) for name, data in written("jsonl", items)
    ]
    imported(database, renamed, label_set="A")
    again = read_again(database, "B", "jsonl")
    assert [(r.id, r.text, r.entities, r.split, r.patient, r.tokens, r.sentence_starts) for r in again] == [
        (r.id, r.text, r.entities, r.split, r.patient, r.tokens, r.sentence_starts) for r in items
    ]
    assert items[1].tokens == ((0, 5), (6, 9)) and items[0].tokens is None and items[2].entities is None


def test_conll_out_and_in_again_is_identity(database: Database) -> None:
    first = b"# doc = 1\n# split = dev\n# patient = p\nL5\tB-Problem\nlesion\tI-Problem\n\nno\tO\n\n"
    data = first + b"# doc = 2\n# split = pool\nx\n\n"
    imported(database, [("a.conll", data)], "conll", department="A")
    department = holdings(database)[0].department.department_id
    made = outgoing.export(database, department, "conll")
    assert made.name == "A.conll" and made.data == data.replace(b"# split", b"# department = A\n# split")


def test_plain_text_cannot_be_exported(database: Database) -> None:
    imported(database, notes(line("1", entities=[SPAN])), department="A")
    with pytest.raises(DataError, match="cannot hold labels"):
        outgoing.export(database, holdings(database)[0].department.department_id, "lines")


@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not beside this project")
def test_a_real_corpus_with_its_splits(database: Database) -> None:
    folder = CORPORA / "es_clinical4"
    splits = ("splits.json", (folder / "splits.json").read_bytes())
    imported(database, [("records.jsonl", (folder / "records.jsonl").read_bytes())], splits=splits)
    stored = {h.department.name: {k: v.records for k, v in h.department.splits.items()} for h in holdings(database)}
    assert stored["C"] == {"train": 52, "dev": 11, "test": 11} and stored["R"] == {"train": 23, "dev": 6, "test": 9}
    given = {record.id: record for record in records_in("jsonl", ("x", (folder / "records.jsonl").read_bytes()))}
    for record in read_again(database, "R", "jsonl"):
        assert (record.text, record.entities) == (given[record.id].text, given[record.id].entities)


def test_the_demonstration_is_imported_once(database: Database) -> None:
    assert demo.ensure_demo(database)
    assert not demo.ensure_demo(database)
    found = holdings(database)
    assert {h.department.name for h in found} == {"Cardiology", "Respiratory", "Neurology", "Gastroenterology"}
    assert all(h.department.generated and set(h.labels) == {"Problem", "Test", "Treatment"} for h in found)
    assert len(label_sets(database)) == 1


def test_the_demonstration_leaves_a_used_database_alone(database: Database) -> None:
    imported(database, notes(line("1", entities=[SPAN])), department="A")
    assert not demo.ensure_demo(database)
    assert count(database, RecordRow) == 1


def test_two_processes_that_start_at_once_import_the_demonstration_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = importing.commit

    def beaten(*arguments: Any, **more: Any) -> int:
        """The other process writes between our look at the database and our write."""
        monkeypatch.setattr(importing, "commit", commit)
        assert demo.ensure_demo(database)
        return commit(*arguments, **more)

    monkeypatch.setattr(importing, "commit", beaten)
    assert not demo.ensure_demo(database)
    assert len(holdings(database)) == 4


def test_queue_order_is_the_order_of_the_files(database: Database) -> None:
    imported(database, notes(*(line(f"n{i}", split="pool") for i in range(5))), department="A", labels=["P"])
    with database.reading() as session:
        rows = records.of_department(session, holdings(database)[0].department.department_id)
    assert [row.external_id for row in rows] == [f"n{i}" for i in range(5)]
