"""Formats whose package loads torch, which this process never does: read and written by the command line beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from ladtl_core import formats
from ladtl_core.errors import DataError
from ladtl_core.formats import Found, Remark, jsonl
from ladtl_core.records import Record
from workbench.store.paths import PROJECT

FORMATS = ("docbin",)  # spaCy's thinc imports torch wherever it is installed


def scan(files: Sequence[tuple[str, bytes]], format: str) -> Iterator[Found]:
    """What `FORMATS[format].scan` finds, up to the first error of each file."""
    for name, data in files:
        with TemporaryDirectory() as folder:
            given, made = Path(folder) / "given" / PurePath(name).name, Path(folder) / "made"
            given.parent.mkdir()
            given.write_bytes(data)
            try:
                told = _convert(given, made, format, "jsonl")
            except DataError as error:
                yield error  # it names the file
                continue
            marked = f"{given.name}: "
            yield from (Remark(line.removeprefix(marked), name) for line in told if line.startswith(marked))
            yield from formats.FORMATS["jsonl"].scan(formats.in_memory([(name, made.read_bytes())]))


def write(records: Iterable[Record], format: str) -> bytes:
    """The file that `FORMATS[format].write` writes. Raises DataError."""
    with TemporaryDirectory() as folder:
        given, made = Path(folder) / "given", Path(folder) / "made"
        with given.open("w", encoding="utf-8", newline="") as file:
            file.writelines(jsonl.write(records))
        _convert(given, made, "jsonl", format)
        return made.read_bytes()


def _convert(given: Path, made: Path, source: str, target: str) -> list[str]:
    """What `convert` said, a line each. Raises DataError with its error."""
    command = [sys.executable, "-m", "ladtl_core", "convert", str(given), str(made), "--from", source, "--to", target]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=PROJECT, check=False)
    told = done.stderr.splitlines()
    if done.returncode:
        raise DataError((told or ["the conversion ended without a word"])[-1].removeprefix("error: "))
    return told
