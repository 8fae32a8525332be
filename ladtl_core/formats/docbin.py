"""spaCy's DocBin: one binary file for `spacy.tokens.DocBin` and `spacy train`; it needs the package spaCy.

Every record is a Doc whose words are ours, cut further where a span begins or ends inside one, so that all spans fall
on tokens and `doc.text` is the record's text to the letter. All spans, also overlapping ones, are in `doc.spans["sc"]`
(where spaCy's span categorizer looks); of overlapping ones the longest is in `doc.ents` as well. Both are read. A Doc
on which no entities were set is unlabelled. Id, department, split and patient are in `doc.user_data`.

A DocBin is compressed as a whole: all records are in memory while it is read or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from ladtl_core.errors import DataError, MissingExtraError
from ladtl_core.formats.scan import Content, Found, Located, Remark, check_strings, opened
from ladtl_core.records import PLACE, Entity, Record
from ladtl_core.text import spans_to_bio, tokenize

SPANS_KEY = "sc"


def scan(content: Content, name: str) -> Iterator[Found]:
    """The records; `line` is the number of the Doc. Raises MissingExtraError."""
    tokens, vocab = _spacy()
    data = opened(content).read()
    if not data.strip():
        return
    try:
        docs = list(tokens.DocBin().from_bytes(data).get_docs(vocab))
    except Exception:  # zlib, msgpack and spaCy have many ways to refuse what is none
        yield DataError("this is not a DocBin that spaCy can read", file=name, line=1, column=1)
        return
    others: set[str] = set()
    for number, doc in enumerate(docs, 1):
        try:
            record = _record(doc, f"{PurePath(name).stem.strip()}-{number}")
            check_strings(record)
        except DataError as error:
            yield DataError(f"Doc {number}: {error.message}", file=name, line=number, column=1)
            continue
        others |= {str(key) for key in doc.spans if key != SPANS_KEY}
        yield Located(record, name, number, {entity.label: number for entity in record.entities or ()})
    if others:
        yield Remark(f"span groups that are not read: {', '.join(sorted(others))}", name)


def write(records: Iterable[Record]) -> Iterator[bytes]:
    """The file in one piece. Raises MissingExtraError."""
    tokens, vocab = _spacy()
    docs = tokens.DocBin(store_user_data=True)
    for record in records:
        check_strings(record)
        docs.add(_doc(tokens, vocab, record))
    yield docs.to_bytes()


def _spacy() -> tuple[Any, Any]:
    try:
        import spacy.tokens
        import spacy.vocab
    except ImportError as error:
        raise MissingExtraError("spacy", "The format docbin") from error
    return spacy.tokens, spacy.vocab.Vocab()


def _doc(tokens: Any, vocab: Any, record: Record) -> Any:
    entities = record.entities or ()
    words, spaces = _words(record)
    doc = tokens.Doc(vocab, words=words, spaces=spaces)
    doc.user_data = {"id": record.id, **record.place}
    if record.entities is None:
        return doc
    starts = {token.idx: token.i for token in doc}
    ends = {token.idx + len(token): token.i + 1 for token in doc}
    spans = {e: tokens.Span(doc, starts[e.start], ends[e.end], label=e.label) for e in entities}
    doc.spans[SPANS_KEY] = list(spans.values())
    left_out = set(spans_to_bio(entities, tuple((token.idx, token.idx + len(token)) for token in doc))[1])
    doc.set_ents([span for entity, span in spans.items() if entity not in left_out], default="outside")
    return doc


def _words(record: Record) -> tuple[list[str], list[bool]]:
    """The words of a Doc and whether a space follows each; white space is a word of its own unless it is one space."""
    text, entities = record.text, record.entities or ()
    offsets = record.tokens if record.tokens is not None else tokenize(text)[0]
    begins, stops = {e.start for e in entities}, {e.end for e in entities}
    edges = sorted({0, len(text), *begins, *stops, *(edge for token in offsets for edge in token)})
    words: list[str] = []
    spaces: list[bool] = []
    for start, end in pairwise(edges):
        if text[start:end] == " " and start not in begins and end not in stops and words and not spaces[-1]:
            spaces[-1] = True
        else:
            words.append(text[start:end])
            spaces.append(False)
    return words, spaces


def _record(doc: Any, default_id: str) -> Record:
    spans = [*doc.ents, *doc.spans.get(SPANS_KEY, [])]
    entities = tuple(sorted({Entity(span.start_char, span.end_char, span.label_) for span in spans}))
    labelled = entities or doc.has_annotation("ENT_IOB")
    known: dict[str, Any] = {key: value for key in PLACE if isinstance(value := doc.user_data.get(key), str)}
    identifier = doc.user_data.get("id")
    return Record(
        identifier if isinstance(identifier, str) else default_id, doc.text, entities if labelled else None, **known
    )
