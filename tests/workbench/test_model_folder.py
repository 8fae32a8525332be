"""Archives and folders that somebody hands over: a model's five files or a sentence, and nothing outside is touched."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from workbench.services import model_folder
from workbench.services.model_folder import NAMES

WHOLE = {name: name.encode() for name in NAMES}


def packed(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize("top", ["", "model/", "A folder/"])
def test_a_zip_made_by_hand_is_read(top: str) -> None:
    rest = [("__MACOSX/x", b""), (f"{top}.DS_Store", b"")]
    assert model_folder.unzipped("m.zip", packed(*((top + n, d) for n, d in WHOLE.items()), *rest)) == WHOLE


@pytest.mark.parametrize(
    "name",
    [
        *("../spec.json", "/spec.json", "/etc/spec.json", "a/../spec.json", "..\\spec.json", "C:\\x\\spec.json"),
        *("a/b/spec.json", "model.pkl", "model.safetensors.py", "run.sh", ".", "spec.json/x", "./../spec.json"),
    ],
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"no file of a model|cannot be unpacked"):
        model_folder.unzipped("m.zip", packed(*WHOLE.items(), (name, b"x")))


def test_an_entry_without_a_name_is_refused() -> None:
    entry = zipfile.ZipInfo("x")
    entry.filename = ""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(entry, b"x")
    with pytest.raises(DataError, match="no file of a model"):
        model_folder.unzipped("m.zip", made.getvalue())


def test_two_folders_or_two_files_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="no file of a model"):
        model_folder.unzipped("m.zip", packed(("a/spec.json", b""), ("b/card.md", b"")))
    with pytest.warns(UserWarning, match="Duplicate"), pytest.raises(DataError, match="two files of one name"):
        model_folder.unzipped("m.zip", packed(("spec.json", b"1"), ("spec.json", b"2")))


def test_a_bomb_is_refused_by_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_folder, "MOST_BYTES", 10_000)
    with pytest.raises(DataError, match="at most 10,000"):
        model_folder.unzipped("m.zip", packed(("model.safetensors", bytes(10_001))))


def test_a_bomb_that_lies_is_never_unpacked_further_than_it_says() -> None:
    given = bytearray(packed(("model.safetensors", bytes(50_000_000))))
    place = given.rindex(b"PK\x01\x02")
    struct.pack_into("<I", given, place + 24, 10)  # its size, in the directory of the zip
    with pytest.raises(DataError, match="cannot be unpacked: Bad CRC-32"):
        model_folder.unzipped("m.zip", bytes(given))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_to_pack_without_a_limit_are_refused(method: int) -> None:
    with pytest.raises(DataError, match="stored and deflated"):
        model_folder.unzipped("m.zip", packed(("spec.json", b"x"), method=method))


GOOD = packed(*WHOLE.items())


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=40))
def test_a_damaged_zip_is_a_sentence_or_the_same_files(at: int, noise: bytes) -> None:
    try:
        found = model_folder.unzipped("m.zip", GOOD[:at] + noise + GOOD[at + len(noise) :])
    except DataError:
        return
    assert set(found) <= set(NAMES) and all(found[name] == WHOLE[name] for name in found)


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    model_folder.write(tmp_path / "model", WHOLE)
    assert model_folder.read(tmp_path / "model") == WHOLE
    (tmp_path / "model" / "card.md").unlink()
    (tmp_path / "model" / "card.md").symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match="no plain file"):
        model_folder.read(tmp_path / "model")
    with pytest.raises(DataError, match="cannot be read"):
        model_folder.read(tmp_path / "nowhere")
    with pytest.raises(DataError, match="cannot be unpacked"):
        model_folder.read(tmp_path / "secret")


def test_writing_leaves_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    with pytest.raises(DataError, match="cannot be written"):
        model_folder.write(tmp_path / "full", WHOLE)
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "mine"]
