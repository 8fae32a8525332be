"""Records on their way in are looked at first; `importing.commit` then writes what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.formats import Remark
from ladtl_core.formats.scan import check_name
from ladtl_core.records import SPLITS, Record
from ladtl_core.text import han_share
from workbench.services.incoming import File, Placed, Source, read
from workbench.services.roles import Act, needs
from workbench.services.splits import Place, assign, read_splits, torn_patients
from workbench.store import departments, records
from workbench.store.database import Database
from workbench.store.labels import by_name

SHOWN_ERRORS = 20
HAN_RECORDS, CHINESE_FROM = 50, 0.3


@dataclass(frozen=True, slots=True)
class DepartmentPreview:
    """What an import would add to one department; `split_of` has the split of each record by its id."""

    name: str
    is_new: bool
    scheme: str
    split_of: dict[str, str] = field(repr=False)
    labelled: int
    splits: dict[str, int]
    labels: dict[str, int]
    predicted: dict[str, int]  # predictions by their labels; they become suggestions

    @property
    def records(self) -> int:
        return len(self.split_of)


@dataclass(frozen=True, slots=True)
class Preview:
    """What the files of `source` hold, without the records themselves.

    `importing.commit` takes it if `errors` is empty; of many errors only the first are kept.
    `remarks` are what the readers found out, such as the scheme of tags, or left aside.
    `label_set` is an existing set that the new departments are to use; with None they share a new one with
    `new_labels`.
    """

    source: Source
    departments: tuple[DepartmentPreview, ...]
    errors: tuple[DataError, ...]
    error_count: int
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    label_set: str | None
    new_labels: tuple[str, ...]

    @property
    def records(self) -> int:
        return sum(department.records for department in self.departments)


@needs(Act.IMPORT)
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
    source = Source(files, format, department, places)
    with database.reading() as session:
        looked = _look(session, source, label_set)
        parts = tuple(_department(session, name, tally, seed) for name, tally in looked.tallies.items())
    errors = splits_error + looked.errors
    new_labels = _new_labels(parts, label_set, labels, errors)
    order = {name: index for index, (name, _) in enumerate(files)}
    errors.sort(key=lambda error: (order.get(error.file or "", -1), error.line or 0))
    unused = len(places.keys() - {identifier for part in parts for identifier in part.split_of})
    warnings = tuple(_warnings(parts, looked.tallies, unused))
    if predicted := sum(sum(part.predicted.values()) for part in parts):
        looked.remarks.insert(0, f"predictions, which become suggestions and no labels: {predicted:,}")
    shown = tuple(errors[:SHOWN_ERRORS])
    return Preview(source, parts, shown, len(errors), warnings, tuple(looked.remarks), label_set, new_labels)


@dataclass(slots=True)
class _Tally:
    """What is kept of the records of one department while the files are read: no text, no span."""

    outlines: list[Record] = field(default_factory=list)
    labelled: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    overlapping: int = 0
    predicted: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    first_texts: list[str] = field(default_factory=list)

    def add(self, record: Record, allowed: set[str] | None) -> None:
        self.outlines.append(Record(record.id, "", split=record.split, patient=record.patient))
        self.labelled += record.entities is not None
        self.labels.update(entity.label for entity in record.entities or ())
        self.overlapping += _overlapping(record)
        for one in record.predictions:
            (self.predicted if allowed is None or one.label in allowed else self.unknown)[one.label] += 1
        if len(self.first_texts) < HAN_RECORDS:
            self.first_texts.append(record.text)


@dataclass(slots=True)
class _Looked:
    """A tally for each department, and what was found besides records."""

    tallies: dict[str, _Tally] = field(default_factory=dict)
    errors: list[DataError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def _look(session: Session, source: Source, label_set: str | None) -> _Looked:
    """Go through the records once; those that the store cannot take become errors."""
    looked = _Looked()
    sets = {found.name: set(by_name(found.labels)) for found in departments.label_sets(session)}
    if label_set is not None and label_set not in sets:
        looked.errors.append(DataError(f"there is no label set {label_set!r} any more; choose another"))
    allowed: dict[str, set[str] | None] = {}
    taken: dict[str, set[str]] = {}
    for item in read(source):
        if isinstance(item, DataError):
            looked.errors.append(item)
            continue
        if isinstance(item, Remark):
            looked.remarks.append(str(item))
            continue
        name = item.department
        if name not in taken:
            existing = departments.by_name(session, name)
            allowed[name] = sets.get(existing.label_set.name if existing else label_set or "")
            taken[name] = set(records.ids(session, existing.id)) if existing else set()
        if problem := _problem(item, allowed[name], taken[name]):
            looked.errors.append(problem)
        else:
            looked.tallies.setdefault(name, _Tally()).add(item.record, allowed[name])
    return looked


def _problem(item: Placed, allowed: set[str] | None, taken: set[str]) -> DataError | None:
    """Why the department cannot take a record; None if it can. With `allowed` None all labels are new to it."""
    if item.record.id in taken:
        message = f"{item.department} has a record {item.record.id!r} already"
        return DataError(message, file=item.file, line=item.line)
    for label, line in item.label_lines.items():
        if allowed is not None and label not in allowed:
            expected = ", ".join(sorted(allowed)) or "none"
            message = f"{item.department} has no label {label!r}; its labels are: {expected}"
            return DataError(message, file=item.file, line=line)
    return None


def _department(session: Session, name: str, tally: _Tally, seed: int) -> DepartmentPreview:
    existing = departments.by_name(session, name)
    patients: dict[str, str] = {}
    if existing and any(record.patient is not None and record.split is None for record in tally.outlines):
        stored = records.of_department(session, existing.id)
        patients = {row.patient: row.split for row in stored if row.patient is not None}
    splits = assign(tally.outlines, patients, seed)
    tally.outlines = [replace(r, split=split) for r, split in zip(tally.outlines, splits, strict=True)]
    counts = Counter(splits)
    chinese = han_share("".join(tally.first_texts)) >= CHINESE_FROM
    return DepartmentPreview(
        name,
        existing is None,
        existing.scheme if existing else "chinese" if chinese else "word",
        {record.id: split for record, split in zip(tally.outlines, splits, strict=True)},
        tally.labelled,
        {split: counts[split] for split in SPLITS if counts[split]},
        dict(sorted(tally.labels.items())),
        dict(sorted(tally.predicted.items())),
    )


def _new_labels(
    parts: Sequence[DepartmentPreview], label_set: str | None, labels: Sequence[str], errors: list[DataError]
) -> tuple[str, ...]:
    """The labels of the set that the new departments will share; () where they use an existing one."""
    new = [part for part in parts if part.is_new]
    if label_set is not None or not new:
        return ()
    found = tuple(
        dict.fromkeys((*labels, *sorted({label for part in new for label in (*part.labels, *part.predicted)})))
    )
    try:
        for label in found:
            check_name("label", label)
        if not found:
            raise DataError("the files bring no labels for the new department; name its labels or take existing ones")
    except DataError as error:
        errors.append(error)
    return found


def _warnings(parts: Sequence[DepartmentPreview], tallies: Mapping[str, _Tally], unused: int) -> Iterable[str]:
    for part in parts:
        tally = tallies[part.name]
        if tally.overlapping:
            counted = f"{tally.overlapping:,}. All are kept; training uses the longest."
            yield f"{part.name}: spans that overlap others: {counted}"
        if not part.labelled:
            yield f"{part.name}: no record is labelled."
        if torn := torn_patients(tally.outlines):
            yield f"{part.name}: patients both in training and in dev or test: {len(torn):,}, such as {torn[0]}."
        if tally.unknown:
            counted = f"{tally.unknown.total():,} ({', '.join(sorted(tally.unknown))})."
            yield f"{part.name}: predictions with labels that it lacks, which are left out: {counted}"
    if unused:
        yield f"Entries of the splits file for records that are in none of the files: {unused:,}."


def _overlapping(record: Record) -> int:
    """Spans that begin before an earlier one has ended."""
    count, reached = 0, 0
    for entity in sorted(record.entities or ()):
        count += entity.start < reached
        reached = max(reached, entity.end)
    return count
