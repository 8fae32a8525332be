"""Taggers of other libraries: the same data, sizes and batch size, through their public functions.

Their own trainers do more than train (they write files and logs), so each runs in a plain loop, which is faster.
Their batches are random, as in their trainers, ours of similar length. Adam for all; spaCy's is its own, with its own
learning rate.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from benchmarks.peers import peer
from benchmarks.switch import COMPILED, TORCH
from benchmarks.taggers import CLIP, Competitor, Ours, Tags, Task
from ladtl_core.records import Sentence
from ladtl_core.text import bio_to_spans
from ladtl_core.vocab import tag_set

FLAIR, BI_LSTM_CRF, SPACY = "flair", "bi-lstm-crf", "spaCy"


class Flair:
    """SequenceTagger with an LSTM, a CRF and one-hot embeddings, which are a trained table; no second projection."""

    def __init__(self, task: Task) -> None:
        flair: Any = peer("flair")
        self.data, self.models = peer("flair.data"), peer("flair.models")
        self.training_utils = peer("flair.training_utils")
        logging.getLogger("flair").setLevel(logging.WARNING)
        flair.device = torch.device("cpu")
        flair.set_seed(task.seed)
        self.task = task
        self.sentences = [self._labelled(sentence) for sentence in task.sentences]
        labels = self.data.Dictionary(add_unk=False)
        for label in task.labels:
            labels.add_item(label)
        labels.span_labels = True
        corpus = self.data.Corpus(train=self.sentences, sample_missing_splits=False)
        embeddings = peer("flair.embeddings").OneHotEmbeddings.from_corpus(
            corpus, min_freq=1, embedding_length=task.word_size
        )
        self.tagger = self.models.SequenceTagger(
            embeddings=embeddings,
            tag_dictionary=labels,
            tag_type="ner",
            tag_format="BIO",
            hidden_size=task.hidden_size,
            reproject_embeddings=False,
        )
        self.optimizer = torch.optim.Adam(self.tagger.parameters(), lr=task.learning_rate, fused=True)
        self.random = random.Random(task.seed)

    def _plain(self, sentence: Sentence) -> Any:
        return self.data.Sentence(list(sentence.tokens))

    def _labelled(self, sentence: Sentence) -> Any:
        made = self._plain(sentence)
        for begin, end, label in _spans(sentence):
            made[begin:end].add_label("ner", label)
        return made

    def epoch(self) -> None:
        torch.manual_seed(self.random.getrandbits(32))  # whoever drew numbers since the last epoch
        self.tagger.train()
        for rows in _shuffled(len(self.sentences), self.task.batch_size, self.random):
            batch = [self.sentences[i] for i in rows]
            self.optimizer.zero_grad()
            loss, _ = self.tagger.forward_loss(batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.tagger.parameters(), CLIP)
            self.optimizer.step()
            self.training_utils.store_embeddings(batch, "none")

    def predict(self, sentences: Sequence[Sentence]) -> Tags:
        made = [self._plain(sentence) for sentence in sentences]
        self.tagger.eval()
        self.tagger.predict(made, mini_batch_size=64)
        result = []
        for sentence in made:
            tags = ["O"] * len(sentence)
            for span in sentence.get_spans("ner"):
                for i, token in enumerate(span.tokens):
                    tags[token.idx - 1] = f"{'I' if i else 'B'}-{span.tag}"
            result.append(tags)
        return result


class BiLstmCrf:
    """The package's BiRnnCrf, each batch padded to its own longest sentence; it has no dropout."""

    def __init__(self, task: Task) -> None:
        library = peer("bi_lstm_crf")
        torch.manual_seed(task.seed)
        self.task = task
        self.tags = tag_set(task.labels)
        words = sorted({token for sentence in task.sentences for token in sentence.tokens})
        self.words = {word: i for i, word in enumerate(words, start=2)}  # 0 is padding, 1 unknown
        self.model = library.BiRnnCrf(len(words) + 2, len(self.tags), task.word_size, 2 * task.hidden_size)
        numbers = {tag: i for i, tag in enumerate(self.tags)}
        self.forms = [self._numbered(sentence) for sentence in task.sentences]
        self.gold = [torch.tensor([numbers[tag] for tag in sentence.tags or ()]) for sentence in task.sentences]
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=task.learning_rate, fused=True)
        self.random = random.Random(task.seed)

    def _numbered(self, sentence: Sentence) -> torch.Tensor:
        return torch.tensor([self.words.get(token, 1) for token in sentence.tokens])

    def epoch(self) -> None:
        self.model.train()
        for rows in _shuffled(len(self.forms), self.task.batch_size, self.random):
            forms, gold = (pad_sequence([part[i] for i in rows], batch_first=True) for part in (self.forms, self.gold))
            self.optimizer.zero_grad()
            self.model.loss(forms, gold).backward()
            self.optimizer.step()

    def predict(self, sentences: Sequence[Sentence]) -> Tags:
        self.model.eval()
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i].tokens))
        result: Tags = [[] for _ in sentences]
        with torch.no_grad():
            for begin in range(0, len(order), 64):
                rows = order[begin : begin + 64]
                forms = pad_sequence([self._numbered(sentences[i]) for i in rows], batch_first=True)
                for i, path in zip(rows, self.model(forms)[1], strict=True):
                    result[i] = [self.tags[tag] if tag < len(self.tags) else "O" for tag in path]
        return result


class Spacy:
    """The `ner` pipe with its default convolutions (width 96, depth 4) and transitions, trained from scratch."""

    def __init__(self, task: Task) -> None:
        self.spacy = peer("spacy")
        self.tokens, training = peer("spacy.tokens"), peer("spacy.training")
        self.spacy.util.fix_random_seed(task.seed)
        self.task = task
        self.nlp = self.spacy.blank("xx")
        pipe = self.nlp.add_pipe("ner")
        for label in task.labels:
            pipe.add_label(label)
        self.examples = [
            training.Example.from_dict(
                self._document(sentence), {"entities": training.iob_to_biluo(list(sentence.tags or ()))}
            )
            for sentence in task.sentences
        ]
        self.optimizer = self.nlp.initialize(lambda: self.examples)
        self.random = random.Random(task.seed)

    def _document(self, sentence: Sentence) -> Any:
        return self.tokens.Doc(self.nlp.vocab, words=list(sentence.tokens))

    def epoch(self) -> None:
        for rows in _shuffled(len(self.examples), self.task.batch_size, self.random):
            self.nlp.update([self.examples[i] for i in rows], sgd=self.optimizer, drop=0.1)

    def predict(self, sentences: Sequence[Sentence]) -> Tags:
        documents = self.nlp.pipe((self._document(sentence) for sentence in sentences), batch_size=256)
        return [
            [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O" for token in document]
            for document in documents
        ]


def _spans(sentence: Sentence) -> Iterator[tuple[int, int, str]]:
    """Entities as tokens [begin, end) with their label."""
    places = tuple((i, i + 1) for i in range(len(sentence.tokens)))
    for entity in bio_to_spans(sentence.tags or (), places):
        yield entity.start, entity.end, entity.label


def _shuffled(count: int, batch_size: int, source: random.Random) -> Iterator[list[int]]:
    order = list(range(count))
    source.shuffle(order)
    for begin in range(0, count, batch_size):
        yield order[begin : begin + batch_size]


TAGGERS: dict[str, Callable[[Task], Competitor]] = {
    COMPILED: partial(Ours, kernels=COMPILED),
    TORCH: partial(Ours, kernels=TORCH),
    FLAIR: Flair,
    BI_LSTM_CRF: BiLstmCrf,
    SPACY: Spacy,
}
