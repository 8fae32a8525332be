"""What Optuna is asked: trials that go where the others were good, and an end to those that fall behind."""

from __future__ import annotations

import math

import pytest

from workbench.jobs import search
from workbench.jobs.search import Finished, falls_behind, suggestion

pytestmark = pytest.mark.skipif(not search.installed(), reason="needs optuna: requirements-sweeps.txt")
SPACE = {"alpha": (0.001, 1.0), "epsilon": (0.1, 0.9)}


def tried(count: int) -> list[Finished]:
    """A search whose F1 is highest at alpha 0.02."""
    found: list[Finished] = []
    for number in range(count):
        weights = suggestion(SPACE, found, 3, number)
        found.append(Finished(weights, {}, 80 - 10 * abs(math.log10(weights["alpha"] / 0.02))))
    return found


def test_trials_go_where_the_others_were_good() -> None:
    found = tried(30)
    assert all(low <= one.weights[name] <= high for one in found for name, (low, high) in SPACE.items())
    f1 = [one.f1 or 0.0 for one in found]
    assert sum(f1[-10:]) / 10 > sum(f1[:10]) / 10 + 2
    # Nothing is kept between two questions: the same answers from the same trials.
    assert suggestion(SPACE, found[:20], 3, 20) == found[20].weights
    assert suggestion(SPACE, found[:20], 4, 20) != found[20].weights


def test_the_first_trials_differ_and_weights_are_by_size() -> None:
    first = [suggestion(SPACE, [], 0, number) for number in range(100)]
    assert len({one["alpha"] for one in first}) > 80
    assert 20 < sum(one["alpha"] < 0.0316 for one in first) < 80  # half of its orders of magnitude
    assert 20 < sum(one["epsilon"] < 0.5 for one in first) < 80


def test_a_run_is_given_up_below_the_median_of_those_that_got_as_far() -> None:
    weights = {"alpha": 0.02, "epsilon": 0.5}
    others = [
        Finished(weights, {epoch: float(level) for epoch in range(1, 9)}, level) for level in (40, 50, 60, 70, 80)
    ]
    bad, good = {epoch: 55.0 for epoch in range(1, 7)}, {epoch: 65.0 for epoch in range(1, 7)}
    assert falls_behind(SPACE, others, weights, bad) and not falls_behind(SPACE, others, weights, good)
    assert not falls_behind(SPACE, others, weights, {**good, 7: 1.0})  # its best so far counts
    assert not falls_behind(SPACE, others[:4], weights, bad)
    assert not falls_behind(SPACE, others, weights, {9: 1.0})  # nobody came so far
    given_up = [Finished(weights, {6: 99.0}, None)] * 5
    assert not falls_behind(SPACE, given_up, weights, bad)
