"""Whatever is handed over: taken whole or refused in words. The same cases as `python -m benchmarks hostile`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import hostile, hostile_files, hostile_services
from benchmarks.hostile import READERS, Part, in_process, one, parts, report
from benchmarks.hostile_files import Reader
from ladtl_core.errors import DataError
from ladtl_core.vectors import read_vectors
from tests.core.test_formats_hostile import EXAMPLES
from workbench.web import routes

SLOW = {name for name, reader in READERS.items() if reader.share < 1}
OTHERS = [name for name in READERS if not name.startswith("format ")]  # tests/core/test_formats_hostile.py has those


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADTL_HOME", str(folder))
        patch.delenv("LADTL_DATABASE_URL", raising=False)
        patch.setattr(routes, "AWAITED_SAVE_SECONDS", 0.0)  # an edit ahead of its record is refused at once
        yield folder
        if hostile_services.installation.cache_info().currsize:
            hostile_services.installation().close()
            hostile_services.installation.cache_clear()


@pytest.mark.parametrize("reader", OTHERS)
def test_taken_or_refused_in_words(reader: str, home: Path) -> None:
    @settings(
        deadline=None,
        max_examples=max(5, EXAMPLES // 8) if reader in SLOW else EXAMPLES // 2,
        suppress_health_check=list(HealthCheck),
    )
    @given(random=st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hostile, "Random", lambda name: random)
            one(reader, 0, home)

    check()


@pytest.mark.parametrize("reader", READERS)
def test_some_cases_are_taken_and_some_refused(reader: str, home: Path) -> None:
    """Else the cases would reach nothing behind the first check."""
    if reader == "headers and tokens":
        pytest.skip("a spoiled token is never taken")
    outcomes = set[bool]()
    for number in range(600):
        outcomes.add(one(reader, number, home))
        if len(outcomes) == 2:
            return
    raise AssertionError(f"all cases: {outcomes}")


def test_crashes_ends_and_hangs_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(number: int, folder: Path) -> bool:
        if number == 1:
            raise KeyError("a fault")
        if number == 2:
            raise DataError("refused in words")
        while number == 3:
            pass
        return True

    monkeypatch.setattr(hostile, "SECONDS", 0.2)
    monkeypatch.setattr(hostile, "Random", lambda name: int(name.rpartition(" ")[2]))
    monkeypatch.setitem(READERS, "x", Reader(lambda number: number, read))
    found = in_process(Part("x", 0, 5))
    assert (found.accepted, found.refused, len(found.crashes)) == (2, 1, 2)
    assert "KeyError: 'a fault'" in found.crashes[0] and "TimeoutError" in found.crashes[1]
    assert "| x | 5 | 2 | 1 | 2 |" in report([found])
    monkeypatch.setitem(READERS, "x", Reader(lambda number: number, lambda number, folder: os._exit(9)))
    assert "the process died (9)" in in_process(Part("x", 0, 5)).crashes[0]


def test_the_shares_add_up() -> None:
    found = list(parts(100_000))
    assert sum(part.cases for part in found) == pytest.approx(100_000, abs=len(READERS))
    assert {part.reader for part in found} == set(READERS)
    assert len({(part.reader, part.first) for part in found}) == len(found)


@pytest.mark.parametrize("header", ["99999999999 300", "1000000 1000000", "9" * 30 + " 3", "3 99999999999999", "1 -5"])
def test_word_vectors_take_no_memory_for_what_a_header_says(header: str, tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text(f"{header}\nfever 1 2 3\n")
    with pytest.raises(DataError, match=r"cannot be read as word vectors|begins like no file of word vectors"):
        read_vectors(path)


def test_a_fasttext_file_that_is_cut_off_ends(tmp_path: Path) -> None:
    path, whole = tmp_path / "v.bin", hostile_files._fasttext()
    path.write_bytes(whole)
    assert read_vectors(path).size == 2
    behind = 17 + 4 * 4  # the output matrix, which is not read
    for end in range(4, len(whole) - behind, 3):
        path.write_bytes(whole[:end])
        with pytest.raises(DataError, match="cannot be read as word vectors"):
            read_vectors(path)


def test_a_case_is_the_same_each_time() -> None:
    first, again = (READERS["splits file"].make(Random("splits file 7")) for _ in range(2))
    assert first == again
