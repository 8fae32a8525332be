"""A training epoch of a plain Bi-LSTM-CRF against other libraries, F1 after the same number of epochs, and how near
the epoch comes to the matrix products of its LSTM alone."""

from __future__ import annotations

import argparse
import statistics

from benchmarks.corpora import ROOT, corpus_option, single
from benchmarks.interleaved import Table, interleave
from benchmarks.machine import LARGE, SMALL, STEP, gemm_peak
from benchmarks.output import begin, record, show
from benchmarks.peers import NotInstalled
from benchmarks.switch import COMPILED, OURS
from benchmarks.tagger_peers import TAGGERS
from benchmarks.taggers import Competitor, Task
from ladtl_core.data import TrainingData, gold_tags
from ladtl_core.evaluation import f1
from ladtl_core.vocab import labels_of

WEIBO = ROOT.parent / "shared" / "corpora" / "weibo_ner2"


def add_options(parser: argparse.ArgumentParser) -> None:
    corpus_option(parser, WEIBO)
    parser.add_argument("--epochs", type=int, default=10, help="epochs, each of which is a round (10)")
    parser.add_argument("--only", nargs="+", choices=TAGGERS, help="these competitors; ours is always one")


def run(options: argparse.Namespace) -> None:
    begin(options, products=True)
    data = single(options.corpus)
    task = task_of(data)
    tokens = sum(len(sentence.tokens) for sentence in task.sentences)
    print(f"{len(task.sentences)} sentences, {tokens} tokens, {len(task.labels)} labels\n", flush=True)
    made, notes = competitors(task, options.only)
    times = interleave({name: tagger.epoch for name, tagger in made.items()}, options.epochs, warm_up=False)
    notes |= {name: dev_score(tagger, data) for name, tagger in made.items()}
    show(Table(f"one epoch of {options.epochs}", OURS, times, notes), options, tokens=tokens)
    floor = roofline(task, tokens)
    share = floor / statistics.median(times[COMPILED])
    print(f"matrix products of the LSTM at the machine's peak: {floor:.3f} s; our epoch's share: {share:.2f}")
    record(options, {"table": "roofline", "seconds": floor, "share": share})


def task_of(data: TrainingData) -> Task:
    return Task(data.target, sorted(labels_of(data.target) | labels_of(data.dev)))


def competitors(task: Task, only: list[str] | None = None) -> tuple[dict[str, Competitor], dict[str, str]]:
    """The taggers that can be made, and a note for the others."""
    made, notes = {}, {}
    for name, make in TAGGERS.items():
        if only and name not in (*only, *OURS):
            continue
        try:
            made[name] = make(task)
        except NotInstalled as error:
            notes[name] = str(error)
    return made, notes


def dev_score(tagger: Competitor, data: TrainingData) -> str:
    if not data.dev:
        return "no dev set"
    return f"dev F1 {f1(gold_tags(data.dev), tagger.predict(data.dev)).f1:.1f}"


def roofline(task: Task, tokens: int) -> float:
    """Seconds that the LSTM's matrix products take at the peak rate: both directions, forward and twice that back."""
    gates = 4 * task.hidden_size
    forward = 2 * 2 * gates * (task.word_size + task.hidden_size)
    return 3 * forward * tokens / max(gemm_peak(shape) for shape in (LARGE, STEP, SMALL))
