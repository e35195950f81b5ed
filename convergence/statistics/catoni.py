"""Limits for a mean of which E M^2 <= s^2 is certified: any tail, a few per cent above Student's.

If E M = m then Var M <= s^2 - m^2 =: v, and with x = lambda (m - M)

    psi(x) = log(1 + x + x^2/2) for x >= 0, -psi(-x) else;     E exp(psi(x)) <= exp(lambda^2 v / 2),

so that exp(sum psi(lambda (m - M_i)) - n lambda^2 v / 2) is an e-value against "the mean is m", or
larger. Stakes: lambda^2 = 2 log(1/delta) / (n v), the best a priori. Catoni 2012, arXiv:1009.2048,
section 2; used one-sided here, with the variance that the tested mean leaves of s^2.
"""

import math

import numpy as np

from convergence.statistics.verdict import Floats


def psi(x: Floats) -> Floats:
    """Catoni's influence function in its widest form, odd and increasing."""
    return np.asarray(np.sign(x) * np.log1p(np.abs(x) + 0.5 * x * x))


def log_e_mean(values: Floats, m: float, second: float, delta: float, sign: float) -> float:
    """log e-value against E M = m; large where the runs lie below it (sign 1) or above (-1)."""
    v = second - m * m
    if v <= 0.0:  # E M^2 >= (E M)^2: no such mean, or no variance left
        return math.inf
    log = math.log(1.0 / delta)
    stake = math.sqrt(2.0 * log / (values.shape[0] * v))
    return float(psi(sign * stake * (m - values)).sum()) - log


def catoni_upper(values: Floats, delta: float, second: float) -> float:
    """U with P(E M > U) <= delta for E M^2 <= second; at most sqrt(second)."""
    return _limit(values, delta, second, 1.0)


def catoni_lower(values: Floats, delta: float, second: float) -> float:
    """L with P(E M < L) <= delta for E M^2 <= second; at least -sqrt(second)."""
    return _limit(values, delta, second, -1.0)


def _limit(values: Floats, delta: float, second: float, sign: float) -> float:
    """The outermost mean that is not refuted, by bisection between the center and the end.

    The evidence grows outwards but for runs beyond second/m; a grid makes sure that no mean
    beyond the limit is left unrefuted.
    """
    end = sign * math.sqrt(second)
    if not np.all(np.isfinite(values)):
        return sign * math.inf
    if not 0.0 < second < math.inf:
        return end
    threshold = math.log(1.0 / delta)

    def refuted(m: float) -> bool:
        return log_e_mean(values, m, second, delta, sign) >= threshold

    # A mean that the runs speak for: of a skewed law the median is refuted from one side.
    center = min(sign * float(np.median(values)), sign * float(np.mean(values)))
    inner = sign * min(max(center, -abs(end)), abs(end))
    if refuted(inner):  # the runs contradict the certificate
        return sign * math.inf
    # Just before the end the evidence grows with the stakes, or falls where most runs lie beyond.
    if 2 * np.sum(sign * values > abs(end)) >= values.size:
        return end
    outer = end
    for m in np.linspace(end, inner, 65)[1:-1]:
        if not refuted(float(m)):
            inner = float(m)
            break
        outer = float(m)
    for _ in range(50):
        middle = 0.5 * (inner + outer)
        inner, outer = (inner, middle) if refuted(middle) else (middle, outer)
    return outer
