"""Formats that need a package: what is written opens in that package's own reader, and without it the error says so."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from ladtl_core.errors import DataError, MissingExtraError
from ladtl_core.formats import FORMATS, Located, in_memory
from ladtl_core.formats.xmi import META_DATA, NAMED_ENTITY
from ladtl_core.records import Entity, Record
from tests.core.formats_kit import again, errors, records_in, remarks, written

TEXT = "👩\u200d⚕️ saw  L5 metastasis\r\n\tnow"
AT = TEXT.index("L5")
RECORD = Record(
    "n/1", TEXT, (Entity(AT, AT + 2, "Site"), Entity(AT, AT + 13, "Problem"), Entity(AT + 4, AT + 8, "Part"))
)
LAYER = "webanno.custom.Finding"


@pytest.mark.parametrize(("key", "package"), [("docbin", "spacy"), ("xmi", "dkpro-cassis")])
def test_without_the_package_the_error_says_what_to_install(
    key: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("spacy", "spacy.tokens", "cassis"):
        monkeypatch.setitem(sys.modules, name, None)  # an import of it fails
    with pytest.raises(MissingExtraError, match=f"The format {key} needs the package {package}: pip install {package}"):
        written(key, [RECORD])
    with pytest.raises(MissingExtraError):
        list(FORMATS[key].scan(in_memory([("x", b"x")])))


def test_docbin_opens_in_spacy(tmp_path: Path) -> None:
    spacy_tokens = pytest.importorskip("spacy.tokens")
    from spacy.vocab import Vocab

    [(_, data)] = written("docbin", [RECORD, Record("2", "fever"), Record("3", "cough", ())])
    (tmp_path / "train.spacy").write_bytes(data)
    first, second, third = spacy_tokens.DocBin().from_disk(tmp_path / "train.spacy").get_docs(Vocab())
    assert first.text == TEXT and first.user_data["id"] == "n/1"
    found = {(span.start_char, span.end_char, span.label_) for span in first.spans["sc"]}
    assert found == {(e.start, e.end, e.label) for e in RECORD.entities or ()}
    assert [(e.text, e.label_) for e in first.ents] == [("L5 metastasis", "Problem")]
    assert not second.has_annotation("ENT_IOB") and third.has_annotation("ENT_IOB") and not third.ents


def test_docbin_of_spacy_itself_is_read(tmp_path: Path) -> None:
    spacy_tokens = pytest.importorskip("spacy.tokens")
    from spacy.vocab import Vocab

    doc = spacy_tokens.Doc(Vocab(), words=["No", "fever", "."], spaces=[True, False, False], ents=["O", "B-P", "O"])
    doc.spans["other"] = [doc[0:1]]
    data = spacy_tokens.DocBin(docs=[doc]).to_bytes()
    [record] = records_in("docbin", ("dev.spacy", data))
    assert record == Record("dev-1", "No fever.", (Entity(3, 8, "P"),))
    assert remarks("docbin", ("dev.spacy", data)) == ["span groups that are not read: other"]
    assert errors("docbin", b"text") == ["notes, line 1, column 1: this is not a DocBin that spaCy can read"]


def cas_of(xmi: bytes, types: bytes) -> Any:
    cassis = pytest.importorskip("cassis")
    return cassis.load_cas_from_xmi(xmi.decode(), typesystem=cassis.load_typesystem(types.decode()))


def test_xmi_opens_in_cassis_and_counts_in_utf16() -> None:
    pytest.importorskip("cassis")
    files = dict(written("xmi", [RECORD]))
    assert list(files) == ["TypeSystem.xml", "n%2F1.xmi"]
    cas = cas_of(files["n%2F1.xmi"], files["TypeSystem.xml"])
    assert cas.sofa_string == TEXT
    found = {(a.begin, a.end, a.value) for a in cas.select(NAMED_ENTITY)}
    assert found == {(e.start, e.end, e.label) for e in RECORD.entities or ()}
    begins = {int(value) for value in re.findall(rb'NamedEntity [^>]*begin="(\d+)"', files["n%2F1.xmi"])}
    assert begins == {len(TEXT[: e.start].encode("utf-16-le")) // 2 for e in RECORD.entities or ()}
    assert min(begins) == AT + 1


def own_layer(feature: str, *annotations: tuple[int, int, str | None]) -> list[tuple[str, bytes]]:
    """A document as INCEpTION exports it: a layer of one's own, tokens, and no mark of ours."""
    cassis = pytest.importorskip("cassis")
    types = cassis.TypeSystem()
    layer = types.create_type(LAYER, "uima.tcas.Annotation")
    types.create_feature(layer, feature, "uima.cas.String")
    token = types.create_type("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token", "uima.tcas.Annotation")
    lemma = types.create_type("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Lemma", "uima.tcas.Annotation")
    cas = cassis.Cas(typesystem=types)
    cas.sofa_string, cas.sofa_mime = TEXT, "text/plain"
    cas.add_all([token(begin=0, end=2), lemma(begin=0, end=2)])
    cas.add_all([layer(begin=begin, end=end, **{feature: value}) for begin, end, value in annotations])
    return [("n1/TypeSystem.xml", types.to_xml().encode()), ("n1/ann.xmi", cas.to_xmi().encode())]


