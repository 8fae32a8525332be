"""Predictions of a tagger: tags of sentences, and spans of records with their confidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from ladtl_core import checkpoint
from ladtl_core.batching import Forms, Prepared, form_table, number_forms
from ladtl_core.config import Config
from ladtl_core.errors import DataError
from ladtl_core.methods import TARGET
from ladtl_core.records import Prediction, Record, Sentence
from ladtl_core.tagger import Tagger
from ladtl_core.text import bio_to_spans, to_sentences
from ladtl_core.vocab import Vocabulary

_BATCH = 64
_TINY = 1e-37


def predict(tagger: Tagger, records: Sequence[Record]) -> list[list[Prediction]]:
    """The spans of each record, in the order of the text.

    The confidence of a span (0-1) is the exact probability, under the target's CRF, that its tokens carry its tags and
    that it ends where it ends (Culotta & McCallum, HLT-NAACL 2004); it follows from the pairwise marginals.
    """
    sentences = [to_sentences(record, tagger.config.model.scheme) for record in records]
    flat = [sentence for of_record in sentences for sentence in of_record]
    data, table = prepare(tagger, flat)
    spans: list[list[Prediction]] = [[] for _ in flat]
    head = tagger.decoder()
    tagger.eval()
    with torch.no_grad():
        for rows, batch in data.in_order_of_length(_BATCH):
            emissions = tagger.emissions(table, batch, head)
            paths = head.crf.decode(emissions, batch.mask, tagger.allowed)
            unary, pairwise = (part.numpy() for part in head.crf.pairwise_marginals(emissions, batch.mask))
            for place, (row, path) in enumerate(zip(rows, paths, strict=True)):
                spans[row] = _spans(flat[row], path, head.tags, unary[place], pairwise[place])
    ahead = iter(spans)
    return [[span for _ in of_record for span in next(ahead)] for of_record in sentences]


def predict_tags(tagger: Tagger, data: Prepared, table: Forms) -> list[list[str]]:
    """The best path of each prepared sentence under the target's CRF."""
    head = tagger.decoder()
    tags: list[list[str]] = [[] for _ in range(len(data))]
    tagger.eval()
    with torch.no_grad():
        for rows, batch in data.in_order_of_length(_BATCH):
            emissions = tagger.emissions(table, batch, head)
            for row, path in zip(rows, head.crf.decode(emissions, batch.mask, tagger.allowed), strict=True):
                tags[row] = [head.tags[i] for i in path]
    return tags


def prepare(tagger: Tagger, sentences: Sequence[Sentence]) -> tuple[Prepared, Forms]:
    """Tensors of sentences that the tagger may never have seen."""
    numbers = number_forms([sentences])
    table = form_table(numbers, tagger.vocabulary, tagger.config.model.unknown)
    return Prepared(sentences, tagger.tags[TARGET], numbers), table


def _spans(
    sentence: Sentence, path: list[int], tags: tuple[str, ...], unary: NDArray[Any], pairwise: NDArray[Any]
) -> list[Prediction]:
    """Spans of one sentence; `unary` (time, tags) and `pairwise` (time - 1, tags, tags) are its marginals."""
    names = [tags[i] for i in path]
    found = []
    for entity in bio_to_spans(names, sentence.offsets):
        first = next(i for i, (start, _) in enumerate(sentence.offsets) if start == entity.start)
        last = next(i for i in range(first, len(path)) if sentence.offsets[i][1] == entity.end)
        probability = unary[first, path[first]]
        for i in range(first, last):
            probability *= pairwise[i, path[i], path[i + 1]] / max(unary[i, path[i]], _TINY)
        inside = f"I-{entity.label}"
        if last + 1 < len(path) and inside in tags:
            probability *= 1 - pairwise[last, path[last], tags.index(inside)] / max(unary[last, path[last]], _TINY)
        confidence = round(min(max(float(probability), 0.0), 1.0), 4)
        found.append(Prediction(entity.start, entity.end, entity.label, confidence))
    return found


def save_tagger(tagger: Tagger, folder: Path) -> None:
    """`model.safetensors` and `model.json` in `folder`; nothing in them is code."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint.write(folder / "model.safetensors", tagger.state_dict())
    about = {"config": tagger.config.to_dict(), "vocabulary": tagger.vocabulary.to_dict(), "tags": tagger.tags}
    (folder / "model.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def load_tagger(folder: Path) -> Tagger:
    """The tagger that `save_tagger` wrote; DataError where the folder holds none."""
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        tags = {domain: tuple(of_domain) for domain, of_domain in about["tags"].items()}
        tagger = Tagger(Config.from_dict(about["config"]), Vocabulary.from_dict(about["vocabulary"]), tags)
        tagger.load_state_dict(load_file(folder / "model.safetensors"))
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise DataError(f"holds no model that can be read ({error})", file=str(folder)) from error
    tagger.eval()
    return tagger
