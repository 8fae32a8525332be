"""The table of finished runs as a file: a row a run with all that repeats it and the counts of its test documents."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path

from ladtl_core.config import Config
from ladtl_core.errors import DataError, LadtlError
from ladtl_core.experiments.plans import Row, spec_of

COLUMNS = (
    "key", "source", "target", "method", "rate", "seed", "alpha", "beta", "epsilon", "dev_f1", "test_f1",
    "best_epoch", "steps", "seconds", "data", "version", "torch", "processor", "config", "test_counts",
)  # fmt: skip
_NEWER = {"processor"}  # older tables lack it
_NUMBERS = ("rate", "seed", "alpha", "beta", "epsilon")
_SCORES = ("dev_f1", "test_f1")


def read_rows(path: Path) -> list[Row]:
    """All rows of a table of runs."""
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Replace a table of runs in one step."""
    new = path.with_name(path.name + ".new")
    with new.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(new, path)


def is_whole(row: Row) -> bool:
    """Whether the row was written to its end."""
    return None not in row.values() and row["test_counts"].endswith("]]")


def checked_rows(data: bytes, name: str) -> list[Row]:
    """The rows of a file that a person hands over. Raises DataError with file and line for what is no table of runs."""
    try:
        text = data.decode("utf-8-sig")
        reader = csv.DictReader(StringIO(text, newline=""), strict=True)
        return _checked(reader, reader.fieldnames or (), name)
    except UnicodeDecodeError:
        raise DataError("this is not UTF-8; expected a table of runs (CSV)", file=name) from None
    except csv.Error as error:
        raise DataError(f"this is not CSV: {error}", file=name) from None


def _checked(reader: csv.DictReader[str], found: Sequence[str], name: str) -> list[Row]:
    if missing := [column for column in COLUMNS if column not in {*found, *_NEWER}]:
        message = f"the columns {', '.join(missing)} are missing; expected the table that `experiment` writes"
        raise DataError(message, file=name, line=1)
    rows = []
    for row in reader:
        try:
            if None in row or None in row.values():
                raise DataError(f"the row has not {len(found)} cells as the first line has")
            _check(row)
        except DataError as error:
            raise error.at(name, reader.line_num) from None
        rows.append({column: row.get(column, "") for column in COLUMNS} | {"key": spec_of(row).key(row["data"])})
    if not rows:
        raise DataError("the table has no run", file=name)
    return rows


def _check(row: Row) -> None:
    scores = [column for column in _SCORES if row[column]]
    if not scores:
        raise DataError("the row has neither dev_f1 nor test_f1; expected one of them at least", field="dev_f1")
    for column in (*_NUMBERS, *scores):
        try:
            number = float(row[column])
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"{column} is {row[column]!r}; expected a number", field=column)
    if not row["target"] or not row["method"]:
        raise DataError("the row names no target or no method")
    try:
        Config.from_dict(json.loads(row["config"]))
        counts = json.loads(row["test_counts"])
    except (ValueError, LadtlError, RecursionError, TypeError, AttributeError) as error:
        raise DataError(f"config or test_counts cannot be read: {error}", field="config") from None
    if not isinstance(counts, list) or not all(_is_count(one) for one in counts):
        raise DataError("test_counts is no list of [correct, predicted, gold]", field="test_counts")


def _is_count(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(type(number) is int for number in value)
