"""Names of the source's labels made those of the target, from a file that says which belong together.

A line reads `source label = target label`, one to one; blank lines and lines that begin with # are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import check_name, check_utf8, numbered_lines
from ladtl_core.records import Record


@dataclass(frozen=True)
class LabelMapping:
    """`pairs` names the target's label for a label of the source, `lines` the line of each in the file `file`."""

    file: str
    pairs: dict[str, str]
    lines: dict[str, int]

    def apply(self, source: Iterable[Record], target_labels: set[str]) -> list[Record]:
        """The source's records with the target's names; labels that no line names stay as they are.

        Raises DataError with file and line where a label is on neither side, or where two labels would become one.
        """
        records = list(source)
        labels = labels_of_records(records)
        for name, wanted in self.pairs.items():
            if name not in labels:
                raise self._error(name, f"the source has no label {name!r}; it has {', '.join(sorted(labels))}")
            if wanted not in target_labels:
                known = ", ".join(sorted(target_labels))
                raise self._error(name, f"the target has no label {wanted!r}; it has {known}")
            if wanted in labels and wanted not in self.pairs:
                raise self._error(name, f"the source has a label {wanted!r} of its own; map that to another name first")
        return self.rename(records)

    def rename(self, records: Iterable[Record]) -> list[Record]:
        """The same without a check, for a part of the source that may lack some of its labels."""
        return [self._renamed(record) for record in records]

    def _renamed(self, record: Record) -> Record:
        if record.entities is None:
            return record
        entities = (replace(e, label=self.pairs.get(e.label, e.label)) for e in record.entities)
        return replace(record, entities=tuple(entities))

    def _error(self, name: str, message: str) -> DataError:
        return DataError(message, file=self.file, line=self.lines[name])


def labels_of_records(records: Sequence[Record]) -> set[str]:
    """Labels of all spans."""
    return {entity.label for record in records for entity in record.entities or ()}


def read_mapping(path: Path) -> LabelMapping:
    """The mapping of a file. Raises DataError with file and line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=str(path)) from None
    pairs: dict[str, str] = {}
    lines: dict[str, int] = {}
    for number, line in numbered_lines(data):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            name, wanted = _pair(line)
            if name in pairs:
                raise DataError(f"{name!r} was mapped on line {lines[name]} already; the mapping is one to one")
            if wanted in pairs.values():
                first = next(n for n, w in pairs.items() if w == wanted)
                raise DataError(f"{wanted!r} was given to {first!r} on line {lines[first]}; the mapping is one to one")
        except DataError as error:
            raise DataError(error.message, file=str(path), line=number) from None
        pairs[name], lines[name] = wanted, number
    if not pairs:
        raise DataError("names no label; expected lines of the form 'source label = target label'", file=str(path))
    return LabelMapping(str(path), pairs, lines)


def _pair(line: str) -> tuple[str, str]:
    check_utf8(line)
    parts = [part.strip() for part in line.split("=")]
    if len(parts) != 2 or not all(parts):
        raise DataError(f"the line is {line!r}; expected 'source label = target label'")
    for part in parts:
        check_name("label", part)
    return parts[0], parts[1]
