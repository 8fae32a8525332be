"""Which records train and which are held back: as a file says, else at random."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.records import SPLITS, Record

DEV_SHARE = TEST_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Place:
    """What a splits file says of a record; None where it is silent."""

    department: str | None
    split: str | None


def read_splits(data: bytes, name: str) -> dict[str, Place]:
    """Places by record id from JSON: `{"n1": {"department": "Cardiology", "split": "dev"}, ...}`, each part optional.

    Raises DataError with the file, and the line where it is known.
    """
    try:
        values = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DataError(f"this is not JSON: {error.msg}", file=name, line=error.lineno) from None
    except (ValueError, RecursionError):
        raise DataError("this is not JSON in UTF-8; expected a splits file", file=name) from None
    if not isinstance(values, dict):
        raise DataError('expected {"record id": {"department": ..., "split": ...}, ...}', file=name)
    return {identifier: _place(identifier, value, name) for identifier, value in values.items()}


def _place(identifier: str, value: Any, name: str) -> Place:
    known = isinstance(value, dict) and value.keys() <= {"department", "split"}
    if not known or not all(isinstance(part, str) for part in value.values()):
        raise DataError(f'the entry of {identifier!r} is not {{"department": "...", "split": "..."}}', file=name)
    if value.get("split", "pool") not in SPLITS:
        expected = ", ".join(SPLITS)
        raise DataError(f"the split of {identifier!r} is {value['split']!r}; expected one of {expected}", file=name)
    return Place(value.get("department"), value.get("split"))


def assign(records: Sequence[Record], patients: Mapping[str, str], seed: int) -> list[str]:
    """The split of each record of one department, in their order.

    A record keeps the split that it came with. The others follow their patient, if `patients` (those of the store, by
    name) or another record of the import says where the patient is. The rest is drawn: whole patients, or single
    records where no patient is given, in an order that depends on `seed` and the names alone; first 15 % of the drawn
    records become test, then 15 % dev, rounded and never more, and the rest is pool. So fewer than four are all pool.
    """
    known = {**patients, **{r.patient: r.split for r in records if r.patient is not None and r.split is not None}}
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.split is None and record.patient not in known:
            groups.setdefault(_group(record), []).append(record)
    drawn = sum(map(len, groups.values()))
    room = {"test": int(drawn * TEST_SHARE + 0.5), "dev": int(drawn * DEV_SHARE + 0.5), "pool": drawn}
    split_of: dict[str, str] = {}
    for group in sorted(groups, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest()):
        size = len(groups[group])
        split = next(split for split, left in room.items() if size <= left)
        room[split] -= size
        split_of[group] = split
    return [record.split or known.get(record.patient or "") or split_of[_group(record)] for record in records]


def _group(record: Record) -> str:
    return f"record {record.id}" if record.patient is None else f"patient {record.patient}"


def torn_patients(records: Iterable[Record]) -> list[str]:
    """Patients with records both among those that train and those that measure."""
    sides: dict[str, set[bool]] = {}
    for record in records:
        if record.patient is not None:
            sides.setdefault(record.patient, set()).add(record.split in ("dev", "test"))
    return [patient for patient, both in sides.items() if len(both) == 2]
