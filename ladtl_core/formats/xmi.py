"""UIMA XMI as INCEpTION reads it ("UIMA CAS XMI"): a folder with `n1.xmi` for each record and `TypeSystem.xml`.

It needs the package dkpro-cassis. Spans are written to INCEpTION's built-in layer "Named entity" (`NamedEntity`, its
feature `value` is the label); read are also `custom.Span` with `label`, the layer of INCEpTION's basic projects, and
every other layer of one's own (`custom.` or `webanno.custom.`) that has a feature `label` or `value`. Other layers,
spans without a label and spans without a character are counted in a remark and not read. Without a `TypeSystem.xml` in
the file's folder or the one above it, `NamedEntity` and `custom.Span` alone are known.

XMI counts in UTF-16, the records in code points: cassis converts. The id is `documentTitle`, or else the file's name;
a title that another program gave may be the name of a file, so that its `.xmi` is left off.
A feature structure `ladtl.Record`, which INCEpTION passes over, says whether the record is labelled (without it: if it
has a span) and holds department, split and patient. XML cannot hold control characters: a record with one is refused.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from ladtl_core.errors import DataError, MissingExtraError
from ladtl_core.formats.files import Files, by_name, file_stem, id_of_file, of_several_files, one_file_each, opening
from ladtl_core.formats.scan import Found, Located, Remark, check_strings, text_of
from ladtl_core.records import PLACE, Entity, Record, check_stretch

NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
META_DATA = "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData"
BASIC_SPAN = "custom.Span"
RECORD = "ladtl.Record"
TYPE_SYSTEM = "TypeSystem.xml"
# What every document of INCEpTION has besides its labels.
_STRUCTURE = re.compile(r".*\.(Token|Sentence|TagsetDescription|FeatureDefinition|DocumentMetaData|DocumentAnnotation)")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def scan(files: Files) -> Iterator[Found]:
    """The records, an error for each file that is none, and what was not read. Raises MissingExtraError."""
    return of_several_files(_scan(files))


def write(records: Iterable[Record]) -> Iterator[tuple[str, bytes]]:
    """The type system and one file a record. Raises MissingExtraError, and DataError for what XML cannot hold."""
    cassis = _cassis()
    types = _types(cassis)
    yield TYPE_SYSTEM, types.to_xml().encode()
    yield from one_file_each((r.id, f"{file_stem(r.id)}.xmi", _document(cassis, types, r)) for r in records)


def _cassis() -> Any:
    try:
        import cassis
    except ImportError as error:
        raise MissingExtraError("dkpro-cassis", "The format xmi") from error
    return cassis


def _types(cassis: Any) -> Any:
    """The types that are written, with the names and features that INCEpTION knows."""
    types = cassis.TypeSystem()
    for name, parent, features in (
        (NAMED_ENTITY, "uima.tcas.Annotation", ("value", "identifier")),
        (BASIC_SPAN, "uima.tcas.Annotation", ("label",)),
        (META_DATA, "uima.tcas.DocumentAnnotation", ("documentTitle", "documentId")),
        (RECORD, "uima.cas.TOP", PLACE),
    ):
        made = types.create_type(name, parent)
        for feature in features:
            types.create_feature(made, feature, "uima.cas.String")
    types.create_feature(types.get_type(RECORD), "labelled", "uima.cas.Boolean")
    return types


def _document(cassis: Any, types: Any, record: Record) -> bytes:
    check_strings(record)
    for what in (record.text, record.id, *record.place.values(), *(entity.label for entity in record.entities or ())):
        if found := _NOT_IN_XML.search(what):
            message = f"the record {record.id!r} has the character {found[0]!r}, which XML cannot hold"
            raise DataError(f"{message}; remove it, or choose another format")
    cas = cassis.Cas(typesystem=types)
    cas.sofa_string, cas.sofa_mime = record.text, "text/plain"
    titles = {"documentTitle": record.id, "documentId": record.id}
    cas.add(types.get_type(META_DATA)(begin=0, end=len(record.text), language="x-unspecified", **titles))
    cas.add(types.get_type(RECORD)(labelled=record.entities is not None, **record.place))
    for entity in record.entities or ():
        cas.add(types.get_type(NAMED_ENTITY)(begin=entity.start, end=entity.end, value=entity.label))
    return str(cas.to_xmi()).encode()


def _scan(files: Files) -> Iterator[Found]:
    cassis = _cassis()
    try:
        named = by_name(files)
    except DataError as error:
        yield error
        return
    documents = [name for name in named if name.lower().endswith(".xmi")] or [
        name for name in named if PurePosixPath(name).name != TYPE_SYSTEM
    ]
    ignored: Counter[str] = Counter()
    known: dict[str | None, Any] = {}  # made once for all documents of a folder: it takes longer than a document
    for name in documents:
        try:
            if (beside := _beside(named, name)) not in known:
                known[beside] = _type_system(cassis, named, beside)
            yield _located(cassis, known[beside], named[name], name, ignored)
        except DataError as error:
            yield error.at(name, 1, 1)
    if not documents:
        yield DataError("there is no file; expected a folder with .xmi files")
    elif kinds := +ignored:
        counts = ", ".join(f"{what} {count:,}" for what, count in sorted(kinds.items()))
        yield Remark(f"not read: {counts}", documents[0] if len(documents) == 1 else "the folder")


def _beside(files: Collection[str], name: str) -> str | None:
    """The name of the type system that a document has in its folder or the one above it."""
    folders = (PurePosixPath(name).parent, PurePosixPath(name).parent.parent)
    return next((one for folder in folders if (one := (folder / TYPE_SYSTEM).as_posix()) in files), None)


def _type_system(cassis: Any, files: dict[str, Callable[[], BinaryIO]], beside: str | None) -> Any:
    """Ours, with what the file `beside` the documents adds."""
    types = _types(cassis)
    if beside is None:
        return types
    with opening(files[beside], beside) as file:
        text = _safe_xml(file, beside)
    try:
        return cassis.merge_typesystems(types, cassis.load_typesystem(text))
    except Exception as error:
        raise DataError(f"this is not a type system of UIMA: {error}", file=beside, line=1, column=1) from None


def _located(cassis: Any, types: Any, open_file: Callable[[], BinaryIO], name: str, ignored: Counter[str]) -> Located:
    with opening(open_file, name) as file:
        text = _safe_xml(file, name)
    if not text.strip():
        raise DataError("the file is empty; expected at least one record", file=name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of types that the type system lacks
            cas = cassis.load_cas_from_xmi(text, typesystem=types, lenient=True)
            record = _record(cas, types, id_of_file(name), ignored)
    except DataError as error:
        raise _at_element(error, text) from None
    except Exception as error:  # lxml and cassis have many ways to refuse what is none
        line, column = getattr(error, "position", (1, 1))
        raise DataError(f"this is not XMI: {error}", file=name, line=line, column=max(column, 1)) from None
    check_strings(record)
    return Located(record, name, 1, {entity.label: 1 for entity in record.entities or ()})


def _safe_xml(file: BinaryIO, name: str) -> str:
    text = text_of(file, name)
    if "<!DOCTYPE" in text:
        raise DataError("the file has a document type declaration, which XMI has not; it was not read", file=name)
    return text


def _record(cas: Any, types: Any, default_id: str, ignored: Counter[str]) -> Record:
    text = cas.sofa_string
    if not isinstance(text, str):
        raise DataError("the document has no text (sofaString)", field="sofaString")
    entities = set()
    layers: dict[str, str | None] = {}
    for annotation in cas.select_all_annotations():
        kind = annotation.type.name
        if kind not in layers:
            layers[kind] = _label_feature(types, kind)
        feature = layers[kind]
        label = getattr(annotation, feature) if feature else None
        if feature is None:
            ignored[f"of the layer {kind}"] += not _STRUCTURE.fullmatch(kind)
        elif not label:
            ignored["spans without a label"] += 1
        elif annotation.begin == annotation.end:
            ignored["spans without a character"] += 1
        else:
            check_stretch("span", annotation.begin, annotation.end, text, f"#{annotation.xmiID}")
            entities.add(Entity(annotation.begin, annotation.end, label.strip()))
    own = next(iter(cas.select(RECORD)), None)
    titles = [meta.documentTitle for meta in cas.select(META_DATA) if meta.documentTitle]
    labelled = bool(entities) or (own is not None and str(own.labelled).lower() == "true")
    known = {key: getattr(own, key) for key in PLACE} if own is not None else {}
    title = titles[0].strip() if titles else default_id
    identifier = title if own is not None else title.removesuffix(".xmi")
    return Record(identifier, text, tuple(sorted(entities)) if labelled else None, **known)


def _label_feature(types: Any, kind: str) -> str | None:
    if kind != NAMED_ENTITY and not kind.startswith(("custom.", "webanno.custom.")):
        return None
    features = {feature.name for feature in types.get_type(kind).all_features}
    return next((name for name in ("value", "label") if name in features), None)


def _at_element(error: DataError, text: str) -> DataError:
    """The error with the place of the annotation that its field names by `#` and xmi:id."""
    at = text.find(f'xmi:id="{error.field[1:]}"') if error.field and error.field.startswith("#") else -1
    return error.at(None, text.count("\n", 0, max(at, 0)) + 1, max(at, 0) - text.rfind("\n", 0, max(at, 0)))
