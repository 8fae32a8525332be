"""The CRF against other libraries: negative log-likelihood with its gradient, Viterbi, marginals, and growth."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from benchmarks.compared import compared
from benchmarks.crf_peers import PEERS, CrfForm, Problem, ours
from benchmarks.interleaved import Table
from benchmarks.output import begin, rounds_option, show, show_growth
from benchmarks.peers import NotInstalled
from benchmarks.switch import COMPILED, TORCH, with_kernels

TAGS = (7, 25)
GROWTH_SIZES = ((8, 40), (32, 40), (32, 160), (128, 160))
GROWTH_TAGS = (3, 9, 27, 81)
Calls = dict[str, Callable[[], object]]


def add_options(parser: argparse.ArgumentParser) -> None:
    rounds_option(parser, 20)
    parser.add_argument("--batch", type=int, default=32, help="sentences (32)")
    parser.add_argument("--time", type=int, default=40, help="tokens of the longest sentence (40)")
    parser.add_argument("--no-growth", action="store_true", help="only the comparison, not the growth")


def run(options: argparse.Namespace) -> None:
    begin(options)
    for num_tags in TAGS:
        problem = Problem.draw(options.batch, options.time, num_tags)
        for table in tables(problem, options.rounds):
            table.title += f", {num_tags} tags, batch {options.batch}, time {options.time}"
            show(table, options, tags=num_tags)
    if not options.no_growth:
        sizes = {f"batch {batch}, time {time}": (batch, time, TAGS[0]) for batch, time in GROWTH_SIZES}
        show_growth(f"growth with tokens, {TAGS[0]} tags", _grown(sizes, options.rounds), options)
        sizes = {f"{num_tags} tags": (options.batch, options.time, num_tags) for num_tags in GROWTH_TAGS}
        show_growth(
            f"growth with tags, batch {options.batch}, time {options.time}", _grown(sizes, options.rounds), options
        )


def _grown(sizes: dict[str, tuple[int, int, int]], rounds: int) -> dict[str, Table]:
    """Negative log-likelihood at several sizes, ours against the most used peer."""
    grown = {}
    for name, (batch, time, num_tags) in sizes.items():
        made, _ = forms(Problem.draw(batch, time, num_tags))
        calls: Calls = {name: made[name].step for name in (COMPILED, TORCH, "pytorch-crf") if name in made}
        grown[name] = compared("growth", with_switch(calls), {}, max(rounds // 4, 3))
    return grown


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
    return [compared(title, with_switch(calls), missing, rounds) for title, calls in parts.items()]


def with_switch(calls: Calls) -> Calls:
    return {name: with_kernels(name, call) if name in (COMPILED, TORCH) else call for name, call in calls.items()}
