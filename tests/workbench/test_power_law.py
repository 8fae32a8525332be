"""The law of learning curves: found again where it made the points, silent where the points cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from workbench.services.power_law import Estimate, Law, Point, Unknown, fit

SIZES = (25, 50, 75, 100)


def f1(records: float, a: float = 200, b: float = 0.4) -> float:
    return float(100 - a * records**-b)


def points(sizes: Sequence[int] = SIZES, *, noise: float = 0, b: float = 0.4, seed: int = 0) -> list[Point]:
    """Trainings under the law, scored with that standard error."""
    rng = np.random.default_rng(seed)
    return [Point(n, f1(n, b=b) + rng.normal(0, noise), noise or 1.0) for n in sizes]


def law(points: Sequence[Point]) -> Law:
    found = fit(points)
    assert isinstance(found, Law)
    return found


def needed(law: Law, goal: float) -> Estimate:
    found = law.records_for(goal)
    assert isinstance(found, Estimate)
    return found


def test_the_law_that_made_the_points_is_found() -> None:
    found = law(points())
    assert found.f1(100).value == pytest.approx(f1(100))
    assert found.f1(160).value == pytest.approx(f1(160))
    assert found.gain(100, 160).value == pytest.approx(f1(160) - f1(100))
    assert needed(found, 75).value == pytest.approx((200 / 25) ** (1 / 0.4))


def test_the_order_of_the_points_and_a_second_fit_change_nothing() -> None:
    made = points(noise=2, seed=5)
    assert needed(law(made), 70) == needed(law(made), 70)
    assert needed(law(made[::-1]), 70).value == pytest.approx(needed(law(made), 70).value)


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    """Over 200 simulated curves with two standard errors; 0.9 is meant, three standard deviations below are 0.84."""
    truth = (200 / 25) ** (1 / 0.4)
    for noise in (1.5, 2.5):
        laws = [fit(points(noise=noise, seed=seed)) for seed in range(200)]
        held = [found.records_for(75) for found in laws if isinstance(found, Law)]
        told = [estimate for estimate in held if isinstance(estimate, Estimate)]
        assert len(told) > 160
        assert 0.84 <= np.mean([estimate.low <= truth <= estimate.high for estimate in told]) <= 0.98
        curves = [found.f1(200) for found in laws if isinstance(found, Law)]
        assert 0.84 <= np.mean([curve.low <= f1(200) <= curve.high for curve in curves]) <= 0.98


def test_more_uncertain_points_give_a_wider_interval() -> None:
    narrow, wide = (needed(law([Point(n, f1(n), deviation) for n in SIZES]), 70) for deviation in (1.0, 2.5))
    assert narrow.value == pytest.approx(wide.value)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_points_that_scatter_more_than_they_say_widen_it_too() -> None:
    still = [Point(n, f1(n), 0.5) for n in SIZES]
    shaken = [Point(n, f1(n) + shift, 0.5) for n, shift in zip(SIZES, (2, -3, 3, -2), strict=True)]
    assert law(shaken).f1(100).high - law(shaken).f1(100).low > 2 * (law(still).f1(100).high - law(still).f1(100).low)


def test_a_point_of_high_uncertainty_weighs_little() -> None:
    stray = [*points(), Point(60, 10.0, 40.0)]
    assert law(stray).f1(100).value == pytest.approx(f1(100), abs=0.5)


def test_flat_points_say_nothing() -> None:
    rng = np.random.default_rng(0)
    flat = [fit([Point(n, 60 + rng.normal(0, 2), 2.0) for n in SIZES]) for _ in range(200)]
    unknown = [found for found in flat if isinstance(found, Unknown)]
    assert len(unknown) >= 180
    assert "no more than chance" in unknown[0].reason
    falling = fit([Point(n, 80 - n / 5, 1.0) for n in SIZES])
    assert isinstance(falling, Unknown)


@pytest.mark.parametrize(("sizes", "told"), [((), "are none"), ((40, 40, 40), "is 1"), ((40, 80, 80), "are 2")])
def test_fewer_than_three_sizes_say_nothing(sizes: tuple[int, ...], told: str) -> None:
    found = fit(points(sizes))
    assert isinstance(found, Unknown) and told in found.reason


def test_what_lies_too_far_out_is_not_told() -> None:
    found = law(points())
    assert isinstance(found.records_for(f1(290)), Estimate)
    beyond = found.records_for(f1(310))
    assert isinstance(beyond, Unknown) and "beyond 3 times the 100 records" in beyond.reason
    hazy = law([Point(n, f1(n, 100, 0.2), 3.0) for n in SIZES]).records_for(f1(240, 100, 0.2))
    assert isinstance(hazy, Unknown) and "or more than 1000" in hazy.reason


def test_scores_at_the_ends_of_the_scale() -> None:
    found = fit([Point(n, score, 2.0) for n, score in zip(SIZES, (0.0, 60.0, 95.0, 100.0), strict=True)])
    assert isinstance(found, Law) and found.f1(100).value <= 100
