"""LOZO's bounds against its exact law on (L/2)‖X‖²: no Monte Carlo."""

from __future__ import annotations

import numpy as np

from convergence.constants import Constants
from convergence.theorems.zeroth_order.chen2025lozo import LozoQuadratic, LozoSmooth

ROUND = 1 + 1e-9  # up to 600 float64 steps; the bounds are attained at ν = 1


def average(theorem: LozoQuadratic | LozoSmooth, c: Constants, K: int) -> float:
    """(1/K) Σ_k E‖∇f(X^{kν})‖² by the exact law, at the theorem's step."""
    nu, r, p = theorem.nu, theorem.r, c.m * theorem.r
    alpha = theorem.alpha(c, K * nu)
    a, share = alpha * c.n / r, r / c.n
    q, noise = 1 - 2 * a + a**2 * (p + 2), (alpha * c.n / r) ** 2 * (p + 2) * share * c.sigma**2
    square, total = c.R**2, 0.0
    for _ in range(K):
        total += square
        moving, parked = share * square, (1 - share) * square
        for _ in range(nu):
            moving = q * moving + noise
        square = moving + parked
    return total / K


def test_bounds_hold_and_are_attained(test_seed: int) -> None:
    """300 shapes, ranks, periods and noises; at ν = 1 from the floor the ratio comes close to 1."""
    rng = np.random.default_rng(test_seed)
    for _ in range(300):
        m, n = int(rng.integers(1, 5)), int(rng.integers(1, 7))
        r, nu, K = int(rng.integers(1, n + 1)), int(rng.choice([1, 2, 5, 20])), 30
        R, sigma = float(rng.choice([0.01, 1.0])), float(rng.choice([0.0, 0.3, 1.0]))
        scale = float(rng.choice([1.0, 0.3, 0.05]))
        c = Constants(
            m=m,
            n=n,
            d=m * n,
            L=1.0,
            sigma=sigma,
            Delta=0.5 * R**2,
            R=R,
            grad0=R,
            isotropic_noise=True,
        )
        for theorem in (LozoQuadratic(r, nu, scale), LozoSmooth(r, nu, scale)):
            assert average(theorem, c, K) <= theorem.bound(c, K * nu) * ROUND


def test_tight_without_noise() -> None:
    """ν = 1, σ = 0, α = 1/(L D_S): the ratio tends to 1 as f(X_T) → 0."""
    c = Constants(
        m=3, n=6, d=18, L=1.0, sigma=0.0, Delta=0.5, R=1.0, grad0=1.0, isotropic_noise=True
    )
    for theorem in (LozoQuadratic(2, 1), LozoSmooth(2, 1)):
        assert 0.999 < average(theorem, c, 300) / theorem.bound(c, 300) <= ROUND  # (23/24)^300
