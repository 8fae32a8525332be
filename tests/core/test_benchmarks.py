"""The benchmarks: ratios on fake clocks, commands that parse, and the naive form of the method, which must agree."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable

import pytest
import torch

from benchmarks import naive
from benchmarks.__main__ import COMMANDS, parser_of
from benchmarks.interleaved import Table, growth, interleave, rotated
from benchmarks.naive import NaiveTagger
from benchmarks.step import Problem, our_loss, padding, problem
from ladtl_core.crf import LinearChainCrf
from ladtl_core.methods import SOURCE, TARGET


class FakeMachine:
    """A clock that only its own work moves; every second round is twice as slow."""

    def __init__(self) -> None:
        self.now, self.log = 0.0, list[str]()

    def work(self, name: str, seconds: float) -> Callable[[], None]:
        def call() -> None:
            self.log.append(name)
            self.now += seconds * (2 if len(self.log) > 6 else 1)

        return call


def test_rounds_rotate_and_ratios_are_of_the_same_round() -> None:
    machine = FakeMachine()
    calls = {"ours": machine.work("ours", 1.0), "theirs": machine.work("theirs", 3.0)}
    times = interleave(calls, 4, fill=0, clock=lambda: machine.now)
    assert machine.log == ["ours", "theirs"] + ["ours", "theirs", "theirs", "ours"] * 2
    assert times == {"ours": [1, 1, 2, 2], "theirs": [3, 3, 6, 6]}
    row = Table("t", ("ours",), times).rows()[1]
    assert (row["median"], row["over ours"]) == (4.5, (3, 3, 3))


def test_short_calls_are_repeated_until_they_fill_the_time() -> None:
    machine = FakeMachine()
    times = interleave({"ours": machine.work("ours", 0.25)}, 1, fill=1.0, clock=lambda: machine.now)
    assert len(machine.log) == 2 + 4 and times == {"ours": [0.25]}


def test_without_a_warm_up_nothing_runs_untimed() -> None:
    machine = FakeMachine()
    interleave({"ours": machine.work("ours", 1.0)}, 3, warm_up=False, clock=lambda: machine.now)
    assert machine.log == ["ours"] * 3


def test_every_competitor_is_first_once() -> None:
    assert [rotated(["a", "b", "c"], i)[0] for i in range(4)] == ["a", "b", "c", "a"]


def test_tables_name_what_did_not_run() -> None:
    table = Table(
        "t", ("ours",), {"ours": [1.0, 2.0], "theirs": [2.0, 8.0]}, {"theirs": "same", "other": "not installed"}
    )
    lines = table.markdown().splitlines()
    assert lines[4:] == [
        "| ours | 1500.000 | 1.00 (1.00-1.00) |  |",
        "| theirs | 5000.000 | 3.00 (2.00-4.00) | same |",
        "| other |  |  | not installed |",
    ]
    assert growth("g", {"10": table}).splitlines()[-1] == "| 10 | 1500.000 (1.00) | 5000.000 (3.00) |"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_parser(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parser_of(command).parse_args(["--help"])
    assert stop.value.code == 0 and "--json" in capsys.readouterr().out


@pytest.fixture(scope="module")
def made() -> Problem:
    found = problem(argparse.Namespace(corpus=None, sentences=48))
    found.tagger.double().eval()
    return found


@pytest.mark.parametrize("spell_each", [False, True])
def test_naive_objective_has_our_value_and_gradients(made: Problem, spell_each: bool) -> None:
    tagger, batches = made.tagger, made.sorted_pairs[0]
    model = NaiveTagger(copy.deepcopy(tagger), spell_each=spell_each).eval()
    ours = our_loss(tagger, made.table, batches)
    theirs = naive.objective(model, made.table, batches, tagger.config.transfer)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=0)
    tagger.zero_grad()
    ours.backward()
    theirs.backward()
    expected = {name: p.grad for name, p in model.tagger.named_parameters() if p.grad is not None}
    weights = dict(model.lstm.named_parameters())
    for name, parameter in tagger.named_parameters():
        _, _, rest = name.partition("encoder.")
        direction, _, weight = rest.partition(".")
        if direction in ("ahead", "back"):
            gradient = weights[weight + ("_reverse" if direction == "back" else "")].grad
        else:
            gradient = expected[name]
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-6, atol=1e-9, msg=name)


def test_naive_crf_equals_ours_sentence_by_sentence() -> None:
    torch.manual_seed(0)
    crf = LinearChainCrf(5).double()
    emissions, tags = torch.randn(4, 9, 5, dtype=torch.float64), torch.randint(5, (4, 9))
    mask = torch.arange(9) < torch.tensor([9, 1, 4, 7]).unsqueeze(1)
    value = naive.log_likelihood(emissions, crf.transitions, tags, mask)
    torch.testing.assert_close(value, crf.log_likelihood(emissions, tags, mask))


def test_both_forms_of_distances_agree() -> None:
    x, y = torch.randn(5, 7, dtype=torch.float64), torch.randn(3, 7, dtype=torch.float64)
    torch.testing.assert_close(naive.squared_distances(x, y), naive.broadcast_distances(x, y))


def test_buckets_pad_less_than_random_batches_of_the_same_sentences(made: Problem) -> None:
    assert padding(made.sorted_pairs) < padding(made.random_pairs)
    tokens = [
        sum(int(pair[domain].mask.sum()) for pair in pairs for domain in (SOURCE, TARGET))
        for pairs in (made.sorted_pairs, made.random_pairs)
    ]
    assert tokens[0] == tokens[1] == made.tokens
