"""Digits of the identities that their claims do not check themselves."""

from __future__ import annotations

import numpy as np
import pytest

from convergence.theorems.attention import wang2024s3 as s3
from convergence.theorems.identities import albert2025, choromanski2021, li2022dp, meng2024
from convergence.theorems.identities import horvath2024 as maestro
from convergence.theorems.identities import liu2023noisyquant as noisyquant
from convergence.theorems.identities import yan2024 as rscp


def test_noisyquant_threshold() -> None:
    """b = 1, n = ½: equal at 0.2958759 from the edge."""
    x = 0.5 * (1 - (0.5 / 3) ** 0.5)
    assert x == pytest.approx(0.2958759, abs=5e-8)
    assert noisyquant.mean_square(x, 0.5, 1.0) == pytest.approx((1 - x) ** 2, rel=1e-12)


def test_randlora_digits() -> None:
    ranks = [albert2025.rank(albert2025.jacobian(6, 5, 2, N)[0]) for N in range(1, 7)]
    assert ranks == [6, 12, 18, 24, 30, 30]
    assert [albert2025.rank(albert2025.jacobian(6, 5, 2, N)[1]) for N in (1, 2, 3)] == [2, 4, 5]


def test_random_feature_digits(test_seed: int) -> None:
    """1.098226 and 0.1353517; m · bias at m = 64 within 5 standard errors of −0.284 + O(1/m),
    α = 6e-7, plus 0.05 for the next term."""
    x, y = choromanski2021.X, choromanski2021.Y
    far, near, dot = (x + y) @ (x + y), (x - y) @ (x - y), x @ y
    assert np.exp(2 * dot) * (np.exp(far) - 1) == pytest.approx(1.098226, abs=5e-7)
    trig = np.exp(far - 2 * dot) * (1 - np.exp(-near)) ** 2 / 2
    assert trig == pytest.approx(0.1353517, abs=5e-8)
    m, rng = 64, np.random.default_rng(test_seed)
    w = rng.standard_normal((20000, m, 3))
    keys, query = choromanski2021.KEYS, choromanski2021.QUERY
    phi = np.stack([np.exp(w @ (query + k) - k @ k / 2) for k in keys])
    D = phi.mean(axis=2)
    ratio = choromanski2021.VALUES @ D / D.sum(axis=0)
    e = np.exp(keys @ query)
    off = m * (ratio - choromanski2021.VALUES @ e / e.sum())
    assert abs(off.mean() + 0.2838529) <= 5 * off.std() / len(off) ** 0.5 + 0.05


def test_private_floor_digits() -> None:
    assert pytest.approx(0.0394737, abs=5e-8) == 0.1 * 4 * 1 * 3 / (16 * (2 - 0.1))
    # At C = 2 there is no bias: the fixed point is the mean, 1, where the gradient is C/2 − 1 = 0.
    assert li2022dp.clipped_mean(1.0, 2 / 3, 3.0, 2.0) == pytest.approx(0, abs=1e-15)


def test_rscp_digits() -> None:
    """Exact coverages without correction, and with it at 2000 draws."""
    known = {(0.5, 0.3, 4): 0.83745, (0.8, 0.3, 4): 0.83977, (0.1, 0.05, 6): 0.74353}
    for (mu, sd, draws), value in known.items():
        assert rscp.coverage(mu, sd, 99, draws, 0.1) == pytest.approx(value, abs=2e-4)
    covered = rscp.coverage(0.8, 0.3, 1999, 2000, 0.1, 0.001)
    assert covered == pytest.approx(0.959, abs=2e-3)
    assert rscp.level(99, 0.1) == 90
    assert rscp.coverage(0.5, 0.3, 9, 4, 0.05) == 1.0  # the order statistic 10 of 9: τ = ∞


def test_s3_digits() -> None:
    """δ = 0.05: single t 0.1744; the corrected bound is violated with 0.0048 (n = 64), 0.0041."""
    for n, value in ((1, 0.174431), (4, 0.5355), (16, 0.9534), (64, 0.999995)):
        threshold = s3.printed(1.0, 0.0, 1.0, n, 0.05)
        assert s3.violated(threshold, 1.0, 1.0, n) == pytest.approx(value, abs=5e-5)
    for n, value in ((64, 0.004750), (1024, 0.004139)):
        threshold = s3.corrected(1.0, 0.0, 1.0, n, 0.05)
        assert s3.violated(threshold, 1.0, 1.0, n) == pytest.approx(value, abs=5e-7)
    assert 1 - (16 / 64) ** 2 == 0.9375


def test_maestro_digits() -> None:
    """A = diag(5, 3, 2, 1), p uniform: the minimum is 5; diag(3, 2, 1): 25 against 41."""
    A = np.diag([5.0, 3, 2, 1])
    assert maestro.loss(A, np.eye(4), A, np.eye(4), np.full(4, 0.25)) == pytest.approx(5.0)
    e, small, S = np.eye(3), np.diag([3.0, 2, 1]), np.diag([1.0, 4, 25])
    assert maestro.loss(e[:, 2:], e[:, 2:], small, S, np.ones(1)) == pytest.approx(25)
    assert maestro.loss(3 * e[:, :1], e[:, :1], small, S, np.ones(1)) == pytest.approx(41)


def test_pissa_by_a_finite_difference() -> None:
    """The rate against the change of ⟨G, W⟩ under a step of 1e-7."""
    W, G = meng2024.instance()
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    B, A, h = U[:, :2] * s[:2] ** 0.5, (s[:2] ** 0.5)[:, None] * Vt[:2], 1e-7
    moved = (B - h * G @ A.T) @ (A - h * B.T @ G)
    rate = float(np.sum(G * (B @ A - moved))) / h
    law = sum(s[i] * (np.sum((U[:, i] @ G) ** 2) + np.sum((G @ Vt[i]) ** 2)) for i in range(2))
    assert rate == pytest.approx(float(law), rel=1e-5)  # the second order is a share h