@pytest.mark.parametrize("feature", ["value", "label"])
def test_xmi_of_inception_with_a_layer_of_ones_own(feature: str) -> None:
    files = own_layer(feature, (AT, AT + 2, "Site"), (0, 1, None), (3, 3, "Site"))
    [record] = records_in("xmi", *files)
    assert record == Record("n1/ann", TEXT, (Entity(AT, AT + 2, "Site"),))
    [said] = remarks("xmi", *files)
    for part in ("segmentation.type.Lemma 1", "spans without a label 1", "spans without a character 1"):
        assert part in said
    assert "Token" not in said


def test_xmi_of_another_program_may_have_the_name_of_a_file_as_its_title() -> None:
    cassis = pytest.importorskip("cassis")
    types = cassis.TypeSystem()
    meta = types.create_type(META_DATA, "uima.tcas.DocumentAnnotation")
    types.create_feature(meta, "documentTitle", "uima.cas.String")
    cas = cassis.Cas(typesystem=types)
    cas.sofa_string, cas.sofa_mime = TEXT, "text/plain"
    cas.add(meta(begin=0, end=len(TEXT), documentTitle="n7.xmi"))
    assert records_in("xmi", ("admin.xmi", cas.to_xmi().encode())) == [Record("n7", TEXT)]
    assert [record.id for record in again("xmi", [Record("n7.xmi", TEXT)])] == ["n7.xmi"]


def test_xmi_without_its_type_system_and_without_spans() -> None:
    pytest.importorskip("cassis")
    assert records_in("xmi", own_layer("value")[1]) == [Record("n1/ann", TEXT, None)]
    files = dict(written("xmi", [RECORD]))
    assert records_in("xmi", ("x.xmi", files["n%2F1.xmi"])) == [again("xmi", [RECORD])[0]]


def test_xmi_errors_have_a_place() -> None:
    pytest.importorskip("cassis")
    with pytest.raises(DataError, match=r"the record '1' has the character '\\x0b', which XML cannot hold"):
        written("xmi", [Record("1", "a\x0bb")])
    [good] = [data for name, data in written("xmi", [RECORD]) if name.endswith(".xmi")]
    [outside] = errors("xmi", good.replace(b'end="%d"' % (AT + 3), b'end="99"').replace(b"><", b">\n<"), "a.xmi")
    assert re.match(r"a\.xmi, line \d+, column \d+: ", outside)
    [broken] = errors("xmi", good.replace(b"</xmi:XMI>", b"\n<x"), "a.xmi")
    assert broken.startswith("a.xmi, line 3, column 3") and "this is not XMI" in broken
    [declared] = errors("xmi", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "a.xmi")
    assert "document type declaration" in declared
    assert errors("xmi", b" \n", "a.xmi") == [
        "a.xmi, line 1, column 1: the file is empty; expected at least one record"
    ]
    found = [item for item in FORMATS["xmi"].scan(in_memory([("bad.xmi", b"x"), ("n.xmi", good)]))]
    assert isinstance(found[0], DataError) and isinstance(found[1], Located)
