"""The CRF against other libraries: negative log-likelihood with its gradient, Viterbi, marginals, and growth."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

import torch

from benchmarks.crf_peers import PEERS, CrfForm, Problem, ours
from benchmarks.interleaved import Table, interleave
from benchmarks.output import begin, rounds_option, show
from benchmarks.peers import NotInstalled
from benchmarks.switch import COMPILED, TORCH, with_kernels

TAGS = (7, 25)
GROWTH_SIZES = ((8, 40), (32, 40), (32, 160), (128, 160))
GROWTH_TAGS = (3, 9, 27, 81)
TOLERANCE = 2e-4
Calls = dict[str, Callable[[], object]]


def add_options(parser: argparse.ArgumentParser) -> None:
    rounds_option(parser, 20)
    parser.add_argument("--batch", type=int, default=32, help="sentences (32)")
    parser.add_argument("--time", type=int, default=40, help="tokens of the longest sentence (40)")
    parser.add_argument("--no-growth", action="store_true", help="only the comparison, not the growth")


def run(options: argparse.Namespace) -> None:
    begin()
    for num_tags in TAGS:
        problem = Problem.draw(options.batch, options.time, num_tags)
        for table in tables(problem, options.rounds):
            table.title += f", {num_tags} tags, batch {options.batch}, time {options.time}"
            show(table, options, tags=num_tags)
    if not options.no_growth:
        for batch, time in GROWTH_SIZES:
            grow(options, batch, time, TAGS[0])
        for num_tags in GROWTH_TAGS:
            grow(options, options.batch, options.time, num_tags)


def forms(problem: Problem) -> tuple[dict[str, CrfForm], dict[str, str]]:
    """What could be made of each competitor, and a note for those that are not installed."""
    own = ours(problem)
    made, notes = {COMPILED: own, TORCH: own}, {}
    for name, make in PEERS.items():
        try:
            made[name] = make(problem)
        except NotInstalled as error:
            notes[name] = str(error)
    return made, notes


def tables(problem: Problem, rounds: int) -> list[Table]:
    """Loss with gradient, Viterbi and marginals of everybody who has them."""
    made, missing = forms(problem)
    parts: Mapping[str, Calls] = {
        "negative log-likelihood, forward and backward": {name: form.step for name, form in made.items()},
        "Viterbi": {name: form.decode for name, form in made.items() if form.decode is not None},
        "marginals": {name: form.marginals for name, form in made.items() if form.marginals is not None},
    }
    return [compared(title, calls, missing, rounds) for title, calls in parts.items()]


def compared(title: str, calls: Calls, missing: dict[str, str], rounds: int) -> Table:
    calls = {name: with_kernels(name, call) if name in (COMPILED, TORCH) else call for name, call in calls.items()}
    results = {name: call() for name, call in calls.items()}
    agreed = {name: agreement(result, results[TORCH]) for name, result in results.items() if name != TORCH}
    return Table(title, COMPILED, interleave(calls, rounds), {**agreed, **missing})


def agreement(result: object, expected: object) -> str:
    """Whether two results are the same, in words; tensors within TOLERANCE of the largest expected value."""
    if isinstance(result, list):
        return "same paths" if result == expected else "OTHER PATHS"
    pairs = list(zip(*(value if isinstance(value, tuple) else (value,) for value in (result, expected)), strict=True))
    gap = max(float((a - b).abs().max() / b.abs().max().clamp_min(1e-9)) for a, b in pairs)
    what = "value and gradients" if len(pairs) == 3 else "values"
    return f"same {what} ({gap:.0e})" if gap <= TOLERANCE else f"OTHER {what.upper()} ({gap:.0e})"


def grow(options: argparse.Namespace, batch: int, time: int, num_tags: int) -> None:
    """The negative log-likelihood at another size, ours against the most used peer."""
    problem = Problem.draw(batch, time, num_tags)
    made, missing = forms(problem)
    calls: Calls = {name: made[name].step for name in (COMPILED, TORCH, "pytorch-crf") if name in made}
    kept = {name: note for name, note in missing.items() if name == "pytorch-crf"}
    title = f"growth: {num_tags} tags, batch {batch}, time {time}, {int(problem.mask.sum())} tokens"
    table = compared(title, calls, kept, max(options.rounds // 4, 3))
    show(table, options, tags=num_tags, tokens=int(torch.count_nonzero(problem.mask)))
