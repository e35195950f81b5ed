"""Two powers, C T^−p + D T^−q, where no single one passes: which p < q are possible."""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convergence.statistics.judges_rate import SPAN
from convergence.statistics.rates import Curve

LEAST = 6  # horizons: two terms have four numbers
PLAIN = sorted({Fraction(k, n) for n in (1, 2, 3, 4) for k in range(1, 3 * n + 1)})  # up to 3
NEAR = 0.01  # how far the means may be from the law, relative to themselves


class TwoTerms(NamedTuple):
    """The plainest law C T^−p + D T^−q on the horizons from `first` on, and the least and the
    largest p of all that are possible."""

    first: int
    horizons: int
    p: float
    q: float
    C: float
    D: float
    slowest: tuple[float, float]


def passes(curve: Curve, p: float, q: float) -> tuple[float, float, float] | None:
    """(C, D, how far off at most) of the nearest law with C, D ≥ 0; None where it leaves the limits
    by more than `NEAR`."""
    from scipy import optimize

    terms = np.exp(-np.outer(curve.x, (p, q)))
    above, below = (terms / np.exp(end)[:, None] for end in (curve.high, curve.low))
    rows = np.block([[above, -np.ones((len(terms), 1))], [-below, -np.ones((len(terms), 1))]])
    ones = np.ones(len(terms))
    solver: Any = optimize
    found = solver.linprog([0, 0, 1], A_ub=rows, b_ub=np.concatenate([ones, -ones]))
    if not found.success or found.x[2] > NEAR:
        return None
    C, D, off = map(float, found.x)
    return C, D, off


def two_terms(curve: Curve) -> TwoTerms | None:
    """The law on as many of the last horizons as one passes through: at least six, over a factor 16
    in T. The true exponents are among the possible ones wherever the limits hold and they are
    multiples of 1/4 or 1/3 up to 3."""
    times = np.exp(curve.x)
    if not (np.all(np.isfinite(curve.low)) and np.all(np.isfinite(curve.high))):
        return None
    for k in range(len(times) - LEAST + 1):
        if times[-1] / times[k] < SPAN * (1 - 1e-9):
            return None
        rest = Curve(curve.x[k:], curve.y[k:], curve.low[k:], curve.high[k:])
        pairs = itertools.combinations(PLAIN, 2)
        found = [(pq, law) for pq in pairs if (law := passes(rest, *map(float, pq))) is not None]
        found = [(pq, law) for pq, law in found if law[0] > 0 and law[1] > 0]
        if found:
            (p, q), (C, D, _) = min(found, key=lambda one: plainness(*one[0], one[1][2]))
            slow = [float(pq[0]) for pq, _ in found]
            first, many = round(times[k]), len(times) - k
            return TwoTerms(first, many, float(p), float(q), C, D, (min(slow), max(slow)))
    return None


def plainness(p: Fraction, q: Fraction, off: float) -> tuple[int, int]:
    """How far off in steps of .1 %, then the denominators."""
    return round(off / 1e-3), p.denominator + q.denominator
