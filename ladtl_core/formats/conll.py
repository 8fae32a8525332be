r"""CoNLL: `token<TAB>tag` a line (or a space between them), a blank line after each sentence.

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

Tags are BIO, IOB1 or BIOES: `tags` says how the whole file decides, and a remark names what was found. BIO is written.

The files of CoNLL 2003 are read as they are distributed: four columns (`word POS chunk tag`) or, in German, five, of
which the first and the last are taken, and a record from one `-DOCSTART-` line to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import (
    Content,
    Found,
    Located,
    Remark,
    check_strings,
    check_utf8,
    numbered_lines,
)
from ladtl_core.formats.tags import check_order, in_bio, normal, scheme_of
from ladtl_core.records import PLACE, Entity, Record
from ladtl_core.text import bio_to_spans, spans_to_bio, tokenize

CONLL_2003 = (4, 5)
_COMMENT = re.compile(r"# (\w+) = ([^\t]*)")
_DOCSTART = re.compile(r"-DOCSTART-(?:[ \t].*)?")

Lines = list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What stands between two tokens of a sentence in the text, and which other tags mean O."""

    space: str = " "
    outside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Layout:
    """What one file looks like: columns (1 and 2 are alike), and the scheme of its tags, None without any."""

    columns: int
    scheme: str | None
    dialect: Dialect


@dataclass(slots=True)
class _Document:
    """The lines of one record; `id` is None where no `# doc` line gave it, `whole` if it may have many sentences."""

    line: int
    id: str | None = None
    whole: bool = False
    header: dict[str, tuple[int, str]] = field(default_factory=dict)
    sentences: list[Lines] = field(default_factory=list)


def scan(content: Content, name: str, dialect: Dialect = Dialect()) -> Iterator[Found]:
    """The scheme, the records with their lines, and the first error of each record that cannot be used."""
    stem = PurePath(name).stem.strip()
    layout = _layout(content, dialect)
    if layout.columns in CONLL_2003:
        yield Remark(f"{layout.columns} columns as in CoNLL 2003; the first and the last are read", name)
    if layout.scheme:
        begins = "; an I- that continues nothing begins an entity" if layout.scheme == "IOB1" else ""
        yield Remark(f"tags in {layout.scheme}{begins}", name)
    try:
        for count, document in enumerate(_documents(content), 1):
            try:
                identifier = f"{stem}-{count}" if document.id is None else document.id
                yield _located(document, identifier, layout, name)
            except DataError as error:
                yield error.at(name, document.line, 1)
    except DataError as error:
        yield error.at(name)


def write(records: Iterable[Record]) -> Iterator[str]:
    """The lines of one record after the other, by its own tokens or else its words.

    BIO cannot carry every span: see `not_carried`. Sentences that a span crosses are joined.
    Raises DataError for a record that could not be read again.
    """
    for record in records:
        check_strings(record)
        lines = [f"# doc = {record.id}", *(f"# {key} = {value}" for key, value in record.place.items())]
        offsets, starts, tags = _written(record)
        for index, (start, end) in enumerate(offsets):
            if index and index in starts:
                lines.append("")
            lines.append(_token_line(record.text[start:end], tags[index] if tags else None))
        yield "\n".join(lines) + "\n\n"


def not_carried(record: Record) -> list[Entity]:
    """The entities that `write` leaves out (they overlap a longer one) or moves out to the edges of tokens."""
    offsets, _, tags = _written(record)
    written = set(bio_to_spans(tags, offsets)) if tags else set()
    return [entity for entity in record.entities or () if entity not in written]


def changes_text(record: Record) -> bool:
    """Whether the text comes back otherwise than it is: as tokens with single spaces and line breaks between."""
    offsets, starts, _ = _written(record)
    return _joined([record.text[start:end] for start, end in offsets], starts, " ")[0] != record.text


def _written(record: Record) -> tuple[tuple[tuple[int, int], ...], set[int], list[str] | None]:
    """Tokens, the numbers of those that begin a sentence, and tags; no sentence begins inside a span."""
    if record.tokens is None:
        offsets, begins = tokenize(record.text)
    else:
        offsets, begins = record.tokens, record.sentence_starts or (0,)
    if record.entities is None:
        return offsets, set(begins), None
    tags = spans_to_bio(record.entities, offsets)[0]
    return offsets, {index for index in begins if not (tags and tags[index].startswith("I-"))}, tags


def _token_line(word: str, tag: str | None) -> str:
    if tag is not None:
        return f"{word}\t{tag}"
    # A tab, so that it is not taken for two columns or for the beginning of a document.
    return f"{word}\t" if " " in word or word.endswith("\r") else word


def _layout(content: Content, dialect: Dialect) -> _Layout:
    """Look at the whole file once; what is wrong in it is reported when it is read."""
    columns, pairs = 0, set[tuple[str | None, str]]()
    with suppress(DataError):
        for document in _documents(content):
            for sentence in document.sentences:
                previous: str | None = None
                for _, line in sentence:
                    parts = _split(line)
                    columns = columns or len(parts)
                    tag: str | None = None
                    if len(parts) > 1:
                        with suppress(DataError):
                            tag = normal(_outside(parts[-1].strip(" "), dialect))
                            pairs.add((previous, tag))
                    previous = tag
    return _Layout(columns, scheme_of(pairs) if pairs else None, dialect)


