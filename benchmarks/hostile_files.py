"""The readers of files that come from elsewhere, each with good input to spoil. `READERS` names them."""

from __future__ import annotations

import dataclasses
import json
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from safetensors.numpy import save

from benchmarks.hostile_bytes import NAMES, PIECES, json_bytes, spoiled, zipped
from ladtl_core.config import Config
from ladtl_core.errors import DataError
from ladtl_core.experiments.rows import checked_rows
from ladtl_core.formats import FORMATS, Located, in_memory
from ladtl_core.formats.scan import check_strings
from ladtl_core.received import shapes
from ladtl_core.records import Entity, Prediction, Record
from workbench.operations.archive import Manifest, reading, writing
from workbench.services import model_folder, model_import, research, uploads
from workbench.services.splits import read_splits

TABLE = Path(__file__).parents[1] / "docs" / "results" / "pairs.csv"
GOOD = (
    Record("n1", "Fever. 👩\u200d⚕️ sees L5  metastasis\r\nשלום 患者", (Entity(0, 5, "Problem"),), split="train"),
    Record("n2", "no finding", (), department="Ward", patient="p", predictions=(Prediction(3, 10, "Test", 0.5),)),
    Record("n3", "e\u0301\u0323 unlabelled", None),
)
TAGS: dict[str, tuple[str, ...]] = {"source": ("O", "B-P", "I-P"), "target": ("O", "B-P", "I-P")}


@dataclasses.dataclass(frozen=True)
class Reader:
    """`make` draws what is handed over; `read` says whether it was taken, and raises LadtlError where it is refused.

    `read` gets an empty folder. A reader with `share` 0.1 has a tenth of the cases of one with 1: it is slow.
    """

    make: Callable[[Random], Any]
    read: Callable[[Any, Path], bool]
    share: float = 1.0


def _files(key: str) -> Callable[[Random], list[tuple[str, bytes]]]:
    @cache
    def good() -> list[tuple[str, bytes]]:
        form = FORMATS[key]
        if form.write is None:
            return [("notes", b"fever O\n\ncough B-P\n")]
        pieces = list(form.write(GOOD))
        return pieces if form.folder else [("notes", b"".join(data for _, data in pieces))]

    def make(random: Random) -> list[tuple[str, bytes]]:
        files = list(good())
        place = random.randrange(len(files))
        name, data = files[place]
        files[place] = (random.choice(NAMES) if random.randrange(5) == 0 else name, spoiled(random, data))
        return files

    return make


def _scan(key: str) -> Callable[[list[tuple[str, bytes]], Path], bool]:
    def read(files: list[tuple[str, bytes]], folder: Path) -> bool:
        found = list(FORMATS[key].scan(in_memory(files)))
        for item in found:
            if isinstance(item, Located):
                check_strings(item.record)  # can be stored
            assert not isinstance(item, DataError) or item.message
        return not any(isinstance(item, DataError) for item in found)

    return read


def _upload(random: Random) -> list[tuple[str, bytes]]:
    inner = [(random.choice(NAMES), random.choice(PIECES)) for _ in range(random.randrange(1, 4))]
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    data = zipped(inner, method)
    return [("u.zip", spoiled(random, data) if random.randrange(2) else data), *inner[: random.randrange(2)]]


def _unpack(given: list[tuple[str, bytes]], folder: Path) -> bool:
    for name, _ in uploads.sorted_out(given).files:
        assert ".." not in name.split("/") and not name.startswith("/")
    return True


@cache
def _model() -> dict[str, bytes]:
    """The files of a small model, as one that is handed over."""
    model = {"word_size": 4, "char_size": 2, "char_filters": 2, "hidden_size": 2}
    config = Config.from_dict({"model": model})
    about = {"config": config.to_dict(), "vocabulary": {"words": ["fever"], "chars": ["f"]}, "tags": TAGS}
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes(config, 1, 1, TAGS).items()}
    files = {"model.json": json.dumps(about).encode(), "model.safetensors": save(tensors), "card.md": b"# m\n"}
    score = {"precision": 50.0, "recall": 50.0, "f1": 50.0, "support": 3}
    dev = {"overall": score, "per_label": {"P": score}, "confusion": {}, "interval": [1.0, 2.0], "records": 2}
    files["metrics.json"] = json.dumps({"dev": dev}).encode()
    part = {"name": "Ward"}
    spec = {"format": model_folder.FORMAT, "version": model_folder.VERSION, "trained": "2026-01-01"}
    spec |= {"code_version": "1", "sources": [part], "target": part}
    return files | {"spec.json": json.dumps(spec).encode()}


