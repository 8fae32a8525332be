"""Regular expressions run apart and in limits: one that would never end stops neither a record nor a trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ladtl_core.records import Record
from tests.workbench.pages_kit import page
from workbench.services import access, labelling, patterns, suggesting
from workbench.services.labelling import Edit
from workbench.services.patterns import ATTEMPTS
from workbench.store import departments, records
from workbench.store.annotations import SpanData
from workbench.store.database import Database

ENDLESS = "(a+)+$"
TRAP = "a" * 50 + "! L5"


def ward(database: Database, *texts: str) -> dict[str, int]:
    """Records r0, r1, ... of a department with an endless rule and a good one; their ids."""
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Test"))
        items = [Record(f"r{i}", text, split="pool") for i, text in enumerate(texts)]
        records.add(session, department.id, items, "local")
        ids = records.ids(session, department.id)
    for expression, label in ((ENDLESS, "Problem"), (r"\bL\d", "Test")):
        suggesting.add_rule(database, 1, "pattern", expression, label, "ana")
    return ids


def test_what_takes_too_long_is_told_and_the_others_match() -> None:
    assert patterns.find([ENDLESS, "L."], [TRAP, "🫁 aaa"]) == [
        {ENDLESS: None, "L.": [(52, 54)]},
        {ENDLESS: [(2, 5)], "L.": []},
    ]
    assert patterns.find([], ["a", "b"]) == [{}, {}] and patterns.find(["a"], []) == []


def test_after_some_attempts_it_is_left_alone() -> None:
    found = patterns.find([ENDLESS], [TRAP] * ATTEMPTS + ["aaa"])
    assert [spans[ENDLESS] for spans in found] == [None] * (ATTEMPTS + 1)
    assert patterns.find([ENDLESS], [*[TRAP] * (ATTEMPTS - 1), "aaa"])[-1] == {ENDLESS: [(0, 3)]}


@given(st.lists(st.text('ab 🫁漢\r\n\t"\\é\u0301\u2028', max_size=20), max_size=3))
@settings(max_examples=15, deadline=None)  # each starts a process
def test_offsets_are_code_points_whatever_the_text(texts: list[str]) -> None:
    found = patterns.find([r"\S+", "é"], texts)
    assert [[text[a:b] for a, b in spans[r"\S+"] or ()] for text, spans in zip(texts, found, strict=True)] == [
        [word for word in text.split()] for text in texts
    ]


def test_a_record_opens_and_says_which_rule_was_not_applied(database: Database) -> None:
    ids = ward(database, TRAP, "aaa")
    view = labelling.open_record(database, ids["r0"], "ana")
    assert view["slow"] == [ENDLESS]
    assert [(one["start"], one["origin"]) for one in view["suggestions"]] == [(52, "rule")]
    other = labelling.open_record(database, ids["r1"], "ana")
    assert other["slow"] == [] and len(other["suggestions"]) == 1


def test_a_trial_names_the_records_that_were_left_out(database: Database) -> None:
    ids = ward(database, TRAP, "aaa")
    for record_id in ids.values():
        labelling.save(database, record_id, "ana", Edit(0, "submitted", [SpanData("a", 0, 3, 1)], []))
    endless, good = suggesting.try_rules(database, 1).values()
    assert endless.slow == ["r0"] and endless.places[True] == [("r1", "", "aaa", "")]
    assert good.slow == [] and [place[2] for place in good.places[False]] == ["L5"]


def test_the_pages_say_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    database = access.database()
    ids = ward(database, TRAP)
    app = page("annotate")
    assert "take too long on this record" in app.warning[0].value and app.code[0].value == ENDLESS
    labelling.save(database, ids["r0"], "ana", Edit(0, "submitted", [], []))
    app.switch_page("pages/labels.py").run()
    next(button for button in app.button if button.label.startswith("Try them")).click().run()
    assert "Not applied to 1 record" in app.warning[0].value and "r0" in app.warning[0].value
    database.close()
