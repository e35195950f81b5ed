"""P(E M > U) <= delta whatever the law: limits for the mean of a metric with a known range.

betting_lower        M >= 0                     any tail, any n
betting_upper        0 <= M <= C                any n, adapts to the variance
bernstein_upper      0 <= M <= C                Maurer & Pontil 2009, Theorem 4
hoeffding_upper      0 <= M <= C                any n, blind to the variance
"""

import math

import numpy as np

from convergence.statistics.eprocess import edge, log_wealth
from convergence.statistics.verdict import Floats

# A certified ceiling is loosened by this much before use: a float32 metric that sits on its
# ceiling exceeds it by up to a hundred units of round-off (1e-7 each); a larger ceiling holds too.
CEILING_ROUNDING = 1e-5


def loosened(ceiling: float) -> float:
    """C (1 + 1e-5): the ceiling with room for round-off."""
    return ceiling * (1.0 + CEILING_ROUNDING)


def betting_lower(values: Floats, delta: float) -> float:
    """L = sup{m : W(m) >= 1/delta}, W the wealth against "E M <= m". Needs M >= 0 only."""
    values = np.where(np.isfinite(values), values, np.inf)
    if np.any(values < 0):
        raise ValueError(f"betting from below needs a nonnegative metric, got {values.min()}")
    top = float(values.max())
    if top == 0.0 or not math.isfinite(top):
        return top
    threshold = math.log(1.0 / delta)
    shares = values / top

    def refuted(m: float) -> bool:
        with np.errstate(over="ignore"):
            return float(log_wealth(shares / m - 1.0)) >= threshold

    return top * edge(refuted, start=float(shares.mean()))  # W <= 1 at the mean, by Jensen


def betting_upper(values: Floats, delta: float, ceiling: float) -> float:
    """C - L(C - M): the betting limit from above. Needs 0 <= M <= C almost surely."""
    _check_range(values, ceiling)
    return ceiling - betting_lower(ceiling - values, delta)


def bernstein_upper(values: Floats, delta: float, ceiling: float) -> Floats:
    """mean + sqrt(2 V ln(2/delta) / n) + 7 C ln(2/delta) / (3 (n - 1)); needs 0 <= M <= C.

    Maurer & Pontil, arXiv:0907.3740, Theorem 4. values (..., n), result (...).
    """
    _check_range(values, ceiling)
    n = values.shape[-1]
    if n < 2:
        return np.full(values.shape[:-1], float(ceiling))
    log = math.log(2.0 / delta)
    spread = np.sqrt(2.0 * values.var(axis=-1, ddof=1) * log / n)
    limit = values.mean(axis=-1) + spread + 7.0 * ceiling * log / (3.0 * (n - 1))
    return np.asarray(np.minimum(limit, ceiling))


def hoeffding_upper(values: Floats, delta: float, ceiling: float) -> Floats:
    """mean + C sqrt(ln(1/delta) / (2 n)); needs 0 <= M <= C. values (..., n), result (...)."""
    _check_range(values, ceiling)
    n = values.shape[-1]
    limit = values.mean(axis=-1) + ceiling * math.sqrt(math.log(1.0 / delta) / (2.0 * n))
    return np.asarray(np.minimum(limit, ceiling))


def _check_range(values: Floats, ceiling: float) -> None:
    if np.any(values < 0) or np.any(values > ceiling):
        raise ValueError(
            f"values in [{values.min()}, {values.max()}] leave [0, {ceiling}]: this limit needs a "
            "metric between 0 and its ceiling"
        )
