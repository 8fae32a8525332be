"""Suggestions from rules and propagated mentions beside a model's; what was rejected stays away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.records import Record
from ladtl_core.text import tokenize
from workbench.services import labelling, suggesting
from workbench.services.labelling import Edit, Verdict
from workbench.store import departments, records
from workbench.store.annotations import SpanData
from workbench.store.database import Database
from workbench.store.models import Rule

TEXTS = ("🫁 Chest  pain at night.", "No chest\r\npain today; chestpain.", "Chest film clear.", "chest pain on dev")


def rule(kind: str, text: str, label: int = 1) -> Rule:
    return Rule(kind=kind, text=text, label_id=label)


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    """Records r0 to r2 of the pool and a dev record, by name."""
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Test"))
        items = [Record(f"r{i}", text, split="dev" if i == 3 else "pool") for i, text in enumerate(TEXTS)]
        records.add(session, department.id, items, "local")
        return records.ids(session, department.id)


def test_a_mention_is_suggested_in_the_other_records(database: Database, ids: dict[str, int]) -> None:
    start = TEXTS[0].index("Chest")
    assert suggesting.propagate(database, ids["r0"], start, start + 11, 1, "ana") == 1
    [found] = labelling.open_record(database, ids["r1"], "ana")["suggestions"]
    assert TEXTS[1][found["start"] : found["end"]] == "chest\r\npain"
    assert (found["origin"], found["model"], found["confidence"], found["label"]) == ("propagated", None, None, 1)
    assert labelling.open_record(database, ids["r3"], "ana")["suggestions"] == []  # dev, not submitted yet
    # The same words with another label take the place of the first.
    suggesting.propagate(database, ids["r0"], start, start + 11, 2, "ana")
    assert [one["label"] for one in labelling.open_record(database, ids["r1"], "ana")["suggestions"]] == [2]


def test_part_of_a_word_is_not_propagated(database: Database, ids: dict[str, int]) -> None:
    with pytest.raises(DataError, match="does not begin and end with a word"):
        suggesting.propagate(database, ids["r0"], 3, 7, 1, "ana")


def test_a_rejection_is_never_offered_again_by_anyone(database: Database, ids: dict[str, int]) -> None:
    start = TEXTS[0].index("Chest")
    suggesting.propagate(database, ids["r0"], start, start + 11, 1, "ana")
    [found] = labelling.open_record(database, ids["r1"], "ana")["suggestions"]
    verdict = Verdict(None, found["start"], found["end"], 1, "rejected", "propagated")
    labelling.save(database, ids["r1"], "ana", Edit(0, "draft", [], [verdict]))
    suggesting.add_rule(database, 1, "term", "chest pain", "Problem", "ana")  # another source of the same
    view = labelling.open_record(database, ids["r1"], "ana")
    assert view["rejected"] == [0] and len(view["suggestions"]) == 1
    assert labelling.open_record(database, ids["r1"], "ben")["rejected"] == []


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (Verdict(None, 0, 99, 1, "rejected", "rule"), "outside the text"),
        (Verdict(None, 0, 2, 9, "rejected", "rule"), "label set lacks it"),
        (Verdict(None, 0, 2, 1, "rejected", "guess"), "origin is 'guess'"),
    ],
)
def test_a_verdict_on_nothing_is_refused(
    database: Database, ids: dict[str, int], verdict: Verdict, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        labelling.save(database, ids["r1"], "ana", Edit(0, "draft", [SpanData("a", 0, 2, 1)], [verdict]))
    assert labelling.open_record(database, ids["r1"], "ana")["revision"] == 0


def test_rules_are_checked_and_removed(database: Database, ids: dict[str, int]) -> None:
    for kind, text, message in (
        ("pattern", "(", "cannot be read"),
        ("term", " ", "needs the words"),
        ("x", "y", "kind"),
    ):
        with pytest.raises(DataError, match=message):
            suggesting.add_rule(database, 1, kind, text, "Problem", "ana")
    suggesting.add_rule(database, 1, "pattern", r"\bnight", "Test", "ana")
    assert len(labelling.open_record(database, ids["r0"], "ana")["suggestions"]) == 1
    [found] = suggesting.rules_of(database, 1)
    suggesting.remove_rule(database, 1, found["id"])
    assert labelling.open_record(database, ids["r0"], "ana")["suggestions"] == []


def test_a_rule_is_tried_on_labelled_records(database: Database, ids: dict[str, int]) -> None:
    suggesting.add_rule(database, 1, "term", "chest", "Problem", "ana")
    start = TEXTS[0].index("Chest")
    spans = {"r0": SpanData("a", start, start + 5, 1), "r2": SpanData("b", 0, 5, 2)}
    for name, span in spans.items():
        labelling.save(database, ids[name], "ana", Edit(0, "submitted", [span], []))
    [trial] = suggesting.try_rules(database, 1).values()
    assert [place[:3] for place in trial.places[True]] == [("r0", "🫁 ", "Chest")]
    assert trial.places[False] == [("r2", "", "Chest", " film clear.")]  # r1 is not submitted


@given(st.text(max_size=30), st.text("ab 𝟗é\u0301🫁.", min_size=1, max_size=6), st.text(max_size=30))
def test_every_whole_mention_is_found_at_its_offsets(before: str, mention: str, after: str) -> None:
    mention = mention.strip()
    text = f"{before} {mention} {after}"
    tokens = tokenize(text)[0]
    start = len(before) + 1
    found = suggesting.matches(text, tokens, [rule("term", mention)])
    whole = start in {a for a, _ in tokens} and start + len(mention) in {b for _, b in tokens}
    if mention and whole and mention.casefold() not in before.casefold():
        assert (start, start + len(mention)) in {(one["start"], one["end"]) for one in found}
    for one in found:
        assert text[one["start"] : one["end"]].split() and one["start"] in {a for a, _ in tokens}


def test_of_overlapping_suggestions_a_persons_own_comes_first() -> None:
    def one(start: int, end: int, origin: str) -> suggesting.Suggestion:
        return {"start": start, "end": end, "label": 1, "origin": origin}

    model, mention, apart = one(0, 10, "model"), one(5, 12, "propagated"), one(20, 22, "model")
    assert suggesting.offered([model, mention, apart], set()) == [mention, apart]
    assert suggesting.offered([model, mention, apart], {(5, 12, 1)}) == [model, mention, apart]
