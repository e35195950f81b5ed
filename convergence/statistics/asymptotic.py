"""A one-sided limit for a mean that is asymptotic in the seeds, corrected for skewness.

Student's t errs by exp(skewness t^3 / (3 sqrt n)) where the tail of a skewed metric lies: at level
1e-6 and n = 256 a hundred times too often for chi-square_1. The correction is the tilt that the
data themselves allow: among all weights w on the runs with

    -sum log(n w_i) <= t^2 / 2

the largest weighted mean (Owen's empirical likelihood, with Student's t for the normal quantile).
Runs that were not seen have no weight there, so one is added as far again beyond the farthest as
that is from the mean. The limit is the larger of this one and Student's.

A sample that does not determine its own limit is refused: see `refusal`. What is left errs at most
1.5 times as often as promised for the laws in docs/verdicts.md, measured at 1e-4 and 1e-6.
"""

# pyright: reportMissingTypeStubs=false
import math
from typing import NamedTuple

import numpy as np

from convergence.statistics.verdict import Floats

LEAST = 18.0  # runs for each nat of 1/delta: with 9, a lognormal law of σ² = 2 errs 5 times at 1e-6
CARRIED = 0.5  # the share of the sum of (M - min M) that one run may carry


class Refusal(NamedTuple):
    """Why a sample determines no limit, empty where it does, and how many runs such a limit takes,
    None where no number of them is known to do."""

    why: str = ""
    need: int | None = None


def student_quantile(df: float, delta: float) -> float:
    """t with P(Student_df > t) = delta; the normal quantile at df = inf."""
    from scipy import special

    if math.isinf(df):
        return float(-special.ndtri(delta))
    return float(-special.stdtrit(df, delta))


def student_upper(values: Floats, delta: float) -> float:
    """mean + t_{n-1} s / sqrt(n); +inf for one value. values (n,)."""
    n = values.shape[0]
    if n < 2:
        return math.inf
    t = student_quantile(float(n - 1), delta)
    return float(values.mean()) + t * float(values.std(ddof=1)) / math.sqrt(n)


def refusal(values: Floats, delta: float) -> Refusal:
    """Why these values determine no upper limit at this level.

    Fewer than 18 log(1/delta) values, equal ones, one that carries half of the sum above the
    smallest, or a skewness g with g t > sqrt n: the correction would not be small.
    """
    n = values.shape[0]
    least = math.ceil(LEAST * math.log(1.0 / delta))
    if n < least:
        why = f"{n} runs are too few for an asymptotic limit at level {delta:.1e}: need {least}"
        return Refusal(why, least)
    if not math.isfinite(float(np.abs(values).sum())):
        return Refusal("runs that are not finite have no asymptotic limit")
    scaled = _scaled(values)
    if scaled is None:
        return Refusal("all runs are equal: their spread says nothing of the law")
    above = scaled - scaled.min()
    if float(above.max()) > CARRIED * float(above.sum()):
        return Refusal("one run carries more than half of the spread")
    skew = float((scaled**3).mean()) / float((scaled**2).mean()) ** 1.5
    t = student_quantile(float(n - 1), delta)
    if skew * t > math.sqrt(n):
        need = math.ceil((skew * t) ** 2)
        few = f"{n} runs are too few for a skewness of {skew:.3g} at level {delta:.1e}"
        return Refusal(f"{few}: need {need}", need)
    return Refusal()


def tilted_upper(values: Floats, nats: float) -> float:
    """max sum w_i x_i subject to sum w_i = 1 and -sum log(n w_i) <= nats, x (n,) not all equal.

    The best weights are w_i proportional to 1/(nu - x_i) with nu > max x: one root in nu.
    """
    from scipy import optimize

    n, top = values.shape[0], float(values.max())
    width = top - float(values.min())

    def spent(log_gap: float) -> float:
        gaps = top - values + width * math.exp(log_gap)
        return float(np.log(gaps).sum()) + n * math.log(float((1.0 / gaps).mean())) - nats

    low, high = -1.0, 1.0
    while spent(low) < 0 and low > -600.0:
        low *= 2.0
    while spent(high) > 0:
        high += 2.0
    if spent(low) < 0:
        return top
    root: float = optimize.brentq(spent, low, high, xtol=1e-10)  # pyright: ignore
    gap = width * math.exp(root)
    return top + gap - n / float((1.0 / (top - values + gap)).sum())


def asymptotic_upper(values: Floats, delta: float) -> tuple[float, Refusal]:
    """U with P(E M > U) about delta or less; +inf where the sample is refused, and why."""
    with np.errstate(over="ignore", invalid="ignore"):
        refused = refusal(values, delta)
    if refused.why:
        return math.inf, refused
    n, center = values.shape[0], float(values.mean())
    # In units of the largest deviation: squares of values near the end of float64 overflow.
    unit = float(np.abs(values - center).max())
    x = (values - center) / unit
    beyond = np.append(x, 2.0 * x.max())  # the mean is 0
    t = student_quantile(float(n - 1), delta)
    limit = max(tilted_upper(beyond, 0.5 * t * t), student_upper(x, delta))
    return center + unit * limit, refused


def asymptotic_lower(values: Floats, delta: float) -> tuple[float, Refusal]:
    """The mirror image; -inf where the sample is refused."""
    limit, refused = asymptotic_upper(-values, delta)
    return -limit, refused


def _scaled(values: Floats) -> Floats | None:
    """(values - mean) / largest deviation; None for values equal up to round-off."""
    center = float(values.mean())
    deviations = values - center
    unit = float(np.abs(deviations).max())
    if unit <= 1e-12 * abs(center) or unit == 0.0:
        return None
    return deviations / unit
