"""W = mean over lambda of prod_i (1 + lambda g_i): the wealth of a bettor against the statement.

If the statement holds, every gain g_i >= -1 has mean <= 0 given the past, so W is a nonnegative
supermartingale that starts at 1 and by Ville's inequality P(sup_n W_n >= 1/alpha) <= alpha. No
moment beyond the mean is assumed, and looking again after adding seeds is legal. The stakes
lambda form a fixed grid, so W does not depend on the order of the seeds.
"""

import math
from collections.abc import Callable

import numpy as np

from convergence.statistics.verdict import Floats

# Small stakes suit spiky data (the best stake is about excess / variance), large ones
# concentrated data. Thirteen of them cost log 13 = 2.6 nats of evidence at most.
LAMBDAS: Floats = np.array([2.0**-k for k in range(10, 0, -1)] + [0.75, 0.9, 0.99])
MANY, BLOCK = 2**9, 8  # gains, and how many factors of so many share a logarithm
PIECE = 2**12  # gains whose factors stay near the processor
LARGEST = 1e30  # of such a gain: a block's product stays in the floats


def _check_stakes(lambdas: Floats) -> None:
    if lambdas is not LAMBDAS and not (np.all(lambdas > 0) and np.all(lambdas < 1)):
        raise ValueError(
            f"stakes {lambdas} leave (0, 1): a stake above 1 can lose more than it owns, and W "
            "is no e-value then"
        )


def log_mean_exp(logs: Floats) -> Floats:
    """log mean exp over the first axis, safe for -inf and +inf."""
    with np.errstate(invalid="ignore"):  # two infinities of one sign add to the same infinity
        return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(logs.shape[0]))


def log_wealth(gains: Floats, lambdas: Floats = LAMBDAS) -> Floats:
    """log W after all gains; gains (..., n) >= -1, result (...)."""
    _check_stakes(lambdas)
    if gains.ndim == 1 and len(gains) >= MANY and np.max(gains) <= LARGEST:
        pieces = np.split(gains, range(PIECE, len(gains), PIECE))
        return log_mean_exp(np.sum([_log_growth(piece, lambdas) for piece in pieces], axis=0))
    return log_mean_exp(np.log1p(np.multiply.outer(lambdas, gains)).sum(axis=-1))


def _log_growth(gains: Floats, lambdas: Floats) -> Floats:
    """Σ log(1 + lambda gain) for each stake, to 1e-16 a term: where they are many, logarithms are
    what takes time."""
    whole = len(gains) - len(gains) % BLOCK
    factors = np.multiply.outer(lambdas, gains[:whole])
    factors += 1
    products = np.multiply.reduce(factors.reshape(len(lambdas), BLOCK, -1), axis=1)
    rest = np.log1p(np.multiply.outer(lambdas, gains[whole:])).sum(axis=1)
    return np.asarray(np.log(products).sum(axis=1) + rest)


def log_wealth_path(gains: Floats, lambdas: Floats = LAMBDAS) -> Floats:
    """log W after 1, 2, ..., n gains; gains (..., n) >= -1, result (..., n)."""
    _check_stakes(lambdas)
    return log_mean_exp(np.cumsum(np.log1p(np.multiply.outer(lambdas, gains)), axis=-1))


def gains_above(values: Floats, bound: float) -> Floats:
    """M/B - 1: pays when the statement "E M <= B, M >= 0" is false. Non-finite M counts as +inf."""
    values = np.where(np.isfinite(values), values, np.inf)
    if np.any(values < 0):
        raise ValueError(
            f"the metric is nonnegative by contract, got {values.min()}: test its square or norm"
        )
    if bound == math.inf:
        return np.zeros_like(values)
    if bound < 0:
        return np.full_like(values, np.inf)  # a mean of nonnegative values is never negative
    if bound == 0:
        return np.where(values > 0, np.inf, 0.0)
    with np.errstate(over="ignore"):
        return values / bound - 1.0


def gains_below(values: Floats, floor: float, ceiling: float) -> Floats:
    """(eps - M)/(C - eps): pays when "E M >= eps, M <= C" is false. Non-finite M counts as C."""
    values = np.where(np.isfinite(values), values, ceiling)
    if np.any(values > ceiling):
        raise ValueError(f"{values.max()} exceeds the certified ceiling {ceiling}")
    if floor > ceiling:
        return np.full_like(values, np.inf)
    if floor == ceiling:
        return np.where(values < ceiling, np.inf, 0.0)
    if floor == -math.inf:
        return np.zeros_like(values)
    with np.errstate(over="ignore"):
        return (floor - values) / (ceiling - floor)


def log_e_above(values: Floats, bound: float) -> Floats:
    """log e-value against E M <= B for nonnegative M; no other assumption. values (..., n)."""
    return log_wealth(gains_above(values, bound))


def log_e_below(values: Floats, floor: float, ceiling: float) -> Floats:
    """log e-value against E M >= eps for M <= ceiling almost surely. values (..., n)."""
    return log_wealth(gains_below(values, floor, ceiling))


def edge(refuted: Callable[[float], bool], start: float = 1.0) -> float:
    """sup{s > 0 : refuted(s)} for a decreasing predicate; 0 if never, inf if always.

    Found by bisection on log s to a relative 1e-6; what is returned is itself refuted.
    """
    if start <= 0 or not math.isfinite(start):
        raise ValueError(f"the search starts at a positive number, got {start}")
    step, here = 1.0, math.log(start)
    up = refuted(start)
    direction = 1.0 if up else -1.0
    while True:
        there = here + direction * step
        if abs(there) > 690.0:  # exp(690) = 1e299: the end of float64, with room for a product
            return math.inf if up else 0.0
        if refuted(math.exp(there)) != up:
            break
        here, step = there, 2.0 * step
    low, high = min(here, there), max(here, there)
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        if refuted(math.exp(middle)):
            low = middle
        else:
            high = middle
    return math.exp(low)