def _documents(content: Content) -> Iterator[_Document]:
    """The lines of each record: of a `# doc` or `-DOCSTART-` line and all up to the next, or of a single sentence."""
    document: _Document | None = None
    sentence: Lines = []
    for number, line in numbered_lines(content):
        comment = _COMMENT.fullmatch(line)
        if comment and comment[1] == "doc":
            if document is not None:
                if document.id is None:
                    message = "sentences before this line belong to no document; begin with '# doc = id'"
                    raise DataError(message, line=number, column=1)
                yield document
            document, sentence = _Document(number, comment[2].strip(), whole=True), []
        elif _DOCSTART.fullmatch(line) and (document is None or document.id is None):
            if document is not None and document.sentences:
                yield document
            document, sentence = _Document(number, whole=True), []
        elif comment:
            if comment[1] in PLACE:
                _add_header(document, number, comment[1], comment[2].strip())
        elif not line.strip(" \t"):
            sentence = []
        else:
            if document is None or (not document.whole and not sentence):
                if document is not None:
                    yield document
                document = _Document(number)
            if not sentence:
                document.sentences.append(sentence)
            sentence.append((number, line))
    if document is not None and (document.sentences or document.id is not None):
        yield document


def _add_header(document: _Document | None, number: int, key: str, value: str) -> None:
    if document is None or document.id is None or document.sentences or key in document.header:
        message = f"expected '# {key} =' once, between '# doc =' and the first token"
        raise DataError(message, line=number, column=1)
    document.header[key] = (number, value)


def _located(document: _Document, identifier: str, layout: _Layout, name: str) -> Located:
    words: list[str] = []
    tags: list[str | None] = []
    starts: list[int] = []
    label_lines: dict[str, int] = {}
    check_utf8(identifier)
    for sentence in document.sentences:
        starts.append(len(words))
        previous: str | None = None
        for number, line in sentence:
            try:
                word, tag = _columns(line, layout)
                _check_tag(tag, previous, labelled=tags[0] is not None if tags else tag is not None, layout=layout)
            except DataError as error:
                raise error.at(line=number, column=_tag_column(line)) from None
            words.append(word)
            tags.append(in_bio(tag, previous, layout.scheme or "BIO") if tag else None)
            if tag is not None and tag != "O":
                label_lines.setdefault(tag[2:], number)
            previous = tag
        try:
            check_order(None, previous, layout.scheme or "BIO")
        except DataError as error:
            raise error.at(line=sentence[-1][0], column=_tag_column(sentence[-1][1])) from None
    if not words:
        raise DataError(f"the document {identifier!r} has no tokens")
    text, offsets = _joined(words, set(starts), layout.dialect.space)
    entities = tuple(bio_to_spans([tag or "O" for tag in tags], offsets)) if tags[0] is not None else None
    header: dict[str, Any] = {key: _header_value(number, value) for key, (number, value) in document.header.items()}
    record = Record(identifier, text, entities, **header, tokens=offsets, sentence_starts=tuple(starts))
    check_strings(record)
    return Located(record, name, document.line, label_lines)


def _header_value(number: int, value: str) -> str:
    try:
        check_utf8(value)
    except DataError as error:
        raise DataError(error.message, line=number, column=1) from None
    return value


def _columns(line: str, layout: _Layout) -> tuple[str, str | None]:
    check_utf8(line)
    columns = _split(line)
    expected = layout.columns if layout.columns in CONLL_2003 else None
    if expected and len(columns) != expected:
        raise DataError(f"found {len(columns)} columns; expected {expected} as on the first line", column=1)
    if not expected and len(columns) > 2:
        raise DataError(f"found {len(columns)} columns; expected a token and its tag, or 4 as in CoNLL 2003", column=1)
    word, tag = columns[0], columns[-1].strip(" ") if len(columns) > 1 else ""
    if not word.strip(" \r"):
        raise DataError(f"there is no token before the tag {tag!r}", column=1)
    return word, normal(_outside(tag, layout.dialect)) if tag else None


def _split(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))


def _outside(tag: str, dialect: Dialect) -> str:
    return "O" if tag in dialect.outside else tag


def _tag_column(line: str) -> int:
    """Where the last column begins, from 1."""
    return line.rstrip(" ").rfind("\t" if "\t" in line else " ") + 2 if re.search("[\t ]", line.strip(" ")) else 1


def _check_tag(tag: str | None, previous: str | None, *, labelled: bool, layout: _Layout) -> None:
    """Raise DataError unless the tag may follow the previous tag of its sentence (None: it is the first)."""
    if (tag is not None) != labelled:
        message = "some tokens of this record have a tag and some have none; expected all or none"
        raise DataError(message, column=1)
    if tag is not None:
        check_order(tag, previous, layout.scheme or "BIO")


def _joined(words: list[str], starts: set[int], space: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    parts, offsets, at = [], [], 0
    for index, word in enumerate(words):
        if index:
            between = "\n" if index in starts else space
            parts.append(between)
            at += len(between)
        parts.append(word)
        offsets.append((at, at + len(word)))
        at += len(word)
    return "".join(parts), tuple(offsets)
