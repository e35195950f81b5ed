"""Liu et al. 2023 (arXiv 2211.16056): NoisyQuant, a fixed noise added before rounding and taken off
after it."""

from __future__ import annotations

import itertools

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source

NODES, WEIGHTS = np.polynomial.legendre.leggauss(4)


def rounded(w: np.ndarray, b: float) -> np.ndarray:
    """The midpoint of the bin of width 2b, with edges at the multiples of 2b, that holds w."""
    return 2 * b * np.floor(w / (2 * b)) + b


def mean_square(x: float, n: float, b: float, subtract: bool = True) -> float:
    """E (Q(x + N) − N − x)² with N uniform on [−n, n], by Gauss's rule between bin edges: exact."""
    edges = 2 * b * np.arange(-4, 5) - x
    cuts = np.unique(np.concatenate([[-n, n], edges[np.abs(edges) < n]]))
    total = 0.0
    for low, high in itertools.pairwise(cuts):
        N = (low + high) / 2 + (high - low) / 2 * NODES
        error = rounded(x + N, b) - (N if subtract else 0.0) - x
        total += (high - low) / 2 * float(WEIGHTS @ error**2)
    return total / (2 * n)


class NoisyError(AbstractIdentity):
    """E err² = n²/3 − nb + b² − (b − n)x²/n at a distance x ≤ n ≤ 2b − x from a bin edge, against
    (b − x)² without noise: smaller if and only if x < n(1 − √(n/(3b))).

    Proof. The error is ±(|w| − b) at w uniform on [x − n, x + n]: two cubic integrals. The
    difference is positive for (n − x)² > n³/(3b). ∎
    """

    source = Source("liu2023noisyquant", "the error with a noisy bias; exact form derived")
    provenance = Provenance.DERIVED
    statement = "E err² = n²/3 − nb + b² − (b−n)x²/n;  < (b−x)² iff x < n(1−√(n/(3b)))"
    tolerance = 1e-12  # integrals of quadratics of size b² = 1

    subtract: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        rng, found, wrong = np.random.default_rng(0), 0.0, 0
        for _ in range(200):
            b = 1.0
            x = rng.uniform(0, b)
            n = rng.uniform(x, 2 * b - x)
            error = mean_square(x, n, b, self.subtract)
            law = n**2 / 3 - n * b + b**2 - (b - n) * x**2 / n
            found = max(found, abs(error - law))
            wrong += (error < (b - x) ** 2) != (x < n * (1 - np.sqrt(n / (3 * b))))
        known = {0.1: 0.57333333333333333, 0.4: 0.42333333333333333}
        digits = max(abs(mean_square(x, 0.5, 1.0, self.subtract) - v) for x, v in known.items())
        best = abs(mean_square(0.0, 1.5, 1.0, self.subtract) - 0.25)
        return {"law": found, "when it helps": float(wrong), "digits": digits, "x = 0": best}


class NoiseAlwaysHelps(AbstractIdentity):
    """FALSE: the noise never increases the error. b = 1, n = ½, x = 0.4: 0.4233 against 0.36."""

    source = Source("liu2023noisyquant", "what the method is for; instance derived")
    provenance = Provenance.DERIVED
    statement = "E err² with the noise ≤ (b − x)² at every x ≤ n (false)"
    tolerance = 1e-12

    def discrepancies(self) -> dict[str, float]:
        return {"n = ½, x = 0.4": max(0.0, mean_square(0.4, 0.5, 1.0) - 0.36)}


class NoiseHelpsOnAverage(AbstractIdentity):
    """FALSE: averaged over a uniform x the noise makes the error strictly smaller: both are b²/3,
    for x + N is uniform modulo 2b. Stated with a gain of 1 %."""

    source = Source("liu2023noisyquant", "what the method is for; derived")
    provenance = Provenance.DERIVED
    statement = "averaged over x, E err² with the noise ≤ 0.99 b²/3 (false)"
    tolerance = 1e-12

    def discrepancies(self) -> dict[str, float]:
        # On [0, 2b] the error is piecewise quadratic in x, with kinks at n, 2b − n and b.
        cuts, total = (0.0, 0.5, 1.0, 1.5, 2.0), 0.0
        for low, high in itertools.pairwise(cuts):
            for node, weight in zip(NODES, WEIGHTS):
                x = (low + high) / 2 + (high - low) / 2 * node
                total += (high - low) / 4 * weight * mean_square(x, 0.5, 1.0)
        return {"n = ½": max(0.0, total - 0.99 / 3)}
