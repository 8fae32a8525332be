"""Checked values of parsed JSON: what several formats need to tell a person which key is wrong, and how."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, TypeVar

from ladtl_core.errors import DataError

# Allowed unescaped in JSON, but other programs take them for the end of a line.
_LINE_SEPARATORS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})

T = TypeVar("T")


def line_of(values: dict[str, Any]) -> str:
    """The object as one line of JSON."""
    return json.dumps(values, ensure_ascii=False).translate(_LINE_SEPARATORS) + "\n"


def object_of(line: str) -> dict[str, Any]:
    """The JSON object that a line is. Raises DataError with a column."""
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"this is not JSON: {error.msg}", column=error.colno) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise DataError(f"this is not JSON of ours: {error}", column=1) from None
    if not isinstance(values, dict):
        message = f"expected a JSON object on every line, {{...}}; this line is a {kind(values)}"
        raise DataError(message, column=1)
    return values


def column_of(line: str, key: str | None) -> int:
    """Where a key of an object stands in its line, from 1; 1 if it is not there."""
    found = re.search(rf'(?<!\\)"{re.escape(key)}"\s*:', line) if key else None
    return found.start() + 1 if found else 1


def optional_list(values: dict[str, Any], key: str, item: Callable[[Any], T]) -> tuple[T, ...] | None:
    """The items of a list, each made by `item`; None where the key is absent or null."""
    value = values.get(key)
    if value is None:
        return None
    if not isinstance(value, list):
        raise DataError(f"{key} is a {kind(value)}; expected a list", field=key)
    try:
        return tuple(map(item, value))
    except DataError as error:
        raise DataError(error.message, field=key) from None


def optional_string(values: dict[str, Any], key: str) -> str | None:
    return None if values.get(key) is None else string(key, values[key])


def identifier(value: Any) -> str:
    """An id that may be written as a whole number."""
    return string("id", str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def string(what: str, value: Any) -> str:
    if not isinstance(value, str):
        found = "missing" if value is None else "a " + kind(value)
        raise DataError(f"{what} is {found}; expected text", field=what)
    return value


def whole(what: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        found = "missing" if value is None else json.dumps(value)[:40]
        raise DataError(f"{what} is {found}; expected a whole number")
    return value


def optional_number(what: str, value: Any) -> float | None:
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise DataError(f"{what} is {json.dumps(value)[:40]}; expected a number")
    return float(value)


def kind(value: Any) -> str:
    """What a parsed value is, in words."""
    names = {dict: "JSON object", list: "list", str: "text", bool: "true or false", int: "number", float: "number"}
    return names.get(type(value), "null")
