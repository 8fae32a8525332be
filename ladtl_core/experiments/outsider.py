"""The practical outsider: what a person gets from spaCy's trainer on the same sentences, source and target together.

spaCy's own quick-start settings for a small entity recogniser (`spacy init config -p ner -o efficiency`, no pre-trained
vectors), its own stopping, its best epoch on dev.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ladtl_core.data import TrainingData
from ladtl_core.errors import MissingExtraError
from ladtl_core.records import Sentence
from ladtl_core.vocab import labels_of


def spacy_tags(data: TrainingData, seed: int) -> dict[str, list[list[str]]]:
    """BIO tags of dev and test, sentence by sentence. Raises MissingExtraError without spaCy."""
    try:
        import spacy
        from spacy.cli.init_config import init_config
        from spacy.training.initialize import init_nlp
        from spacy.training.loop import train
    except ImportError as error:
        raise MissingExtraError("spacy", "The experiment with spaCy") from error
    config = init_config(lang="xx", pipeline=["ner"], optimize="efficiency", silent=True)
    config["system"]["seed"] = config["training"]["seed"] = seed
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w", encoding="utf-8") as quiet:
        for name, sentences in (("train", (*data.source, *data.target)), ("dev", data.dev)):
            config["paths"][name] = str(_written(sentences, Path(folder, f"{name}.spacy")))
        train(init_nlp(config), Path(folder), stdout=quiet, stderr=quiet)
        tagger = spacy.load(Path(folder, "model-best"))
    labels = labels_of(data.target) | labels_of(data.dev)
    return {"dev": _predicted(tagger, data.dev, labels), "test": _predicted(tagger, data.test, labels)}


def _written(sentences: Iterable[Sentence], path: Path) -> Path:
    """A document a sentence, as spaCy's trainer reads them."""
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

    vocab = Vocab()
    DocBin(docs=[Doc(vocab, words=list(s.tokens), ents=list(s.tags or ())) for s in sentences]).to_disk(path)
    return path


def _predicted(tagger: Any, sentences: Sequence[Sentence], labels: set[str]) -> list[list[str]]:
    """What is none of the target's labels counts as O, as for the other systems."""
    from spacy.tokens import Doc

    found = tagger.pipe(Doc(tagger.vocab, words=list(sentence.tokens)) for sentence in sentences)
    return [[f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ in labels else "O" for t in document] for document in found]
