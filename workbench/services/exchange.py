"""Records on their way in are looked at first; `importing.commit` then writes what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import check_name
from ladtl_core.records import SPLITS, Record
from ladtl_core.text import han_share
from workbench.services.incoming import File, Placed, read_files
from workbench.services.splits import Place, assign, read_splits, torn_patients
from workbench.store import departments, records
from workbench.store.database import Database

SHOWN_ERRORS = 20
HAN_RECORDS, CHINESE_FROM = 50, 0.3


@dataclass(frozen=True, slots=True)
class DepartmentPreview:
    """What an import would add to one department; `labels` counts spans by label."""

    name: str
    is_new: bool
    scheme: str
    records: tuple[Record, ...] = field(repr=False)
    labelled: int
    splits: dict[str, int]
    labels: dict[str, int]


@dataclass(frozen=True, slots=True)
class Preview:
    """What the files hold. `importing.commit` takes it if `errors` is empty; of many errors only the first are kept.

    `remarks` are what the readers found out, such as the scheme of tags, or left aside.
    `label_set` is an existing set that the new departments are to use; with None they share a new one with
    `new_labels`.
    """

    departments: tuple[DepartmentPreview, ...]
    errors: tuple[DataError, ...]
    error_count: int
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    label_set: str | None
    new_labels: tuple[str, ...]

    @property
    def records(self) -> int:
        return sum(len(department.records) for department in self.departments)


def preview(
    database: Database,
    files: Sequence[File],
    format: str,
    *,
    department: str | None = None,
    splits: File | None = None,
    label_set: str | None = None,
    labels: Sequence[str] = (),
    seed: int = 0,
) -> Preview:
    """Read the files and say what an import would do; nothing is written.

    `department` takes the records of which neither the file nor `splits` names one; it may exist or not. Departments
    that do not exist are made: they share the existing `label_set`, or a new one of the files' labels and `labels`.
    Records keep the split of the file or of `splits`; `splits.assign` says how the others are drawn.
    """
    places: dict[str, Place] = {}
    splits_error: list[DataError] = []
    if splits is not None:
        try:
            places = read_splits(splits[1], splits[0])
        except DataError as error:
            splits_error.append(error)
    placed, errors, remarks = read_files(files, format, department, places)
    errors += splits_error
    with database.reading() as session:
        placed = _fitting(session, placed, label_set, errors)
        by_department: dict[str, list[Record]] = {}
        for item in placed:
            by_department.setdefault(item.department, []).append(item.record)
        parts = tuple(_department(session, name, items, seed) for name, items in by_department.items())
    new_labels = _new_labels(parts, label_set, labels, errors)
    order = {name: index for index, (name, _) in enumerate(files)}
    errors.sort(key=lambda error: (order.get(error.file or "", -1), error.line or 0))
    unused = len(places.keys() - {item.record.id for item in placed})
    warnings = tuple(_warnings(parts, unused))
    return Preview(parts, tuple(errors[:SHOWN_ERRORS]), len(errors), warnings, tuple(remarks), label_set, new_labels)


def _fitting(
    session: Session, placed: Sequence[Placed], label_set: str | None, errors: list[DataError]
) -> list[Placed]:
    """The records that the store can take; the others become errors."""
    sets = {found.name: {label.name for label in found.labels} for found in departments.label_sets(session)}
    if label_set is not None and label_set not in sets:
        errors.append(DataError(f"there is no label set {label_set!r} any more; choose another"))
    allowed: dict[str, set[str] | None] = {}
    taken: dict[str, set[str]] = {}
    fitting = []
    for item in placed:
        name = item.department
        if name not in taken:
            existing = departments.by_name(session, name)
            allowed[name] = sets.get(existing.label_set.name if existing else label_set or "")
            taken[name] = set(records.ids(session, existing.id)) if existing else set()
        problem = None
        if item.record.id in taken[name]:
            problem = DataError(f"{name} has a record {item.record.id!r} already", file=item.file, line=item.line)
        for label, line in item.label_lines.items():
            names = allowed[name]
            if names is not None and label not in names:
                expected = ", ".join(sorted(names)) or "none"
                message = f"{name} has no label {label!r}; its labels are: {expected}"
                problem = problem or DataError(message, file=item.file, line=line)
        if problem:
            errors.append(problem)
        else:
            fitting.append(item)
    return fitting


def _department(session: Session, name: str, items: Sequence[Record], seed: int) -> DepartmentPreview:
    existing = departments.by_name(session, name)
    patients: dict[str, str] = {}
    if existing and any(record.patient is not None and record.split is None for record in items):
        stored = records.of_department(session, existing.id)
        patients = {row.patient: row.split for row in stored if row.patient is not None}
    splits = assign(items, patients, seed)
    placed = tuple(replace(record, split=split) for record, split in zip(items, splits, strict=True))
    counts = Counter(splits)
    labels = Counter(entity.label for record in placed for entity in record.entities or ())
    chinese = han_share("".join(record.text for record in islice(placed, HAN_RECORDS))) >= CHINESE_FROM
    return DepartmentPreview(
        name,
        existing is None,
        existing.scheme if existing else "chinese" if chinese else "word",
        placed,
        sum(record.entities is not None for record in placed),
        {split: counts[split] for split in SPLITS if counts[split]},
        dict(sorted(labels.items())),
    )


def _new_labels(
    parts: Sequence[DepartmentPreview], label_set: str | None, labels: Sequence[str], errors: list[DataError]
) -> tuple[str, ...]:
    """The labels of the set that the new departments will share; () where they use an existing one."""
    new = [part for part in parts if part.is_new]
    if label_set is not None or not new:
        return ()
    found = tuple(dict.fromkeys((*labels, *sorted({label for part in new for label in part.labels}))))
    try:
        for label in found:
            check_name("label", label)
        if not found:
            raise DataError("the files bring no labels for the new department; name its labels or take existing ones")
    except DataError as error:
        errors.append(error)
    return found


def _warnings(parts: Sequence[DepartmentPreview], unused: int) -> Iterable[str]:
    for part in parts:
        if overlapping := sum(_overlapping(record) for record in part.records):
            yield f"{part.name}: spans that overlap others: {overlapping:,}. All are kept; training uses the longest."
        if not part.labelled:
            yield f"{part.name}: no record is labelled."
        if torn := torn_patients(part.records):
            yield f"{part.name}: patients both in training and in dev or test: {len(torn):,}, such as {torn[0]}."
    if predictions := sum(len(record.predictions) for part in parts for record in part.records):
        yield f"Predictions of a model, which are no labels and are not imported: {predictions:,}."
    if unused:
        yield f"Entries of the splits file for records that are in none of the files: {unused:,}."


def _overlapping(record: Record) -> int:
    """Spans that begin before an earlier one has ended."""
    count, reached = 0, 0
    for entity in sorted(record.entities or ()):
        count += entity.start < reached
        reached = max(reached, entity.end)
    return count
