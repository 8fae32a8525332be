"""What people type and what a database or Markdown could take for more than words, on SQLite and PostgreSQL."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.records import Record
from workbench.components.plain import plain
from workbench.components.standalone import standalone
from workbench.services import label_sets, queueing, suggesting
from workbench.services.queueing import Wanted
from workbench.store import departments, records
from workbench.store.database import Database

ROOT = Path(__file__).parents[2]
# What turns bytes into code. `eval` as a method is torch's; a module's own name is looked at below.
MODULES = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"}
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {
    ("torch", "load"),
    ("np", "load"),
    ("numpy", "load"),
    ("os", "system"),
    ("yaml", "load"),
    ("pd", "read_pickle"),
}


@pytest.fixture
def ward(database: Database) -> int:
    with database.session() as session:
        made = departments.create(session, "Ward", "set", ("Problem",))
        texts = ["100% fever", "a_b cough", "it's O'Brien", "back\\slash"]
        records.add(session, made.id, [Record(f"n{i}", text, split="pool") for i, text in enumerate(texts)], "local")
        return made.id


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("' OR 1=1 --", 0),
        ("'; DROP TABLE record; --", 0),
        ("%", 1),
        ("_", 1),
        ("O'B", 1),
        ("k\\s", 1),
        ("\0", 0),
        ('" OR ""="', 0),
    ],
)
def test_what_is_searched_for_is_words_and_never_sql(database: Database, ward: int, words: str, found: int) -> None:
    assert len(queueing.queue(database, ward, "local", False, Wanted(words=words))) == found
    assert len(queueing.queue(database, ward, "local", False, Wanted(authors=(words,)))) == 0
    assert len(queueing.queue(database, ward, "local", False)) == 4


def test_what_no_database_can_store_is_refused_in_words(database: Database, ward: int) -> None:
    with pytest.raises(DataError, match="the rule has"):
        suggesting.add_rule(database, ward, "term", "a\0b", "Problem", "local")
    [found] = label_sets.label_sets(database)
    with pytest.raises(DataError, match="the guideline has"):
        label_sets.write_guidelines(database, found.label_set_id, "a\0b", {}, "local")
    with pytest.raises(DataError, match=r"the name|the label"):
        label_sets.add_label(database, found.label_set_id, "a\0b", "local")


def test_nothing_is_unpickled_or_evaluated() -> None:
    for path in [*ROOT.glob("ladtl_core/**/*.py"), *ROOT.glob("workbench/**/*.py"), ROOT / "streamlit_app.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not MODULES & {name.split(".")[0] for name in names}, place
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in CALLS, place
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                assert (of, node.func.attr) not in METHODS, place
            if isinstance(node, ast.keyword):
                assert node.arg not in ("allow_pickle", "shell"), place


def test_what_pages_say_of_errors_and_names_is_plain() -> None:
    """An error quotes names; shown as Markdown, one could be a picture or a link."""
    for path in ROOT.glob("workbench/pages/*.py"):
        source = path.read_text(encoding="utf-8")
        assert not re.findall(r"st\.(?:error|warning|info|success)\((?:str\()?(?:error|message|said|refused)\b", source)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![m](http://e.example/m.png)", "!\\[m\\](http:\u2060//e.example/m.png)"),
        ("a_b *c* `d` <b> $x$", r"a\_b \*c\* \`d\` \<b\> \$x\$"),
        (":red[x] :smile: :material/delete:", "\\:red\\[x\\] :\u2060smile: :\u2060material/delete:"),
        ("from\u202eback\u2069", "from\u2039U+202E\u203aback\u2039U+2069\u203a"),
        ("www.e.example, a@b.c", "www\u2060.e.example, a@\u2060b.c"),
        ("# head", r"\# head"),
        ("Imported 3 records into Ward 1: done.", "Imported 3 records into Ward 1: done."),
    ],
)
def test_markdown_is_escaped(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text(alphabet="ab1 :*_[]<>$~&@|`{}#+-=.\n", max_size=40))
def test_nothing_is_lost_by_escaping(text: str) -> None:
    assert plain(text).replace("\\", "").replace("\u2060", "") == text


def test_a_chart_as_a_file_has_no_link_and_no_script_of_a_name() -> None:
    name = "<a href='http://e.example'>x</a></script><script>hurt()</script>"
    made = standalone(
        {"data": [{"type": "bar", "x": [name], "y": [1], "name": name}], "layout": {"title": {"text": name}}}
    )
    assert "e.example" in made
    assert "<a href='http://e.example" not in made and "<script>hurt" not in made
