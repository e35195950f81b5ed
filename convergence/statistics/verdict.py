"""A verdict is a value: CONSISTENT, REFUTED, INCONCLUSIVE or INAPPLICABLE, never "proved".

A `Sample` is what was measured at one horizon, a `Row` is one line of a report, a `Judgement` is
a verdict with its reason in one sentence, its rows, its slack and its power.
"""

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convergence.errors import InvalidInput

Floats = npt.NDArray[np.float64]
Bound = float | tuple[float, float]


class Verdict(enum.Enum):
    """What the data say about a statement at the level that was asked for."""

    CONSISTENT = "CONSISTENT"  # the statement was confirmed by certified limits
    REFUTED = "REFUTED"  # the statement is false, except with probability alpha
    INCONCLUSIVE = "INCONCLUSIVE"  # the data cannot tell; the reason says what is missing
    INAPPLICABLE = "INAPPLICABLE"  # an assumption fails on this instance; nothing was tested

    def __str__(self) -> str:
        return self.value


def said(bound: Bound, digits: int = 6) -> str:
    """A bound for a sentence: ≤ b, ≥ b, = b or [low, high]."""
    low, high = bound if isinstance(bound, tuple) else (-math.inf, bound)
    if low == high:
        return f"= {high:.{digits}g}"
    if low == -math.inf:
        return f"≤ {high:.{digits}g}"
    return f"≥ {low:.{digits}g}" if high == math.inf else f"[{low:.{digits}g}, {high:.{digits}g}]"


class Grade(enum.Enum):
    """What the limits behind a verdict rest on."""

    CERTIFIED = "certified"  # they hold at their level whatever the law of the metric
    ASYMPTOTIC = "asymptotic"  # they hold as seeds grow, for a metric certified light-tailed

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, eq=False)
class Sample:
    """Values of a metric at horizon T, one per seed, and the number that the statement gives.

    `values`: (seeds,), for pathwise metrics also (seeds, k). +inf is a run that diverged, NaN a
    run whose metric could not be measured: it is evidence for nothing.
    `bound`: the number in the statement; a (low, high) pair for pathwise ranges only.
    `trivial`: what holds without running (the metric at the start); the bound is vacuous above it.

    What is certified of the metric at this horizon under this method, its own coins included:
    `ceiling`: an almost-sure upper bound.
    `second`: an upper bound of E M^2.
    `light`: no rare run carries the mean, so that an asymptotic limit may be used, or all but
    `unseen` of the mean.
    `sure`: no coin is tossed, so that one run is the metric.
    """

    T: int
    values: np.ndarray
    bound: Bound
    trivial: float | None = None
    ceiling: float | None = None
    second: float | None = None
    light: bool = False
    unseen: float = 0.0
    sure: bool = False

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        object.__setattr__(self, "values", values)
        if self.T < 1:
            raise InvalidInput(f"a horizon is at least 1, got T={self.T}")
        if values.ndim not in (1, 2) or values.size == 0:
            raise InvalidInput(
                f"values at T={self.T} have shape {values.shape}: need (seeds,) or (seeds, k)"
            )
        low, high = self.range
        if math.isnan(low) or math.isnan(high) or low > high:
            raise InvalidInput(
                f"the bound at T={self.T} is {self.bound}: need numbers, low <= high"
            )
        if self.ceiling is not None and not self.ceiling >= 0:
            raise InvalidInput(f"the ceiling at T={self.T} is {self.ceiling}: need a number >= 0")
        if self.second is not None and not self.second >= 0:
            raise InvalidInput(f"E M^2 at T={self.T} is {self.second}: need a number >= 0")
        if not self.unseen >= 0:
            raise InvalidInput(f"what is unseen at T={self.T} is {self.unseen}: need a number >= 0")
        if self.sure and not np.array_equal(
            values, np.broadcast_to(values[:1], values.shape), True
        ):
            raise InvalidInput(
                f"runs at T={self.T} differ though no coin is said to be tossed: leave `sure` out"
            )

    @property
    def range(self) -> tuple[float, float]:
        """(low, high); a single number bounds from above only."""
        if isinstance(self.bound, tuple):
            return float(self.bound[0]), float(self.bound[1])
        return -math.inf, float(self.bound)

    @property
    def said(self) -> str:
        """The bound for a sentence: ≤ b, ≥ b, = b or [low, high]."""
        return said(self.bound)

    @property
    def number(self) -> float:
        """The bound as one number; a range is refused."""
        if isinstance(self.bound, tuple):
            raise InvalidInput(
                f"the bound at T={self.T} is the range {self.bound}: only pathwise claims take one"
            )
        return float(self.bound)

    @property
    def seeds(self) -> int:
        return int(self.values.shape[0])

    @property
    def vacuous(self) -> bool:
        """Does the upper bound say no more than what holds without running?"""
        return self.trivial is not None and self.range[1] >= self.trivial


@dataclass(frozen=True)
class Row:
    """One horizon of a report; `e_value` is capped at 1e300 and None where no bet was placed.

    `grade`: what the interval rests on; None where there is none.
    """

    T: int
    seeds: int
    estimate: float
    interval: tuple[float, float]
    bound: Bound
    e_value: float | None
    vacuous: bool
    note: str
    grade: Grade | None = None


@dataclass(frozen=True)
class Judgement:
    """A verdict and why; slack = bound / measured, power = smallest overstatement caught.

    `grade`: what the verdict rests on, the weakest of its limits; None for INCONCLUSIVE.
    `proof`: of a pathwise refutation, its replay in ball arithmetic.
    `needs`: where more seeds are what is missing, how many a limit takes, 0 if that is not known;
    None where they are not.
    """

    verdict: Verdict
    reason: str
    rows: tuple[Row, ...]
    slack: float | None
    power: float | None
    grade: Grade | None = None
    proof: Any = None
    needs: int | None = None


def weakest(grades: Iterable[Grade]) -> Grade:
    """ASYMPTOTIC as soon as one is."""
    return Grade.ASYMPTOTIC if Grade.ASYMPTOTIC in set(grades) else Grade.CERTIFIED


_RANK = (Verdict.REFUTED, Verdict.INAPPLICABLE, Verdict.INCONCLUSIVE, Verdict.CONSISTENT)


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on a conjunction: one REFUTED refutes, CONSISTENT needs all of them."""
    found = set(verdicts)
    if not found:
        raise InvalidInput("no verdicts were given: a conjunction needs at least one part")
    return next(verdict for verdict in _RANK if verdict in found)
