"""What a noise certifies of its entries, against samples: covariances, agents, the corner."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy

from convergence.constants import Constants
from convergence.laws.faults import ROUNDING, Fault
from convergence.statistics.eprocess import log_e_above

ALPHA = 1e-9  # the level of a test of one certificate
MANY = 512  # samples of which a half names ways


def misses(sample: np.ndarray, mean: Any) -> np.ndarray:
    """(d,) by how many standard errors the means of the columns miss `mean`."""
    error = sample.std(axis=0, ddof=1) / len(sample) ** 0.5
    miss = sample.mean(axis=0) - mean
    floor = 1e-12 * np.maximum(np.abs(sample).max(axis=0), np.abs(mean))  # rounding alone
    return np.where(np.abs(miss) <= floor, 0.0, miss / np.maximum(error, 1e-300))


def limit(tests: int) -> float:
    """How many standard errors one of `tests` means may miss by."""
    return float(-scipy.special.ndtri(ALPHA / (2 * tests)))


def entry_faults(sample: np.ndarray, shape: tuple[int, ...], c: Constants) -> Iterator[Fault]:
    """Samples (N, d) of iterates of this shape; second moments only where tails are light."""
    if c.get("light_tailed"):
        yield from _squares(sample**2, c)
        yield from _ways(sample, c)
        if len(shape) == 2:
            yield from _rows(sample.reshape(len(sample), *shape), c)
    if "corner_rank" in c and len(shape) == 2:
        yield from _corner(sample.reshape(len(sample), *shape), c)


def _worst(columns: np.ndarray, mean: Any, tests: int) -> int | None:
    """The column whose mean misses the most, if it is beyond the limit."""
    off = np.abs(misses(columns, mean))
    k = int(np.argmax(off))
    return k if off[k] > limit(tests) else None


def _squares(squares: np.ndarray, c: Constants) -> Iterator[Fault]:
    """Squares of the entries (N, d) against isotropy, a diagonal covariance and s."""
    d = squares.shape[1]
    if c.get("isotropic_noise") and c.get("sigma", 0.0) > 0:
        k = _worst(squares, c.sigma**2 / d, d)
        if k is not None:
            share = squares[:, k].mean() * d / c.sigma**2
            yield Fault("isotropic_noise", True, share, "an entry's variance over σ²/d")
    if "covariance" in c:
        stated = np.ravel(c.covariance)
        k = _worst(squares, stated, d)
        if k is not None:
            yield Fault("covariance", stated[k], squares[:, k].mean(), "the variance of that entry")
    if "s" in c:
        off = misses(squares, c.s**2)
        if off.max() > limit(d) or off.max() < -limit(1):
            largest = squares.mean(axis=0).max() ** 0.5
            yield Fault("s", c.s, largest, "the largest standard deviation of an entry")


def _ways(sample: np.ndarray, c: Constants) -> Iterator[Fault]:
    """Isotropy, and a diagonal covariance, along the ways in which one half of the samples (N, d)
    varies least and most: the other half must vary there as is stated."""
    half, d = len(sample) // 2, sample.shape[1]
    if half < MANY or d == 1:
        return
    if c.get("isotropic_noise") and c.get("sigma", 0.0) > 0:
        name, scale = "isotropic_noise", np.full(d, c.sigma**2 / d)
    elif "covariance" in c and np.size(c.covariance) == d:
        name, scale = "covariance", np.ravel(np.asarray(c.covariance, float))
    else:
        return
    z = sample[:, scale > 0] / np.sqrt(scale[scale > 0])
    if z.shape[1] < 2:
        return
    ways = np.linalg.eigh(z[:half].T @ z[:half])[1][:, [0, -1]]
    low, top = ((z[half:] @ ways) ** 2).T
    # Squares are skewed: of 512, 4.5 standard errors below the mean are thirty times as frequent
    # as of normal numbers. Above, an e-value holds whatever the law; below, twice the limit.
    for seen, off in (
        (top, log_e_above(top, 1.0) >= -math.log(ALPHA)),
        (low, misses(low[:, None], 1.0)[0] < -2 * limit(1)),
    ):
        if off:
            yield Fault(name, c[name], seen.mean(), "along a way the variance over what it says")
            return


def _rows(sample: np.ndarray, c: Constants) -> Iterator[Fault]:
    """Samples (N, n, d) of n agents."""
    N, n, d = sample.shape
    for agent, stated in enumerate(c.get("covariances", ())):
        pairs = (sample[:, agent, :, None] * sample[:, agent, None, :]).reshape(N, -1)
        k = _worst(pairs, np.ravel(stated), n * d * d)
        if k is not None:
            what = f"of agent {agent}, that covariance"
            yield Fault("covariances", np.ravel(stated)[k], pairs[:, k].mean(), what)
            return
    if c.get("equal_noise") and n > 1:
        energy = np.sum(sample**2, axis=2)
        if _worst(energy[:, 1:] - energy[:, :1], 0.0, n) is not None:
            ratio = energy.mean(axis=0).max() / energy.mean(axis=0).min()
            yield Fault("equal_noise", True, ratio, "the largest ratio of two agents' variances")


def _corner(sample: np.ndarray, c: Constants) -> Iterator[Fault]:
    """ξ = corner · v C with C the last identity block."""
    (N, m, n), r = sample.shape, int(c.corner_rank)
    block = np.zeros((m, n))
    block[np.arange(m - r, m), np.arange(n - r, n)] = 1.0
    scalar = sample[:, m - 1, n - 1]
    off = float(np.abs(sample - scalar[:, None, None] * block).max())
    if off > ROUNDING * max(float(np.abs(scalar).max()), c.corner):
        yield Fault("corner_rank", r, off, "an entry beside that block")
    if c.corner == 0:
        return
    v = scalar / c.corner
    if "batch" in c:
        count = (v + 1) / 2 * c.batch  # how many signs are 1
        whole = np.round(count)
        upto = np.arange(c.batch + 1)
        share = np.searchsorted(np.sort(whole), upto, side="right") / N
        gap = np.abs(share - scipy.special.bdtr(upto, c.batch, 0.5))
        odd = c.batch < 1 or np.abs(count - whole).max() > 1e-6 or np.abs(v).max() > 1 + ROUNDING
        # By Dvoretzky, Kiefer and Wolfowitz.
        if odd or 2 * np.exp(-2 * N * gap.max() ** 2) < ALPHA:
            true = 1 / max(float(np.mean(v**2)), 1e-300)
            yield Fault("batch", c.batch, true, "v is no mean of so many signs; 1/(mean of v²)")
    exact = c.get("gaussian") or c.get("two_point")
    if exact and abs(misses(v[:, None] ** 2, 1.0)[0]) > limit(1):
        yield Fault("corner", c.corner, np.mean(scalar**2) ** 0.5, "(mean of its squares)^½")
