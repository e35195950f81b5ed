"""y_k = log(mean M_T / shape(T)): its trend over log T, and whether a trend may be read at all.

A trend is a least-squares slope over all horizons with equal weights (never the quotient of the
two end points, never an absolute value). Equal weights are chosen a priori: weights estimated
from the seeds correlate with the means and bias the slope. Its standard error comes from
resampling seeds within each horizon; a single seed says nothing about its own noise, which is
then read off the scatter around the line.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convergence.statistics.intervals import student_quantile
from convergence.statistics.robust import max_to_sum
from convergence.statistics.verdict import Floats

BOOTSTRAP_SEED = 20240229  # any: verdicts are functions of the data alone
GROUPS = 512  # more seeds than this are resampled in groups of near-equal size
JUMP = math.log(2.0)  # M / shape going up and down by more than a factor 2 is no power law
LOUD = 4.0  # standard errors that noise explains; 1e-4 one-sided, over tens of horizon pairs
DOMINATED = 0.5  # the share of the sum that one run may carry


@dataclass(frozen=True)
class Trend:
    """slope and its standard error with `df` degrees of freedom; one-sided limits on demand."""

    slope: float
    error: float
    df: float

    def lower(self, alpha: float) -> float:
        return self.slope - self._radius(alpha)

    def upper(self, alpha: float) -> float:
        return self.slope + self._radius(alpha)

    def _radius(self, alpha: float) -> float:
        return 0.0 if self.error == 0 else student_quantile(self.df, alpha) * self.error


@dataclass(frozen=True)
class Curve:
    """log means over horizons: x = log T, y = log(mean/shape), variance of y, seeds (each (K,))."""

    x: Floats
    y: Floats
    variance: Floats
    seeds: Floats

    @property
    def span(self) -> float:
        """log(T_max / T_min)."""
        return float(self.x[-1] - self.x[0])


def log_mean_variance(values: Floats, resamples: int, rng: np.random.Generator) -> float:
    """Bootstrap variance of log(mean), times n/(n-1) for the plug-in bias; 0 for equal values."""
    n = values.shape[0]
    if n < 2 or np.all(values == values[0]):
        return 0.0
    if n > GROUPS:
        parts = np.array_split(values, GROUPS)
        sums = np.array([part.sum() for part in parts])
        sizes = np.array([float(part.size) for part in parts])
    else:
        sums, sizes = values, np.ones(n)
    m = sums.shape[0]
    picks = rng.integers(0, m, size=(resamples, m))
    means = sums[picks].sum(axis=1) / sizes[picks].sum(axis=1)
    # Resamples of nothing but zeros have no logarithm; a tenth of the smallest positive mean
    # keeps them far out without letting them decide alone.
    least = means[means > 0].min() if np.any(means > 0) else 1.0
    logs = np.log(np.maximum(means, 0.1 * least))
    return float(logs.var()) * m / (m - 1)


def curve(
    horizons: Sequence[int],
    values: Sequence[Floats],
    shapes: Sequence[float],
    resamples: int,
) -> Curve:
    """The log-log picture of a rate, horizons sorted; means and shapes must be positive."""
    order = np.argsort(horizons)
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    x = np.log(np.array([float(horizons[k]) for k in order]))
    y = np.array([math.log(values[k].mean()) - math.log(shapes[k]) for k in order])
    variance = np.array([log_mean_variance(values[k], resamples, rng) for k in order])
    seeds = np.array([float(values[k].shape[0]) for k in order])
    if np.any(seeds == 1):
        weights = _weights(x)
        residual = y - y.mean() - float(weights @ y) * (x - x.mean())
        scatter = float(residual @ residual) / max(1, x.shape[0] - 2)
        variance = np.where(seeds == 1, scatter, variance)
        seeds = np.where(seeds == 1, float(max(2, x.shape[0] - 1)), seeds)
    return Curve(x, y, variance, seeds)


def _weights(x: Floats) -> Floats:
    centered = x - x.mean()
    return centered / float(centered @ centered)


def trend(curve: Curve, part: slice = slice(None)) -> Trend:
    """The least-squares slope of y over x on a part of the horizons (Welch-Satterthwaite df)."""
    weights = _weights(curve.x[part])
    pieces = weights**2 * curve.variance[part]
    total = float(pieces.sum())
    slope = float(weights @ curve.y[part])
    if total == 0.0:
        return Trend(slope, 0.0, math.inf)
    df = total**2 / float((pieces**2 / (curve.seeds[part] - 1)).sum())
    return Trend(slope, math.sqrt(total), df)


def swing(curve: Curve, part: slice = slice(None)) -> tuple[float, float]:
    """(largest rise, largest fall) of y between two horizons, beyond what noise explains."""
    y, variance = curve.y[part], curve.variance[part]
    change = y[None, :] - y[:, None]  # [i, j]: from i to j
    noise = LOUD * np.sqrt(variance[None, :] + variance[:, None])
    later = np.triu(np.ones_like(change, dtype=bool), 1)
    rise = np.where(later, change - noise, 0.0).max()
    fall = np.where(later, -change - noise, 0.0).max()
    return float(rise), float(fall)


def halves(curve: Curve) -> tuple[slice, slice]:
    """The first and the last ceil(K/2) horizons; the middle one belongs to both if K is odd."""
    k = curve.x.shape[0]
    half = (k + 1) // 2
    return slice(0, half), slice(k - half, k)


@dataclass(frozen=True)
class Regime:
    """What stands between the horizons and a rate.

    `bend`: slope of the last half minus slope of the first, 0 unless significant at 1% and larger
    than the margin. Positive bends slow down towards a floor, negative ones leave a transient.
    `fade`: the same where it is negative, however small.
    `irregular`: y both rises and falls by more than a factor 2. `dominated`: one run carries more
    than half of a sum, so that a mean and its bootstrap say nothing.
    """

    first: Trend
    last: Trend
    bend: float
    fade: float
    irregular: bool
    dominated: bool

    @property
    def name(self) -> str:
        """A few words for the reason; empty where the picture is a line."""
        if self.dominated:
            return "one run carries more than half of a sum"
        if self.bend:
            kind = "flattening" if self.bend > 0 else "transient"
            return (
                f"{kind} (M/shape has slope {self.first.slope:+.3f} over the first half of the "
                f"horizons, {self.last.slope:+.3f} over the last)"
            )
        return "irregular (M/shape rises and falls by more than a factor 2)" * self.irregular


def regime(curve: Curve, values: Sequence[Floats], margin: float) -> Regime:
    """Transient, flattening, irregular, dominated by one run, or none of these."""
    head, tail = halves(curve)
    first, last = trend(curve, head), trend(curve, tail)
    bend = last.slope - first.slope
    error = math.hypot(first.error, last.error)
    # 2.58: the two-sided 1% point of the normal law. A false alarm costs a verdict, not its truth.
    real = abs(bend) > 2.58 * error
    clear = real and abs(bend) > margin
    rise, fall = swing(curve)
    # Below 8 runs one may carry half of the sum by chance.
    heavy = any(v.shape[0] >= 8 and max_to_sum(v) > DOMINATED for v in values)
    fade = min(0.0, bend) if real else 0.0
    return Regime(first, last, bend if clear else 0.0, fade, min(rise, fall) > JUMP, heavy)
