"""FRUGAL's and RSO's bounds against exact second moments on random quadratics: no Monte Carlo.

On a diagonal quadratic every coordinate is a linear recursion S⁺ = MS + cξ, so E[SSᵀ] is exact.
"""

from __future__ import annotations

import numpy as np
import pytest

from convergence.constants import Constants
from convergence.parts.solvers import GD
from convergence.theorems.subspace.chen2025rso import RSOSteps
from convergence.theorems.subspace.zmushko2025 import (
    FixedSplit,
    FixedSplitRounded,
    RandomSplit,
    SGDMBase,
)

ROUND = 1 + 1e-9  # up to 300 float64 steps; the sharp bounds are attained


def moves(a: float, b: float, h: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """M and c of (x, m) for a coordinate inside J, then off it."""
    inside = np.array([[1 - a * (1 - b) * h, -a * b], [(1 - b) * h, b]])
    off = np.array([[1 - a * h, 0.0], [(1 - b) * h, 0.0]])
    return inside, np.array([-a * (1 - b), 1 - b]), off, np.array([-a, 1 - b])


def average(a: float, b: float, h: float, x0: float, s2: float, p: float, K: int) -> float:
    """(1/K) Σ_k E(h x^k)² of one coordinate that is in J with probability p, each step anew."""
    M1, c1, M0, c0 = moves(a, b, h)
    E, total = np.diag([x0**2, 0.0]), 0.0
    for _ in range(K):
        total += h**2 * E[0, 0]
        one, zero = M1 @ E @ M1.T + s2 * np.outer(c1, c1), M0 @ E @ M0.T + s2 * np.outer(c0, c0)
        E = p * one + (1 - p) * zero
    return total / K


def instance(rng: np.random.Generator) -> tuple[float, float, int]:
    """β, a multiple of the largest step, and K."""
    beta = float(rng.choice([0.0, 0.1, 0.5, 0.9, 0.99]))
    return beta, float(rng.choice([1.0, 0.3, 0.02])), int(10 ** rng.uniform(0, 2.4))


def test_fixed_split(test_seed: int) -> None:
    """Two coordinates, the first in J, with noise of equal variance: both bounds and SGDM's."""
    rng = np.random.default_rng(test_seed)
    for _ in range(300):
        beta, scale, K = instance(rng)
        h, x0 = np.array([1.0, 10 ** rng.uniform(-2, 0)]), rng.standard_normal(2)
        s2 = float(rng.choice([0.0, 1.0]))
        c = Constants(
            L=1.0, d=2, sigma=(2 * s2) ** 0.5, Delta=float(0.5 * np.sum(h * x0**2)), grad0=1.0
        )
        for theorem in (FixedSplit(beta, scale), FixedSplitRounded(beta, scale)):
            a = theorem.alpha(c)
            found = sum(average(a, beta, h[j], x0[j], s2, 1.0 - j, K) for j in range(2))
            assert found <= theorem.bound(c, K) * ROUND
        theorem = SGDMBase(beta, scale)
        a = theorem.alpha(c)
        found = sum(average(a, beta, h[j], x0[j], s2, 1.0, K) for j in range(2))
        assert found <= theorem.bound(c, K) * ROUND


def test_random_split(test_seed: int) -> None:
    rng = np.random.default_rng(test_seed)
    for _ in range(300):
        beta, scale, K = instance(rng)
        h, p = float(10 ** rng.uniform(-2, 0)), float(rng.choice([0.0, 0.3, 0.8, 1.0]))
        x0, s2 = float(rng.choice([0.0, 1.0])), float(rng.choice([0.0, 1.0]))
        c = Constants(L=1.0, d=1, sigma=s2**0.5, Delta=0.5 * h * x0**2, grad0=h * x0)
        theorem = RandomSplit(beta, scale)
        found = average(theorem.alpha(c), beta, h, x0, s2, p, K)
        assert found <= theorem.bound(c, K) * ROUND


def test_without_memory_both_are_the_bound_of_sgd() -> None:
    """β = 0: Δ/(α(1 − Lα/2)K) + Lασ²/(2 − Lα), an equality from its own floor."""
    c = Constants(L=1.0, d=1, sigma=1.0, Delta=0.0, grad0=0.0)
    for theorem in (FixedSplit(0.0), RandomSplit(0.0)):
        a = theorem.alpha(c)
        assert theorem.bound(c, 10) == pytest.approx(a / (2 - a), rel=1e-12)


def test_rso_with_inner_steps(test_seed: int) -> None:
    """(h/2)‖W‖² by N noisy inner steps: E‖W‖² obeys a scalar recursion, E‖PᵀW‖² = ‖W‖²."""
    rng = np.random.default_rng(test_seed)
    for _ in range(300):
        m, N, K = int(rng.integers(1, 6)), int(rng.integers(1, 8)), int(10 ** rng.uniform(0, 2.4))
        r, h = int(rng.integers(1, m + 1)), float(rng.choice([1.0, 0.3]))
        scale, sigma = float(rng.choice([1.0, 0.3])), float(rng.choice([0.0, 1.0]))
        lam, square, total = m / r, 1.0, 0.0
        gamma, H = scale / (3 * lam), h * m / r + 2 * lam
        back = (1 - (1 - gamma * H) ** N) * h / H
        noise = gamma**2 * sigma**2 * np.sum((1 - gamma * H) ** (2 * np.arange(N)))
        for _ in range(K):
            total += h**2 * square
            square = square * (1 - 2 * back + lam * back**2) + lam * noise
        c = Constants(m=m, n=1, d=m, L=1.0, sigma=sigma, Delta=0.5 * h, grad0=h)
        theorem = RSOSteps(r, inner=GD(N, scale=scale))
        assert total / K <= theorem.bound(c, K) * ROUND