def _model_zip(random: Random) -> bytes:
    files = dict(_model())
    changed = random.choice(list(files))
    if changed.endswith(".json"):
        files[changed] = json_bytes(random, json.loads(files[changed]))
    else:
        files[changed] = spoiled(random, files[changed])
    try:
        spec = json.loads(files["spec.json"])
        spec["files"] = {name: model_folder.digest(files[name]) for name in model_folder.CHECKED}
        files["spec.json"] = json.dumps(spec).encode()  # the sums are right, so that the content is looked at
    except (ValueError, TypeError, RecursionError):
        pass
    named = [(random.choice(NAMES) if random.randrange(30) == 0 else f"m/{name}", data) for name, data in files.items()]
    data = zipped(named, zipfile.ZIP_STORED)
    return spoiled(random, data) if random.randrange(8) == 0 else data


def _model_in(data: bytes, folder: Path) -> bool:
    return bool(model_import.opened(model_folder.unzipped("m.zip", data), "m.zip").about.labels)


@cache
def _table() -> bytes:
    head, *rows = TABLE.read_bytes().split(b"\n")
    return b"\n".join([head, *rows[:4]]) + b"\n"


def _runs(data: bytes, folder: Path) -> bool:
    rows = checked_rows(data, "runs.csv")
    for name in research.VIEWS:
        with suppress(DataError):
            research.view(rows, name, (research.pairs_of(rows) or [">"])[0], "test")
    return True


def _splits(random: Random) -> bytes:
    return json_bytes(random, {"n1": {"department": "Ward", "split": "dev"}, "n2": {"split": "train"}})


def _settings(random: Random) -> bytes:
    return json_bytes(random, Config().to_dict())


def _configured(data: bytes, folder: Path) -> bool:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(str(error)) from None
    return bool(Config.from_dict(values).to_dict())


def _vectors(random: Random) -> bytes:
    rows = {"fever": (1.0, 0.0, 2.0), "mri": (0.5, 1.0, 0.0)}
    text = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in rows.items()).encode()
    binary = b"".join(f"{word} ".encode() + struct.pack("<3f", *row) + b"\n" for word, row in rows.items())
    return spoiled(random, random.choice((b"2 3\n" + text, text, b"2 3\n" + binary, _fasttext())))


@cache
def _fasttext() -> bytes:
    """A file as fastText writes it: header, dictionary of two words, matrix, output matrix."""
    data = struct.pack("<2i", 793712314, 12)
    data += struct.pack("<12id", 2, 5, 1, 1, 5, 1, 2, 1, 2, 1, 2, 1, 1e-4)
    data += struct.pack("<3iqq", 2, 2, 0, 4, -1)
    data += b"".join(word + b"\0" + struct.pack("<qb", 2, 0) for word in (b"fever", b"mri"))
    matrix = struct.pack("<?qq", False, 4, 2) + struct.pack("<8f", *range(8))
    return data + matrix + struct.pack("<?qq", False, 2, 2) + struct.pack("<4f", *range(4))


def _embed(data: bytes, folder: Path) -> bool:
    from ladtl_core.vectors import read_vectors  # loads gensim

    path = folder / "vectors"
    path.write_bytes(data)
    vectors = read_vectors(path)
    return vectors.size > 0 and vectors.of("fever") is not None


@cache
def _checkpoint() -> bytes:
    return save({"tagger.w": np.zeros((2, 3), np.float32)}, {"about": json.dumps({"fingerprint": "x", "state": {}})})


def _resume(data: bytes, folder: Path) -> bool:
    from ladtl_core.checkpoint import load  # loads torch

    (folder / "c.safetensors").write_bytes(data)
    return load(folder / "c.safetensors") is not None


def _backup(random: Random) -> bytes:
    return spoiled(random, _archive())


@cache
def _archive() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b.zip"
        with writing(path, Manifest("2026-01-01", "1", "v0001")) as target:
            target.table("record", [{"id": 1, "text": "fever"}])
        return path.read_bytes()


def _verify(data: bytes, folder: Path) -> bool:
    (folder / "b.zip").write_bytes(data)
    with reading(folder / "b.zip") as archive:
        archive.check()
        return all(len(list(archive.rows(name))) >= 0 for name in archive.manifest.tables)


READERS: dict[str, Reader] = {
    **{
        f"format {key}": Reader(_files(key), _scan(key), 0.05 if key == "xmi" else 1.0)
        for key, form in FORMATS.items()
        if form.available
    },
    "zip of an upload": Reader(_upload, _unpack),
    "splits file": Reader(_splits, lambda data, folder: bool(read_splits(data, "s.json"))),
    "table of runs": Reader(lambda random: spoiled(random, _table()), _runs, 0.5),
    "settings": Reader(_settings, _configured),
    "model folder": Reader(_model_zip, _model_in),
    "word vectors": Reader(_vectors, _embed),
    "checkpoint": Reader(lambda random: spoiled(random, _checkpoint()), _resume),
    "backup": Reader(_backup, _verify),
}
