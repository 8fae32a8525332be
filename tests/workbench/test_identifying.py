"""Names and dates of an import are shown first, and what a person has replaced never reaches the store."""

from __future__ import annotations

from typing import Any

from tests.workbench.test_page_data import button, lines, page, upload
from workbench.services import access, exchange, identifying, importing
from workbench.store import audit, records
from workbench.store.database import Database
from workbench.store.gold import gold

__all__ = ["page"]  # a fixture
TEXT = "García saw him on 12/05/2020 with fever; call 612 345 678."


def rows(*texts: str) -> bytes:
    return lines(
        *({"id": f"r{i}", "text": text, "department": "Ward",
           "entities": [{"start": text.index("fever"), "end": text.index("fever") + 5, "label": "Problem"}]}
          for i, text in enumerate(texts))
    )  # fmt: skip


def stored(database: Database) -> list[tuple[str, list[str]]]:
    """Texts of the only department, each with the words of its labels."""
    with database.reading() as session:
        found = gold(session, 1, ("pool", "train", "dev", "test"))
        return [(one.record.text, [one.record.text[e.start : e.end] for e in one.entities]) for one in found]


def test_what_is_accepted_is_replaced_and_the_labels_move(database: Database) -> None:
    preview = exchange.preview(database, [("a.jsonl", rows(TEXT, "no fever"))], "jsonl")
    heard: list[int] = []
    findings = identifying.look(preview, {"Ward": ["garcia"]}, heard.append)
    assert findings.kinds == {"date": 1, "name": 1, "phone": 1} and findings.records == 2 and heard == [1, 2]
    [name, date, phone] = findings.found
    assert (name.before, name.words, name.after[:4]) == ("", "García", " saw") and phone.words == "612 345 678"
    assert date.before.endswith("on ") and date.record_id == "r0" and date.labels == 0
    importing.commit(database, preview, "Ada", replacements=identifying.replacements([phone, name]))
    assert stored(database) == [
        ("[NAME] saw him on 12/05/2020 with fever; call [PHONE].", ["fever"]),
        ("no fever", ["fever"]),
    ]


def test_words_are_kept_for_a_department_but_not_in_the_audit_trail(database: Database) -> None:
    preview = exchange.preview(database, [("a.jsonl", rows("fever"))], "jsonl")
    importing.commit(database, preview, "Ada")
    words = identifying.parsed(" García \n\nMaría  José\nGarcía\n")
    assert words == ["García", "María José"]
    identifying.keep_words(database, {"Ward": words, "Gone": ["x"]}, "Ada")
    assert identifying.words_of(database, ["Ward", "New"]) == {"Ward": words, "New": []}
    with database.reading() as session:
        assert audit.entries(session)[0].detail == {"words": 2}


def test_on_the_page(page: Any) -> None:
    upload(page, ("a.jsonl", rows(TEXT)))
    assert "no proof that nothing is left" in " ".join(one.value for one in page.caption)
    [area] = page.text_area
    area.set_value("GARCIA").run()
    button(page, "Look for them").click().run()
    assert any("3 of 3 findings will be replaced" in one.value for one in page.caption)
    [kinds] = page.get("button_group") or page.pills
    kinds.set_value(["name", "date"]).run()
    assert any("2 of 3 findings will be replaced" in one.value for one in page.caption)
    button(page, "Import 1 record").click().run()
    assert not page.exception
    with access.database().reading() as session:
        [row] = records.of_department(session, 1)
        assert row.text == "[NAME] saw him on [DATE] with fever; call 612 345 678."
    assert identifying.words_of(access.database(), ["Ward"]) == {"Ward": ["GARCIA"]}
