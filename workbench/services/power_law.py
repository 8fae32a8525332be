"""The usual law of learning curves, error = a * records^-b, from few points, and what those leave open.

Hestness et al. 2017 found it over many tasks; Figueroa et al. 2012 used it to say how many clinical texts to label. The
third parameter, the error that no data removes, is left out: few points cannot tell it from a small b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_SIZES = 3
FURTHEST = 3.0  # times the most records of any point: further on the law is a guess
TOO_WIDE = 10.0  # times as many: an interval that reaches so far says nothing
_EDGE = 5.0  # percent beyond each end of the intervals, which hold 90 %
_DRAWS, _SEED = 2000, 0
_LEAST_ERROR = 0.5  # F1 100 is a law without a logarithm


@dataclass(frozen=True, slots=True)
class Point:
    """One training: F1 in percent after so many records, and its standard error, independent of other points."""

    records: int
    f1: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """The data cannot tell, and why: a clause for a person, without a full stop."""

    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Law:
    """Lines of log error over log records, (log a, -b) a row: the fitted one, then others that it may as well be."""

    points: tuple[Point, ...]
    lines: NDArray[np.float64]

    @property
    def most(self) -> int:
        """The most records of any point."""
        return max(point.records for point in self.points)

    def f1(self, records: float) -> Estimate:
        """F1 in percent after so many records."""
        return _estimate(100 - self._errors(records))

    def gain(self, before: float, after: float) -> Estimate:
        """F1 after so many records less F1 before."""
        return _estimate(self._errors(before) - self._errors(after))

    def records_for(self, f1: float) -> Estimate | Unknown:
        """How many records reach this F1 (percent, below 100); Unknown where that lies too far out."""
        starts, slopes = self.lines.T
        with np.errstate(divide="ignore", over="ignore"):
            needed = np.where(slopes < 0, np.exp((starts - np.log(100 - f1)) / -slopes), np.inf)
        found = _estimate(needed)
        if found.value > FURTHEST * self.most:
            return Unknown(f"F1 {f1:g} lies beyond {FURTHEST:g} times the {self.most} records that were tried")
        if found.high > TOO_WIDE * self.most:
            return Unknown(f"F1 {f1:g} may take {found.low:.0f} records or more than {TOO_WIDE * self.most:.0f}")
        return found

    def _errors(self, records: float) -> NDArray[np.float64]:
        """100 - F1 on each line, in percent."""
        return np.exp(self.lines @ [1.0, np.log(records)])


def fit(points: Sequence[Point]) -> Law | Unknown:
    """The law by weighted least squares on logarithms, or why the points do not show one.

    Each point weighs by its standard error. Where points scatter more than these say, all are widened to the scatter;
    they are never narrowed. Fits to points drawn anew would have normally distributed parameters, so these are drawn
    themselves, with a fixed seed.
    """
    sizes = len({point.records for point in points})
    if sizes < FEWEST_SIZES:
        return Unknown(f"it takes trainings on {FEWEST_SIZES} different numbers of records, there {_are(sizes)} so far")
    error = np.maximum([100 - point.f1 for point in points], _LEAST_ERROR)
    weight = error / np.array([point.deviation for point in points])  # one over the standard error of log error
    design = np.stack([np.ones(len(points)), np.log([point.records for point in points])], axis=1) * weight[:, None]
    observed = np.log(error) * weight
    covariance = np.linalg.inv(design.T @ design)
    line = covariance @ design.T @ observed
    scatter = float(((observed - design @ line) ** 2).sum()) / (len(points) - 2)
    drawn = np.random.default_rng(_SEED).multivariate_normal(line, covariance * max(scatter, 1.0), size=_DRAWS)
    if np.percentile(drawn[:, 1], 100 - _EDGE) >= 0:
        return Unknown("so far more records changed F1 by no more than chance does")
    return Law(tuple(points), np.vstack([line, drawn]))


def _are(count: int) -> str:
    return f"{'is' if count == 1 else 'are'} {count or 'none'}"


def _estimate(values: NDArray[np.float64]) -> Estimate:
    """The first value with the interval of the others."""
    low, high = np.percentile(values[1:], [_EDGE, 100 - _EDGE], method="inverted_cdf")
    return Estimate(float(values[0]), float(low), float(high))
