"""Records on their way out: all of a department in one format, or their labels without any text."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, csv_rows
from ladtl_core.records import SPLITS, Prediction, Record
from workbench.services import access, apart
from workbench.services.roles import Act, needs
from workbench.store import audit, departments, imported, records
from workbench.store.database import Database
from workbench.store.gold import gold

OFFSETS = "offsets"
TITLES = {
    **{key: form.title for key, form in FORMATS.items() if form.write},
    OFFSETS: "Offsets alone, without any text (CSV)",
}
"""What can be written, with the words that a page shows for it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file to hand out; several are in a zip. `lost` counts what the format does not carry, in words."""

    name: str
    data: bytes
    records: int
    labelled: int
    lost: dict[str, int]


@needs(Act.EXPORT)
def export(database: Database, department_id: int, format: str) -> Exported:
    """All records of a department; the submitted ones with their labels, all with the predictions that they came with.

    Tokens are in a file only where the import brought them; in CoNLL they are those that labels snap to.
    Raises NotFound, DataError, MissingExtraError.
    """
    if format not in TITLES:
        raise DataError(f"{FORMATS[format].title} cannot hold labels; export in another format")
    with database.reading() as session:
        name = departments.get(session, department_id).name
        labelled = {item.record.id: tuple(item.entities) for item in gold(session, department_id, SPLITS)}
        rows = records.of_department(session, department_id)
        names = {label.id: label.name for label in departments.labels(session, department_id)}
        suggested = imported.of_department(session, department_id)
    items = []
    for row in rows:
        record = replace(records.to_record(row, name), entities=labelled.get(row.id))
        if row.id in suggested:
            predictions = (Prediction(**{**span, "label": names[span["label"]]}) for span in suggested[row.id])
            record = replace(record, predictions=tuple(predictions))
        keep_tokens = format == "conll" or row.tokenizer == "given"
        items.append(record if keep_tokens else replace(record, tokens=None, sentence_starts=None))
    stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
    file_name, data = _file(stem, items, format)
    lost: Counter[str] = Counter()
    for record in items if format != OFFSETS else ():
        lost.update(FORMATS[format].losses(record))
    with database.session() as session:
        audit.note(session, access.who(), "export", name, {"records": len(items), "format": format})
    return Exported(file_name, data, len(items), len(labelled), dict(sorted(lost.items())))


def _file(stem: str, items: Sequence[Record], format: str) -> tuple[str, bytes]:
    if format == OFFSETS:
        return f"{stem}-offsets.csv", "".join(csv_rows.write_offsets(items)).encode()
    form = FORMATS[format]
    if format in apart.FORMATS:
        return stem + form.extensions[0], apart.write(items, format)
    pieces = form.write(items) if form.write else iter(())
    if form.folder:
        return f"{stem}-{format}.zip", _zipped(pieces)
    return stem + form.extensions[0], b"".join(data for _, data in pieces)


def _zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return made.getvalue()
