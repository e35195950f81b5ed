"""What a noise certifies of its entries, against samples: covariances, agents, the corner."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy

from convergence.constants import Constants
from convergence.laws.faults import ROUNDING, Fault
from convergence.statistics.eprocess import log_e_above, log_e_below

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


def uncentered(sample: np.ndarray, c: Constants, own: bool, floor: float = 0.0) -> Iterator[Fault]:
    """E ξ_j = 0 of the entries of N samples (N, d), whatever their tails, at level `ALPHA`, but for
    a rounding `floor`.

    Of a symmetric law P(|Σ ξ_j| > t(Σ ξ_j²)^½) ≤ 2exp(−t²/2), by Hoeffding given the sizes. Of one
    that the package does not prove, and E|ξ_j|^p ≤ σ^p, the mean of Π(1 + λξ_j + |λξ_j|^p/p)/(1 +
    λ^pσ^p/p) is at most 1 for every λ (Catoni).
    """
    (N, d), mean = sample.shape, sample.mean(axis=0)
    p, sigma = float(c.get("p", 2.0)), float(c.get("sigma_p", c.get("sigma", 0.0)))
    off = np.zeros(d, bool)
    if c.get("symmetric"):
        t = math.sqrt(2 * math.log(4 * d / ALPHA) / N)
        off = np.abs(mean) > t * np.sqrt(np.mean(sample**2, axis=0))
    if not own and 0 < sigma < math.inf:
        large = math.log(12 * d / ALPHA)
        for stake in np.array([0.5, 1.0, 2.0]) * (p * large / N) ** (1 / p) / sigma:
            x = stake * sample * np.sign(mean)
            grown = np.sum(np.log1p(x + np.abs(x) ** p / p), axis=0)
            off |= grown - N * math.log1p((stake * sigma) ** p / p) > large
    off &= np.abs(mean) > 1e-9 * np.sqrt(np.mean(np.sum(sample**2, axis=1))) + floor
    if off.any():
        k = int(np.argmax(np.where(off, np.abs(mean), 0.0)))
        yield Fault("mean", 0.0, mean[k], f"of {N} draws the mean of an entry")


def apart(a: np.ndarray, b: np.ndarray, tests: int = 1) -> bool:
    """Whether two samples are of different laws, by Kolmogorov and Smirnov, in one of so many
    tests; ties make it milder."""
    a, b = np.sort(a), np.sort(b)
    both = np.sort(np.concatenate([a, b]), kind="stable")  # which merges what is sorted
    tie = 1e-12 * max(float(np.max(np.abs(both), initial=0.0)), 1e-300)
    upto = [np.searchsorted(s, both + tie, side="right") / len(s) for s in (a, b)]
    gap = float(np.max(np.abs(upto[0] - upto[1])))
    n = len(a) * len(b) / (len(a) + len(b))
    return 2 * math.exp(-2 * n * gap**2) < ALPHA / tests


def entry_faults(
    sample: np.ndarray, shape: tuple[int, ...], c: Constants, own: bool = True
) -> Iterator[Fault]:
    """Samples (N, d) of iterates of this shape; second moments where tails are light, and of a law
    that the package does not prove, since too much of one is seen whatever the tails."""
    light = bool(c.get("light_tailed"))
    if light or not own:
        yield from _squares(sample, c, light)
        yield from _ways(sample, c, light)
        if len(shape) == 2:
            yield from _rows(sample.reshape(len(sample), *shape), c, light)
    if "corner_rank" in c and len(shape) == 2:
        yield from _corner(sample.reshape(len(sample), *shape), c)


def _worst(columns: np.ndarray, mean: Any, tests: int) -> int | None:
    """The column whose mean misses the most, if it is beyond the limit."""
    off = np.abs(misses(columns, mean))
    k = int(np.argmax(off))
    return k if off[k] > limit(tests) else None


def uneven(
    squares: np.ndarray, mean: Any, most: float, tests: int, alike: np.ndarray | None = None
) -> np.ndarray:
    """(d,) 1 where a column of squares (N, d), of at most `most`, has certainly more than `mean`,
    −1 where it has certainly less, at level `ALPHA` of `tests` columns.

    Above by an e-value, whatever the law. Below a rare square that was not drawn may be missing:
    by an e-value for squares up to `most`; and by P(mean of N < x E s) ≤ exp(−N(1 − x)²/(2K)),
    K = E s²/(E s)², of squares s ≥ 0 (Maurer 2003), with K as the column shows it or, what is rare
    being seen in some columns only, all columns together or all of `alike`, over their means. So
    what one column alone does rarely, and did not, is not known: it is accused.
    """
    mean = np.broadcast_to(np.asarray(mean, float), squares.shape[1:])
    large, z = math.log(tests / ALPHA), misses(squares, mean)
    scaled = squares / np.where(mean > 0, mean, math.inf)
    parts = scaled if alike is None else alike
    own = np.sum(scaled**2, axis=0) / np.maximum(np.sum(scaled, axis=0), 1e-300)
    K = np.maximum(own, np.sum(parts**2) / np.sum(parts) if np.any(parts) else math.inf)
    lack = np.clip(1 - scaled.mean(axis=0), 0.0, 1.0)
    short = len(squares) * lack**2 / (2 * K) > large
    found = np.zeros(len(mean))
    for j, (column, stated) in enumerate(zip(squares.T, mean)):
        if z[j] > 0 and log_e_above(column, stated) >= large:
            found[j] = 1.0
        elif z[j] < 0 and (short[j] or log_e_below(column, stated, max(most, stated)) >= large):
            found[j] = -1.0
    return found


def _uneven(light: bool, *asked: Any, **more: Any) -> np.ndarray:
    """As `uneven`; of heavy tails what is too little may be missing by chance."""
    return np.maximum(uneven(*asked, **more), -1.0 if light else 0.0)


def _squares(sample: np.ndarray, c: Constants, light: bool) -> Iterator[Fault]:
    """Squares of the entries of samples (N, d) against isotropy, a diagonal covariance and s."""
    squares, d = sample**2, sample.shape[1]
    most = float(np.max(np.sum(squares, axis=1)))
    if c.get("isotropic_noise") and c.get("sigma", 0.0) > 0:
        off = _uneven(light, squares, c.sigma**2 / d, most, d)
        if np.any(off):
            share = squares[:, np.argmax(np.abs(off))].mean() * d / c.sigma**2
            yield Fault("isotropic_noise", True, share, "an entry's variance over σ²/d")
    if "covariance" in c:
        stated = np.broadcast_to(np.ravel(c.covariance), d)
        off = _uneven(light, squares, stated, most, d)
        if np.any(off):
            k = int(np.argmax(np.abs(off)))
            yield Fault("covariance", stated[k], squares[:, k].mean(), "the variance of that entry")
    if "s" in c:
        off = _uneven(light, squares, c.s**2, most, d)
        if off.max() != 0:  # one has more, or all have less
            largest = squares.mean(axis=0).max() ** 0.5
            yield Fault("s", c.s, largest, "the largest standard deviation of an entry")


def _ways(sample: np.ndarray, c: Constants, light: bool) -> Iterator[Fault]:
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
    squares = (z[half:] @ ways) ** 2
    entries = z[half:] ** 2
    off = _uneven(light, squares, 1.0, float(np.max(np.sum(entries, axis=1))), 2, alike=entries)
    if np.any(off):
        seen = squares[:, np.argmax(np.abs(off))].mean()
        yield Fault(name, c[name], seen, "along a way the variance over what it says")


def _rows(sample: np.ndarray, c: Constants, light: bool) -> Iterator[Fault]:
    """Samples (N, n, d) of n agents."""
    N, n, d = sample.shape
    said = np.asarray(c.get("covariances", np.zeros((n, d, d))))
    if said.shape != (n, d, d):
        yield Fault("covariances", said, None, f"an array of shape {(n, d, d)} is what it means")
        return
    for agent, stated in enumerate(c.get("covariances", ())):
        if not light:
            yield from _widest(sample[:, agent], np.asarray(stated), agent, n)
            continue
        pairs = (sample[:, agent, :, None] * sample[:, agent, None, :]).reshape(N, -1)
        k = _worst(pairs, np.ravel(stated), n * d * d)
        if k is not None:
            what = f"of agent {agent}, that covariance"
            yield Fault("covariances", np.ravel(stated)[k], pairs[:, k].mean(), what)
            return
    if not c.get("equal_noise") or n == 1:
        return
    energy = np.sum(sample**2, axis=2)
    if light and _worst(energy[:, 1:] - energy[:, :1], 0.0, n) is not None:
        ratio = energy.mean(axis=0).max() / energy.mean(axis=0).min()
        yield Fault("equal_noise", True, ratio, "the largest ratio of two agents' variances")
        return
    for agent in range(1, n if not light else 0):
        if apart(energy[::2, 0], energy[1::2, agent], n):
            share = np.mean(energy[::2, 0] > energy[1::2, agent])
            what = f"laws of ‖ξ‖ part: P(‖ξ_0‖ > ‖ξ_{agent}‖)"
            yield Fault("equal_noise", True, share, what)
            return


def _widest(sample: np.ndarray, stated: np.ndarray, agent: int, agents: int) -> Iterator[Fault]:
    """Samples (N, d) of one agent along the way in which a half of them varies most beyond a
    covariance (d, d): the other half may not, whatever the tails."""
    values, ways = np.linalg.eigh(0.5 * (stated + stated.T))
    z = sample @ ways / np.sqrt(np.maximum(values, max(1e-9 * values[-1], 1e-300)))
    half = len(z) // 2
    way = np.linalg.eigh(z[:half].T @ z[:half])[1][:, -1]
    squares = (z[half:] @ way) ** 2
    if log_e_above(squares, 1.0) >= math.log(agents / ALPHA):
        what = f"of agent {agent}, along a way, the variance over it"
        yield Fault("covariances", 1.0, squares.mean(), what)


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
    square = v[:, None] ** 2
    if exact and uneven(square, 1.0, float(np.max(square)), 1)[0]:
        yield Fault("corner", c.corner, np.mean(scalar**2) ** 0.5, "(mean of its squares)^½")
