"""The commands `formats` and `convert` of the command line: what formats there are, and from one to another."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Files, Format, Remark, files_of
from ladtl_core.formats.files import recoded
from ladtl_core.records import Record

_PASSED = "records"


def formats(options: argparse.Namespace) -> None:
    """Print one JSON object a format."""
    for name, form in FORMATS.items():
        row = {
            "name": name,
            "reads": True,
            "writes": form.write is not None,
            "keeps_text": form.keeps_text,
            "overlaps": form.overlaps,
            "available": form.available,
        }
        print(json.dumps(row))


def convert(options: argparse.Namespace) -> None:
    """Read IN in one format and write OUT in another; say on stderr what was found out and what is not carried.

    Records go through one by one. OUT appears whole or not at all. Raises DataError at the first error of IN.
    """
    target, files = FORMATS[options.target], files_of(options.input, options.source)
    if options.encoding:
        files = recoded(files, options.encoding)
    passed: Counter[str] = Counter()
    records = _records(FORMATS[options.source], files, target, passed)
    write_whole(target, tqdm(records, unit=" records", file=sys.stderr, disable=None, leave=False), options.output)
    print(f"{options.output}: records: {passed.pop(_PASSED):,}", file=sys.stderr)
    for what, count in sorted(passed.items()):
        print(f"not carried by {options.target}: {what}: {count:,}", file=sys.stderr)


def _records(source: Format, files: Files, target: Format, passed: Counter[str]) -> Iterator[Record]:
    """The records; `passed` counts them, and what the target does not carry of them."""
    for found in source.scan(files):
        if isinstance(found, DataError):
            raise found
        if isinstance(found, Remark):
            tqdm.write(str(found), file=sys.stderr)
            continue
        passed[_PASSED] += 1
        passed.update(target.losses(found.record))
        yield found.record


def write_whole(target: Format, records: Iterable[Record], path: Path) -> None:
    """Write a file, or a new folder; under a name beside it until all is there. Raises DataError."""
    if target.write is None:
        raise DataError(f"{target.title} is only read, not written")
    if path.is_dir() and (not target.folder or any(path.iterdir())):
        expected = "an empty or a new folder" if target.folder else "a file"
        raise DataError(f"this folder exists; expected {expected}", file=str(path))
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if target.folder:
            draft.mkdir()
            for name, data in target.write(records):
                (draft / name).write_bytes(data)
        else:
            with draft.open("wb") as file:
                for _, data in target.write(records):
                    file.write(data)
        os.replace(draft, path)
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", file=str(path)) from None
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        draft.unlink(missing_ok=True)
