"""The file formats: one module each. `FORMATS` names them; `scan` and `Format.write` read and write by name."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from ladtl_core.errors import DataError
from ladtl_core.formats import brat, conll, csv_rows, docbin, doccano, jsonl, labelstudio, plain, sighan, xmi
from ladtl_core.formats.files import Files, each, in_memory, of_folder, opener, opening
from ladtl_core.formats.scan import Found, Located, Remark, records_of
from ladtl_core.records import PLACE, Entity, Record

__all__ = [
    "FORMATS",
    "Files",
    "Format",
    "Found",
    "Located",
    "Remark",
    "files_of",
    "format_of",
    "in_memory",
    "read_file",
]


@dataclass(frozen=True, slots=True)
class Format:
    """What a format is called, does and keeps.

    `scan` finds records, errors and remarks in files. `write` gives pieces: for a format of one file (`folder` False)
    all of them belong to it and their names are empty, else each is a file of the folder; None where it is read only.

    `keeps_text` promises that id, text and spans come back unchanged, `overlaps` that spans may overlap. `carries` are
    the further fields of a record that come back. `left_out` are the entities that `write` does not carry as they are,
    and `changes_text` tells whether the text comes back otherwise. `package` must be installed, if one is named.
    """

    title: str
    extensions: tuple[str, ...]
    scan: Callable[[Files], Iterator[Found]]
    write: Callable[[Iterable[Record]], Iterator[tuple[str, bytes]]] | None
    keeps_text: bool = True
    overlaps: bool = True
    carries: tuple[str, ...] = PLACE
    left_out: Callable[[Record], Sequence[Entity]] = lambda record: ()
    changes_text: Callable[[Record], bool] = lambda record: False
    folder: bool = False
    package: str | None = None

    @property
    def available(self) -> bool:
        """Whether the package that it needs is installed."""
        return self.package is None or importlib.util.find_spec(self.package) is not None

    def losses(self, record: Record) -> Counter[str]:
        """What `write` does not carry of a record, in words for a person."""
        lost: Counter[str] = Counter()
        lost["spans left out or moved to the edges of words"] = len(self.left_out(record))
        lost["texts with other white space"] = self.changes_text(record)
        lost["predictions"] = 0 if "predictions" in self.carries else len(record.predictions)
        lost["records whose own tokens are left out"] = record.tokens is not None and "tokens" not in self.carries
        for field in PLACE:
            lost[f"values of {field}"] = getattr(record, field) is not None and field not in self.carries
        return +lost


Write = Callable[[Iterable[Record]], Iterator[tuple[str, bytes]]]


def _one(write: Callable[[Iterable[Record]], Iterator[str]]) -> Write:
    return lambda records: (("", piece.encode()) for piece in write(records))


def _binary(write: Callable[[Iterable[Record]], Iterator[bytes]]) -> Write:
    return lambda records: (("", piece) for piece in write(records))


def _labels(record: Record) -> Sequence[Entity]:
    return record.entities or ()


FORMATS: dict[str, Format] = {
    "jsonl": Format(
        "JSON lines, character spans",
        (".jsonl", ".ndjson"),
        each(jsonl.scan),
        _one(jsonl.write),
        carries=(*PLACE, "tokens", "predictions"),
    ),
    "conll": Format(
        "CoNLL, a token a line",
        (".conll", ".bio"),
        each(conll.scan),
        _one(conll.write),
        keeps_text=False,
        overlaps=False,
        carries=(*PLACE, "tokens"),
        left_out=conll.not_carried,
        changes_text=conll.changes_text,
    ),
    "sighan": Format("SIGHAN 2006, a character a line", (), each(sighan.scan), None, keeps_text=False, overlaps=False),
    "brat": Format("brat standoff", (".txt", ".ann"), brat.scan, brat.write, carries=(), folder=True),
    "doccano": Format("doccano, JSON lines", (".jsonl", ".json"), each(doccano.scan), _one(doccano.write)),
    "labelstudio": Format(
        "Label Studio, JSON",
        (".json",),
        each(labelstudio.scan),
        _one(labelstudio.write),
        carries=(*PLACE, "predictions"),
    ),
    "docbin": Format("spaCy DocBin", (".spacy",), each(docbin.scan), _binary(docbin.write), package="spacy"),
    "xmi": Format("UIMA XMI, for INCEpTION", (".xmi", ".xml"), xmi.scan, xmi.write, folder=True, package="cassis"),
    "csv": Format("CSV, a record a row", (".csv", ".tsv"), each(csv_rows.scan), _one(csv_rows.write)),
    "lines": Format(
        "Plain text, a record a line", (".txt",), each(plain.scan_lines), None, keeps_text=False, overlaps=False
    ),
    "text": Format(
        "Plain text, a record a file",
        (".txt",),
        each(plain.scan_file),
        plain.write,
        keeps_text=False,
        overlaps=False,
        carries=(),
        left_out=_labels,
        changes_text=plain.changes_text,
        folder=True,
    ),
}
_BY_EXTENSION = ("jsonl", "conll", "csv", "docbin", "xmi", "lines")


def format_of(name: str) -> str:
    """The key in FORMATS of a file that its extension tells; `.txt` is a record a line. Raises DataError."""
    extension = PurePath(name).suffix.lower()
    for key in _BY_EXTENSION:
        if extension in FORMATS[key].extensions:
            return key
    known = [extension for key in _BY_EXTENSION for extension in FORMATS[key].extensions]
    raise DataError(f"the extension is {extension!r}; expected one of {', '.join(known)}", file=name)


def files_of(path: Path, key: str) -> Files:
    """A file, or the files of a folder where the format has several. Raises DataError."""
    form = FORMATS[key]
    if path.is_dir():
        if not form.folder:
            raise DataError(f"this is a folder; {form.title} is one file", file=str(path))
        return of_folder(path, form.extensions)
    if key == "brat":
        raise DataError("expected a folder with .txt and .ann files; brat needs both", file=str(path))
    return [(path.name, opener(path))]


def read_file(path: Path) -> Iterator[Record]:
    """The records of a file, in the format of its extension. Raises DataError with file, line and column."""
    key = format_of(path.name)
    files = files_of(path, key)
    opening(files[0][1], path.name).close()  # said at once, not at the first record
    return records_of(FORMATS[key].scan(files))
