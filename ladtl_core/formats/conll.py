r"""CoNLL: `token<TAB>tag` a line (or a space between them), a blank line after each sentence, tags in BIO.

    # doc = n1
    # department = Cardiology
    # split = dev
    # patient = p7
    L5	B-Problem
    metastasis	I-Problem

`# doc = id` begins a record; the three lines after it are optional. A file without any such line has a record a
sentence, named after the file and counted from 1 (`notes-1`). Other lines of the form `# name = value` are skipped.
The text is the tokens joined by spaces and the sentences by line breaks; tokens and sentence starts are kept with it.
A record of tokens without tags is unlabelled; a record has tags for all its tokens or for none.

An `I-` that does not continue an entity of its label in its sentence is an error, never quietly a new entity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import Found, Located, check_strings, check_utf8, numbered_lines, of_one_file, records_of
from ladtl_core.records import Entity, Record
from ladtl_core.text import bio_to_spans, spans_to_bio, tokenize

HEADER = ("department", "split", "patient")
_COMMENT = re.compile(r"# (\w+) = ([^\t]*)")
_TAG = re.compile(r"O|[BI]-.+")

Lines = list[tuple[int, str]]


@dataclass(slots=True)
class _Document:
    """The lines of one record; `id` is None where no `# doc` line gave it."""

    line: int
    id: str | None = None
    header: dict[str, tuple[int, str]] = field(default_factory=dict)
    sentences: list[Lines] = field(default_factory=list)


def read(data: bytes, name: str) -> Iterator[Record]:
    """The records of a file. Raises DataError with file and line."""
    return records_of(scan(data, name))


def scan(data: bytes, name: str) -> Iterator[Found]:
    """The records with their lines, and the first error of each record that cannot be used."""
    return of_one_file(_scan(data, name), name)


def write(records: Iterable[Record]) -> Iterator[str]:
    """The lines of one record after the other, by its own tokens or else its words.

    BIO cannot carry every span: see `not_carried`. Sentences that a span crosses are joined.
    Raises DataError for a record that could not be read again.
    """
    for record in records:
        check_strings(record)
        known = ((key, getattr(record, key)) for key in HEADER)
        lines = [f"# doc = {record.id}", *(f"# {key} = {value}" for key, value in known if value is not None)]
        offsets, starts = _tokens(record)
        tags = None if record.entities is None else spans_to_bio(record.entities, offsets)[0]
        for index, (start, end) in enumerate(offsets):
            if index and index in starts and not (tags and tags[index].startswith("I-")):
                lines.append("")
            lines.append(_token_line(record.text[start:end], tags[index] if tags else None))
        yield "\n".join(lines) + "\n\n"


def not_carried(record: Record) -> list[Entity]:
    """The entities that `write` leaves out (they overlap a longer one) or moves out to the edges of tokens."""
    offsets, _ = _tokens(record)
    written = set(bio_to_spans(spans_to_bio(record.entities or (), offsets)[0], offsets))
    return [entity for entity in record.entities or () if entity not in written]


def _tokens(record: Record) -> tuple[tuple[tuple[int, int], ...], set[int]]:
    if record.tokens is not None:
        return record.tokens, set(record.sentence_starts or (0,))
    offsets, starts = tokenize(record.text)
    return offsets, set(starts)


def _token_line(word: str, tag: str | None) -> str:
    if tag is not None:
        return f"{word}\t{tag}"
    return f"{word}\t" if " " in word or word.endswith("\r") else word  # so that it is not taken for two columns


def _scan(data: bytes, name: str) -> Iterator[Found]:
    stem = PurePath(name).stem.strip()
    try:
        for count, document in enumerate(_documents(data), 1):
            try:
                yield _located(document, f"{stem}-{count}" if document.id is None else document.id)
            except DataError as error:
                yield DataError(error.message, file=name, line=error.line or document.line)
    except DataError as error:
        yield DataError(error.message, file=name, line=error.line)


def _documents(data: bytes) -> Iterator[_Document]:
    """The lines of each record: of a `# doc` line and all up to the next, or of a single sentence."""
    document: _Document | None = None
    sentence: Lines = []
    for number, line in numbered_lines(data):
        comment = _COMMENT.fullmatch(line)
        if comment and comment[1] == "doc":
            if document is not None:
                if document.id is None:
                    raise DataError(
                        "sentences before this line belong to no document; begin with '# doc = id'", line=number
                    )
                yield document
            document, sentence = _Document(number, comment[2].strip()), []
        elif comment:
            if comment[1] in HEADER:
                _add_header(document, number, comment[1], comment[2].strip())
        elif not line.strip(" \t"):
            sentence = []
        else:
            if document is None or (document.id is None and not sentence):
                if document is not None:
                    yield document
                document = _Document(number)
            if not sentence:
                document.sentences.append(sentence)
            sentence.append((number, line))
    if document is not None:
        yield document


def _add_header(document: _Document | None, number: int, key: str, value: str) -> None:
    if document is None or document.id is None or document.sentences or key in document.header:
        raise DataError(f"expected '# {key} =' once, between '# doc =' and the first token", line=number)
    document.header[key] = (number, value)


def _located(document: _Document, identifier: str) -> Located:
    words: list[str] = []
    tags: list[str | None] = []
    starts: list[int] = []
    label_lines: dict[str, int] = {}
    check_utf8(identifier)
    for sentence in document.sentences:
        starts.append(len(words))
        previous: str | None = None
        for number, line in sentence:
            word, tag = _columns(line, number)
            _check_tag(tag, previous, labelled=tags[0] is not None if tags else tag is not None, number=number)
            words.append(word)
            tags.append(tag)
            if tag is not None and tag != "O":
                label_lines.setdefault(tag[2:], number)
            previous = tag
    if not words:
        raise DataError(f"the document {identifier!r} has no tokens")
    text, offsets = _joined(words, set(starts))
    entities = tuple(bio_to_spans([tag or "O" for tag in tags], offsets)) if tags[0] is not None else None
    header = {key: _header_value(number, value) for key, (number, value) in document.header.items()}
    record = Record(identifier, text, entities, **header, tokens=offsets, sentence_starts=tuple(starts))
    check_strings(record)
    return Located(record, document.line, label_lines)


def _header_value(number: int, value: str) -> str:
    try:
        check_utf8(value)
    except DataError as error:
        raise DataError(error.message, line=number) from None
    return value


def _columns(line: str, number: int) -> tuple[str, str | None]:
    try:
        check_utf8(line)
    except DataError as error:
        raise DataError(error.message, line=number) from None
    columns = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
    if len(columns) > 2:
        raise DataError(f"found {len(columns)} columns; expected a token and its tag", line=number)
    word, tag = columns[0], columns[1].strip(" ") if len(columns) == 2 else ""
    if not word.strip(" \r"):
        raise DataError(f"there is no token before the tag {tag!r}", line=number)
    return word, tag or None


def _check_tag(tag: str | None, previous: str | None, *, labelled: bool, number: int) -> None:
    """Raise DataError unless the tag may follow the previous tag of its sentence (None: it is the first)."""
    if (tag is not None) != labelled:
        raise DataError("some tokens of this record have a tag and some have none; expected all or none", line=number)
    if tag is None:
        return
    if not _TAG.fullmatch(tag):
        raise DataError(f"the tag is {tag!r}; expected O, B-label or I-label", line=number)
    if tag.startswith("I-") and (previous or "O")[1:] != tag[1:]:
        where = f"after {previous}" if previous else "at the beginning of a sentence"
        raise DataError(f"{tag} {where} continues nothing; an entity begins with B-{tag[2:]}", line=number)


def _joined(words: list[str], starts: set[int]) -> tuple[str, tuple[tuple[int, int], ...]]:
    parts, offsets, at = [], [], 0
    for index, word in enumerate(words):
        if index:
            parts.append("\n" if index in starts else " ")
            at += 1
        parts.append(word)
        offsets.append((at, at + len(word)))
        at += len(word)
    return "".join(parts), tuple(offsets)
