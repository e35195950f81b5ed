"""y_k = log(mean M_T / shape(T)) in a band: its trend over log T, and what else it does.

The band holds every y_k at once, from two-sided limits of each mean at alpha/K. Whatever is read
off it errs with probability alpha at most, however often it is read: the trend over all horizons
(a least-squares slope with equal weights, never the quotient of the two end points, never an
absolute value), the rise between any two horizons, the bend.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convergence.statistics.limits import Limit
from convergence.statistics.verdict import Floats

JUMP = math.log(2.0)  # M / shape going up and down by more than a factor 2 is no power law
# What M / shape may rise by between two horizons before the last ones, beyond the margin: terms of
# lower order and the first steps do that, a period of 90 % does more.
RISE = math.log(1.25)
ALIKE = 1e-9  # slopes that differ by less are equal: exact values are good to ten digits or so


@dataclass(frozen=True)
class Trend:
    """A slope with simultaneous limits."""

    slope: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """log means over horizons: x = log T, y = log(mean/shape) within [low, high] (each (K,))."""

    x: Floats
    y: Floats
    low: Floats
    high: Floats

    @property
    def span(self) -> float:
        """log(T_max / T_min)."""
        return float(self.x[-1] - self.x[0])

    def chord(self, i: int, j: int) -> Trend:
        """The slope between two horizons."""
        width = float(self.x[j] - self.x[i])
        return Trend(
            float(self.y[j] - self.y[i]) / width,
            float(self.low[j] - self.high[i]) / width,
            float(self.high[j] - self.low[i]) / width,
        )

    @property
    def slopes(self) -> list[float]:
        """The local exponents between neighbors."""
        return [self.chord(k, k + 1).slope for k in range(len(self.x) - 1)]


def curve(
    horizons: Sequence[int],
    means: Sequence[float],
    bands: Sequence[tuple[Limit, Limit]],
    shapes: Sequence[float],
) -> Curve:
    """The log-log picture of a rate, horizons sorted; means and shapes must be positive."""
    x = np.log(np.array(horizons, dtype=np.float64))
    s = np.log(np.array(shapes, dtype=np.float64))
    with np.errstate(divide="ignore"):
        low = np.log(np.maximum([low.value for low, _ in bands], 0.0))
        high = np.log(np.array([high.value for _, high in bands]))
    return Curve(x, np.log(np.array(means, dtype=np.float64)) - s, low - s, high - s)


def trend(curve: Curve, part: slice = slice(None)) -> Trend:
    """The least-squares slope of y over x on a part of the horizons."""
    centered = curve.x[part] - curve.x[part].mean()
    weights = centered / float(centered @ centered)
    low, high = curve.low[part], curve.high[part]
    return Trend(
        float(weights @ curve.y[part]),
        _against(weights, np.where(weights > 0, low, high)),
        _against(weights, np.where(weights > 0, high, low)),
    )


def _against(weights: Floats, ends: Floats) -> float:
    """weights @ ends, where a weight of 0 forgives an infinite end."""
    return float((weights * np.where(weights == 0.0, 0.0, ends)).sum())


def swing(curve: Curve, part: slice = slice(None)) -> tuple[float, float]:
    """(largest rise, largest fall) of y between two horizons that the band makes certain."""
    low, high = curve.low[part], curve.high[part]
    later = np.triu(np.ones((low.shape[0], low.shape[0]), dtype=bool), 1)
    with np.errstate(invalid="ignore"):
        rise = np.where(later, low[None, :] - high[:, None], 0.0).max()
        fall = np.where(later, low[:, None] - high[None, :], 0.0).max()
    return max(0.0, float(rise)), max(0.0, float(fall))


def halves(curve: Curve) -> tuple[slice, slice]:
    """The first and the last ceil(K/2) horizons; the middle one belongs to both if K is odd."""
    k = curve.x.shape[0]
    half = (k + 1) // 2
    return slice(0, half), slice(k - half, k)


def objection(curve: Curve, margin: float) -> str:
    """What the band does not exclude of a curve that leaves its shape; empty where it excludes all.

    At most `margin` from any horizon to the last and over all of them, at most that and `RISE`
    between any two, and at most `margin` after one more bend like the last one.
    """
    last, x = len(curve.x) - 1, np.exp(curve.x)
    whole = trend(curve).high
    if not whole <= margin:
        return f"a slope of {whole:+.3f} over all horizons is not excluded"
    for i in range(last):
        steepest = curve.chord(i, last).high
        if not steepest <= margin:
            return f"a slope of {steepest:+.3f} from T={x[i]:.0f} to the last is not excluded"
        for j in range(i + 1, last):
            rise = float(curve.high[j] - curve.low[i])
            if not rise <= margin * float(curve.x[j] - curve.x[i]) + RISE:
                return (
                    f"a rise by a factor {math.exp(min(rise, 700.0)):.3g} between T={x[i]:.0f} and "
                    f"T={x[j]:.0f} is not excluded"
                )
    ahead, slopes = leads(curve), curve.slopes
    if ahead > margin:
        listed = ", ".join(f"{slope:+.3f}" for slope in slopes[-3:])
        return f"flattening: the last slopes {listed} lead to {ahead:+.3f}"
    return ""


def leads(curve: Curve) -> float:
    """Where the last slope is led by bends up: by one more like the last, or, where the band leaves
    no doubt of the bends, to their limit."""
    slopes = curve.slopes
    if len(slopes) > 2 and bent(curve, -2) and bent(curve, -1):
        return limit(slopes)
    return slopes[-1] + max(0.0, slopes[-1] - slopes[-2])


def limit(slopes: Sequence[float]) -> float:
    """The value that slopes, known exactly, rise to: bends of a term of lower order shrink by one
    factor from horizon to horizon (Aitken); bends that do not shrink go on for as long as they
    have been seen. Never less than one more bend like the last; the last slope where it fell."""
    before, bend = slopes[-2] - slopes[-3], slopes[-1] - slopes[-2]
    if bend <= 0:
        return slopes[-1]
    more = bend * bend / (before - bend) if before > bend else math.inf
    return slopes[-1] + min(max(bend, more), bend * len(slopes))


def settles(before: float, bend: float, last: float) -> float:
    """The value that slopes fall to after two falls and the last one: Aitken's, or one more fall if
    that is less, where the falls shrink; −∞ where they do not. M / shape = 1/(1 + 10 T^−a) begins
    like a power, bends more and more, and ends at a constant; a power with terms of lower order
    bends less and less."""
    if bend <= ALIKE:
        return last
    return last - max(bend, bend * bend / (before - bend)) if before > bend else -math.inf


def fall(curve: Curve) -> float:
    """The least that the last slope may fall to: for the least fall before, the largest last."""
    k = len(curve.x)
    one, two, three = (curve.chord(i, i + 1) for i in range(k - 4, k - 1))
    return settles(one.low - two.high, two.high - three.low, three.slope)


def bent(curve: Curve, k: int) -> bool:
    """Whether the band leaves no doubt that the k-th local slope differs from the one before, and
    gives that change up to a tenth."""
    first = len(curve.x) - 1 + k
    one, other = curve.chord(first - 1, first), curve.chord(first, first + 1)
    doubt = (one.high - one.low) + (other.high - other.low)
    return abs(other.slope - one.slope) > 10 * doubt + ALIKE


@dataclass(frozen=True)
class Regime:
    """What stands between the horizons and a rate.

    `bend`: slope of the last half minus slope of the first, 0 unless certain and larger than the
    margin. Positive bends slow down towards a floor, negative ones leave a transient.
    `fade`: the same where it is negative, however small.
    `irregular`: y both rises and falls by more than a factor 2.
    """

    first: Trend
    last: Trend
    bend: float
    fade: float
    irregular: bool

    @property
    def name(self) -> str:
        """A few words for the reason; empty where the picture is a line."""
        if self.bend:
            kind = "flattening" if self.bend > 0 else "transient"
            return (
                f"{kind} (M/shape has slope {self.first.slope:+.3f} over the first half of the "
                f"horizons, {self.last.slope:+.3f} over the last)"
            )
        return "irregular (M/shape rises and falls by more than a factor 2)" * self.irregular


def regime(curve: Curve, margin: float) -> Regime:
    """Transient, flattening, irregular, or none of these."""
    head, tail = halves(curve)
    first, last = trend(curve, head), trend(curve, tail)
    bend = last.slope - first.slope
    certain = last.low > first.high or last.high < first.low
    rise, fall = swing(curve)
    return Regime(
        first,
        last,
        bend if certain and abs(bend) > margin else 0.0,
        min(0.0, bend) if certain else 0.0,
        min(rise, fall) > JUMP,
    )
