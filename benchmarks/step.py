"""A whole La-DTL step against the form that one would write first, on the same sentences, and where its time goes."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
import torch
from torch import Tensor

from benchmarks import naive
from benchmarks.corpora import corpus_option, pair
from benchmarks.interleaved import Table, interleave
from benchmarks.naive import NaiveTagger
from benchmarks.output import begin, record, rounds_option, show
from benchmarks.profile import profile
from benchmarks.switch import COMPILED, OURS, TORCH, with_kernels
from ladtl_core.batching import Batch, Batches, Forms, Prepared, form_table, number_forms
from ladtl_core.config import Config
from ladtl_core.methods import METHODS, SOURCE, TARGET
from ladtl_core.objective import objective
from ladtl_core.tagger import Tagger
from ladtl_core.vocab import Vocabulary, labels_of, tag_set

SENTENCES = 320
CLIP = 5.0
Pairs = list[dict[str, Batch]]


def add_options(parser: argparse.ArgumentParser) -> None:
    rounds_option(parser, 5)
    corpus_option(parser)
    parser.add_argument("--sentences", type=int, default=SENTENCES, help=f"sentences of each department ({SENTENCES})")


@dataclass
class Problem:
    """A fresh tagger and one pass over the same sentences, in the library's batches and in random ones."""

    tagger: Tagger
    table: Forms
    sorted_pairs: Pairs
    random_pairs: Pairs

    @property
    def tokens(self) -> int:
        return sum(int(batch.mask.sum()) for batches in self.sorted_pairs for batch in batches.values())


def run(options: argparse.Namespace) -> None:
    begin(options, products=True)
    made = problem(options)
    print(f"{made.tokens} tokens in {len(made.sorted_pairs)} steps; padding {padding(made.sorted_pairs):.0%},")
    print(f"in random batches {padding(made.random_pairs):.0%}")
    print(f"first step without dropout: {first_step(made)}\n", flush=True)
    table = compare(made, options.rounds)
    show(table, options, tokens=made.tokens)
    parts = profile(made.tagger, made.table, made.sorted_pairs, CLIP, options.rounds)
    print("### where a step's time goes\n")
    for name, share in parts.items():
        print(f"- {name}: {share:.0%}")
    record(options, {"table": "profile", **parts})


def problem(options: argparse.Namespace) -> Problem:
    data = pair(options.corpus)
    config = Config()
    parts = {SOURCE: data.source[: options.sentences], TARGET: data.target[: options.sentences]}
    torch.manual_seed(0)
    tags = {domain: tag_set(labels_of(sentences)) for domain, sentences in parts.items()}
    tagger = Tagger(config, Vocabulary.of([*parts[SOURCE], *parts[TARGET]]), tags)
    numbers = number_forms(list(parts.values()))
    prepared = {domain: Prepared(sentences, tags[domain], numbers) for domain, sentences in parts.items()}
    size = config.training.batch_size
    in_buckets = {domain: _in_buckets(part, size) for domain, part in prepared.items()}
    at_random = {domain: _at_random(part, size) for domain, part in prepared.items()}
    return Problem(tagger, form_table(numbers, tagger.vocabulary), _paired(in_buckets), _paired(at_random))


def _in_buckets(part: Prepared, size: int) -> list[Batch]:
    batches = Batches(part, size, seed=0)
    return [batches[i] for i in range(batches.per_pass)]


def _at_random(part: Prepared, size: int) -> list[Batch]:
    order = np.random.default_rng(0).permutation(len(part)).tolist()
    return [part.batch(order[i : i + size]) for i in range(0, len(order), size)]


def _paired(batches: dict[str, list[Batch]]) -> Pairs:
    """As many steps as the longer domain has batches; the shorter begins again."""
    steps = max(len(of_domain) for of_domain in batches.values())
    repeated = {domain: list(islice(cycle(of_domain), steps)) for domain, of_domain in batches.items()}
    return [{domain: of_domain[i] for domain, of_domain in repeated.items()} for i in range(steps)]


def padding(pairs: Pairs) -> float:
    masks = [batch.mask for batches in pairs for batch in batches.values()]
    return 1 - sum(int(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)


def our_loss(tagger: Tagger, table: Forms, batches: dict[str, Batch]) -> Tensor:
    return objective(METHODS["la-dtl"], tagger, table, batches, tagger.config.transfer)[0]


def first_step(made: Problem) -> str:
    """How far the naive form's loss is from ours, in float64 and in float32."""
    said = []
    for dtype in (torch.float64, torch.float32):
        tagger = copy.deepcopy(made.tagger).to(dtype).eval()
        batches = made.sorted_pairs[0]
        ours = float(our_loss(tagger, made.table, batches).detach())
        theirs = float(
            naive.objective(NaiveTagger(tagger).eval(), made.table, batches, tagger.config.transfer).detach()
        )
        said.append(f"{str(dtype).removeprefix('torch.')} ours {ours:.6f}, naive {theirs:.6f}")
    return "; ".join(said)


def compare(made: Problem, rounds: int) -> Table:
    ours = our_pass(made)
    calls = {
        COMPILED: with_kernels(COMPILED, ours),
        TORCH: with_kernels(TORCH, ours),
        "naive, the same batches": naive_pass(made, made.sorted_pairs),
        "naive, random batches": naive_pass(made, made.random_pairs),
        "naive, random batches, every token spelled": naive_pass(made, made.random_pairs, spell_each=True),
    }
    times = interleave(calls, rounds, fill=0)
    notes = {name: f"{1e6 * float(np.median(of)) / made.tokens:.0f} us/token" for name, of in times.items()}
    return Table(f"{len(made.sorted_pairs)} La-DTL steps", OURS, times, notes)


def our_pass(made: Problem) -> Callable[[], None]:
    tagger = copy.deepcopy(made.tagger).train()
    optimizer = torch.optim.Adam(tagger.parameters(), lr=tagger.config.training.learning_rate, fused=True)

    def one_pass() -> None:
        for batches in made.sorted_pairs:
            optimizer.zero_grad()
            our_loss(tagger, made.table, batches).backward()
            torch.nn.utils.clip_grad_norm_(tagger.parameters(), CLIP)
            optimizer.step()

    return one_pass


def naive_pass(made: Problem, pairs: Pairs, *, spell_each: bool = False) -> Callable[[], None]:
    model = NaiveTagger(copy.deepcopy(made.tagger), spell_each=spell_each).train()
    config = made.tagger.config
    optimizer = torch.optim.Adam(model.trained(), lr=config.training.learning_rate)

    def one_pass() -> None:
        for batches in pairs:
            optimizer.zero_grad()
            naive.objective(model, made.table, batches, config.transfer).backward()
            torch.nn.utils.clip_grad_norm_(model.trained(), CLIP)
            optimizer.step()

    return one_pass
