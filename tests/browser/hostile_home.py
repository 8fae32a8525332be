"""An installation in which everything that has a name has a hostile one, made through the services."""

from __future__ import annotations

from pathlib import Path

from ladtl_core.experiments.rows import COLUMNS, read_rows, write_rows
from ladtl_core.records import Entity, Prediction, Record
from tests.workbench.finished_kit import finish_training
from tests.workbench.test_comparison import scores
from workbench.services import comments, label_sets, labelling, people, research, suggesting
from workbench.services.access import LOCAL_USER
from workbench.store import departments, records
from workbench.store.database import Database

RUNS = Path(__file__).parents[2] / "docs" / "results" / "pairs.csv"
SCRIPT = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'
MARKS = (
    "![m](http://evil.example/m.png) [l](http://evil.example) [j](javascript:window.hurt=1) "
    "<a href='http://evil.example'>a</a> :red[r] :material/delete: :smile: :100: *b* $x$ $\\text{t}$ \U0001f480"
)
TURNED = "\u202eturned\u2066"  # neither ends
LONG = "W" * 120
DEPARTMENT, LABEL, SET = f"D{SCRIPT}{TURNED}", f"L{SCRIPT} {MARKS}", f"S{MARKS}{TURNED}"
PERSON, RECORD, TABLE, COMMENT = 'P<img src=x onerror="hurt=1">', f"R{SCRIPT}{MARKS}", f"T{MARKS}", f"C{SCRIPT}{MARKS}"
RULE, SOURCE, GUIDELINE = f"U{SCRIPT}", f"O{MARKS}{LONG}", f"G{SCRIPT} [j](javascript:window.hurt=1)"
TEXT = f"fever {SCRIPT} and {MARKS} {TURNED} cough {LONG}"


def fill(database: Database, home: Path) -> int:
    """The department with a label, two people, comments, rules, guidelines, a model; another; its id."""
    with database.session() as session:
        ids = [
            departments.create(session, name, set_, (LABEL, "Test")).id
            for name, set_ in ((SOURCE, f"{SET} of it"), (DEPARTMENT, SET))
        ]
        for one in ids:
            records.add(session, one, [_record(i) for i in range(4)], LOCAL_USER)
        labels = {label.name: label.id for label in departments.labels(session, ids[1])}
        of_department = list(records.ids(session, ids[1]).values())
        first_set = departments.get(session, ids[0]).label_set_id  # which page Labels opens
        guided = {label.id: GUIDELINE for label in departments.labels(session, ids[0]) if label.name == LABEL}
    person = people.add(database, PERSON)
    for who in (person, LOCAL_USER):
        _label(database, of_department[1], who, [labels["Test"]] if who == person else [])
    comments.add(database, of_department[0], person, {"text": COMMENT, "start": 0, "end": 5})
    label_sets.write_guidelines(database, first_set, GUIDELINE, guided, person)
    suggesting.add_rule(database, ids[0], "term", RULE, LABEL, person)
    _train(database, ids)
    rows = [{**row, "source": f"C{MARKS}", "target": "R"} for row in read_rows(RUNS) if row["source"]][:40]
    write_rows(home / "runs.csv", [{column: row[column] for column in COLUMNS} for row in rows])
    research.add_table(database, TABLE, (home / "runs.csv").read_bytes(), f"{MARKS}.csv", person)
    return ids[1]


def _record(number: int) -> Record:
    span = (Entity(0, 5, LABEL),) if number else None
    split = "pool" if number < 2 else "dev"
    return Record(f"{RECORD} {number}", TEXT, span, split=split, predictions=(Prediction(0, 5, LABEL, 0.5),))


def _label(database: Database, record_id: int, who: str, labels: list[int]) -> None:
    revision = labelling.open_record(database, record_id, who)["revision"]
    spans = [
        {"id": "s", "start": 0, "end": 5, "label": label, "origin": "manual", "confidence": None, "model": None}
        for label in labels
    ]
    body = {"base": revision, "status": "submitted", "spans": spans, "decisions": []}
    labelling.save(database, record_id, who, labelling.parse_edit(body))


def _train(database: Database, ids: list[int]) -> None:
    """Two finished trainings of the second department, and what their models say of its records."""
    dev = scores(**{LABEL: [[1, 1, 1], [1, 1, 1]], "Test": [[0, 0, 1], [0, 0, 1]]}).to_dict()
    span = {"start": 0, "end": 5, "label": LABEL, "confidence": 0.9}
    suggested = {_record(i).id: [span] for i in range(4)}
    for method in ("joint-training", "la-dtl"):
        gap = {f"B-{LABEL}": 0.1}
        finish_training(database, ids, method, gap=gap, dev=dev, suggested=suggested, selection=MARKS)
