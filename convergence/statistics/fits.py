"""Which power or geometric law means over horizons follow, with limits, and from where on.

The band of `rates.curve` holds the logarithms of all means at once with probability 1 − α. A law
y = a − p u (u = log T of a power C T^−p, u = T of a geometric one C e^−rT) is possible on some
horizons where it passes between the limits of every one of them, up to `NEAR` and a shift of T by
at most 4 for terms of lower order. The exponents of all possible laws are an interval in closed
form. It holds the true one with that probability, for any choice of horizons: they may be chosen by
looking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from convergence.statistics.judges_rate import HORIZONS, SPAN
from convergence.statistics.rates import Curve
from convergence.statistics.terms import two_terms
from convergence.statistics.verdict import Floats

NEAR = math.log(1.01)  # how far the means may be from the law, as a logarithm
WIDE = 0.25  # a wider interval of exponents tells no two rates of the literature apart
LARGEST = 12  # denominators of exponents that a theorem may have


@dataclass(frozen=True)
class FittedLaw:
    """The laws of one shape that are possible on horizons first … last: `exponent` is the interval
    of p or r, `constant` that of C for the exponent `guess`; `horizons` how many there are. Of two
    powers, C T^−p + D T^−q, these are of the slower one, and `second` is (q, D)."""

    shape: str
    first: int
    last: int
    horizons: int
    exponent: tuple[float, float]
    guess: float
    constant: tuple[float, float]
    second: tuple[float, float] | None = None

    @property
    def width(self) -> float:
        """How well the exponent is known: of a geometric law, relative to itself."""
        low, high = self.exponent
        scale = 1.0 if self.shape == "power" else max(abs(low), abs(high), 1e-300)
        return (high - low) / scale

    @property
    def level(self) -> bool:
        """Whether it may be that nothing decays."""
        return self.exponent[0] <= 0 <= self.exponent[1]


# Theorems have 1/(T + 1) or 4/((T + 2)(T + 3)) where others have 1/T.
SHIFTS = np.linspace(0.0, 4.0, 17)


def exponents(u: Floats, low: Floats, high: Floats, near: float = NEAR) -> tuple[float, float]:
    """All p for which some a has low − near ≤ a − p u ≤ high + near throughout, u increasing; an
    empty interval (its low end above its high one) where there is none.

    a is between max(low + p u) and min(high + p u): every pair i < j bounds p from either side.
    """
    i, j = np.triu_indices(len(u), 1)
    step = u[j] - u[i]
    with np.errstate(invalid="ignore"):
        least = (low[i] - high[j] - 2 * near) / step
        most = (high[i] - low[j] + 2 * near) / step
    return float(np.max(least)), float(np.min(most))


def supremum(curve: Curve, u: Floats, p: float) -> tuple[float, float]:
    """Limits of the largest M e^{p u} over the horizons."""
    low, high = (float(np.max(end + p * u)) for end in (curve.low, curve.high))
    return math.exp(min(low, 700.0)), math.exp(min(high, 700.0))


def simplest(low: float, high: float) -> float:
    """The fraction of the smallest denominator in an interval, the nearest to its middle; the
    middle itself if that takes a denominator above `LARGEST`."""
    middle = 0.5 * (low + high)
    for q in range(1, LARGEST + 1):
        p = round(middle * q)
        if low <= p / q <= high:
            return float(Fraction(p, q))
    return middle


def part(curve: Curve, first: int) -> Curve:
    """The curve from a horizon on."""
    return Curve(curve.x[first:], curve.y[first:], curve.low[first:], curve.high[first:])


def possible(curve: Curve, shape: str) -> tuple[float, float]:
    """The exponents of all laws of a shape through a curve: for powers of T + s, of any shift."""
    if shape == "geometric":
        return exponents(np.exp(curve.x), curve.low, curve.high)
    found = [exponents(np.log(np.exp(curve.x) + s), curve.low, curve.high) for s in SHIFTS]
    some = [(low, high) for low, high in found if low <= high] or found[:1]
    return min(low for low, _ in some), max(high for _, high in some)


def law(curve: Curve, shape: str) -> FittedLaw | None:
    """The laws of a shape on as many of the last horizons as one passes through; None if that is
    fewer than 4, or, of powers, over less than a factor 16 in T."""
    times = np.exp(curve.x)
    for k in range(len(times) - HORIZONS + 1):
        if shape == "power" and times[-1] / times[k] < SPAN * (1 - 1e-9):
            break
        rest = part(curve, k)
        low, high = possible(rest, shape)
        if low <= high:
            known = math.isfinite(low) and math.isfinite(high)
            guess = simplest(low, high) if known and shape == "power" else low
            u = rest.x if shape == "power" else times[k:]
            constant = supremum(rest, u, guess) if known else (0.0, math.inf)
            first, last = round(times[k]), round(times[-1])
            return FittedLaw(shape, first, last, len(times) - k, (low, high), guess, constant)
    return None


def laws(curve: Curve) -> tuple[FittedLaw, ...]:
    """The possible laws of either shape, the one that holds on more horizons first, of equals a
    power; two powers where they hold on more horizons than any of these."""
    found = [one for shape in ("power", "geometric") if (one := law(curve, shape)) is not None]
    most = max((one.horizons for one in found), default=0)
    two = two_terms(curve) if most < len(curve.x) else None
    if two is not None and two.horizons > most:
        found.append(FittedLaw(
            "power", two.first, round(math.exp(curve.x[-1])), two.horizons, two.slowest, two.p,
            (two.C, two.C), (two.q, two.D),
        ))  # fmt: skip
    return tuple(sorted(found, key=lambda one: -one.horizons))
