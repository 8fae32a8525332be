"""Prediction of a whole department, from strings to tags, against other libraries."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence

from benchmarks.corpora import corpus_option, single
from benchmarks.epoch import WEIBO, competitors, dev_score, task_of
from benchmarks.interleaved import Table, Times, interleave
from benchmarks.output import begin, rounds_option, show, show_growth
from benchmarks.switch import OURS
from benchmarks.tagger_peers import TAGGERS
from benchmarks.taggers import Competitor
from ladtl_core.records import Sentence


def add_options(parser: argparse.ArgumentParser) -> None:
    rounds_option(parser, 5)
    corpus_option(parser, WEIBO)
    parser.add_argument("--epochs", type=int, default=3, help="epochs of training before (3)")
    parser.add_argument("--only", nargs="+", choices=TAGGERS, help="these competitors; ours is always one")


def run(options: argparse.Namespace) -> None:
    begin(options)
    data = single(options.corpus)
    department = (*data.target, *data.dev, *data.test, *data.unlabelled)
    tokens = sum(len(sentence.tokens) for sentence in department)
    made, notes = competitors(task_of(data), options.only)
    for tagger in made.values():
        for _ in range(options.epochs):
            tagger.epoch()
    times = predict(made, department, options.rounds)
    for name, of in times.items():
        notes[name] = f"{tokens / statistics.median(of):,.0f} tokens/s; {dev_score(made[name], data)}"
    title = f"tags of {len(department)} sentences, {tokens} tokens"
    show(Table(title, OURS, times, notes), options, tokens=tokens)
    parts = {f"{len(part)} sentences": part for part in (department[::16], department[::4], department)}
    tables = {size: Table("growth", OURS, predict(made, part, 3)) for size, part in parts.items()}
    show_growth("growth with records", tables, options)


def predict(made: Mapping[str, Competitor], sentences: Sequence[Sentence], rounds: int) -> Times:
    """Seconds of each tagger for these sentences."""
    calls = {name: (lambda tagger=tagger: tagger.predict(sentences)) for name, tagger in made.items()}
    return interleave(calls, rounds, fill=0)
