"""Bounds that no formula reads, beside what defines them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from convergence.constants import Constants
from convergence.parts.projectors import Haar
from convergence.theorems import (
    AdaGradNormSmooth,
    CoinLinear,
    CoupledDecay,
    GoLoreCounterexampleLaw,
    LowRankCorrected,
    Reshuffled,
)


@pytest.mark.parametrize(
    ("eta", "b", "L", "Delta"),
    [(0.7, 0.3, 1.3, 2.1), (0.7, 0.3, 1.3, 0.01), (1.9, 0.2, 2.3, 5.0), (1.9, 2.6, 0.4, 0.3)],
)
def test_the_sum_of_adagrad_with_one_norm_uses_up_the_gap(
    eta: float, b: float, L: float, Delta: float
) -> None:
    """Ψ(B) = Δ where the bound is (B² − b²)/T."""
    theorem, c = AdaGradNormSmooth(eta=eta, b=b), Constants(L=L, Delta=Delta)
    for T in (1, 7):
        B = float(np.sqrt(theorem.bound(c, T) * T + b**2))
        assert max(b, eta * L / 2) < B
        assert theorem.fall(c, B) == pytest.approx(Delta, rel=1e-9)


def test_a_bet_on_a_line_is_counted_from_its_start() -> None:
    """f(x_T) − f(x_0) is the same from every x_0."""
    g, x0 = np.array([0.6, -1.1]), np.array([0.9, 0.4])
    there = Constants(g=g, x0=x0, G=float(np.linalg.norm(g)))
    origin = there.but(x0=0 * x0)
    theorem = CoinLinear(eps=0.7)
    shift = np.array(theorem.bound(there, 4)) - np.array(theorem.bound(origin, 4))
    np.testing.assert_allclose(shift, g @ x0, rtol=1e-12)


@pytest.mark.parametrize(("m", "r", "k"), [(5, 2, 3), (3, 1, 1), (4, 4, 2)])
def test_the_law_on_the_counterexample_is_a_recursion_of_second_moments(
    m: int, r: int, k: int
) -> None:
    """Q ← Q − ηδ(HQ + QH) + η² E[Π(HQH + N)Π], H the projection on k rows, N on the others."""
    eta, sigma = 0.37, 0.9
    H = np.diag(np.arange(m) < k).astype(float)
    N = sigma**2 * np.diag(np.arange(m) >= k) / (m - k)
    Q = np.diag(np.linspace(0.5, 1.4, m))
    c = Constants(m=m, visible=k, sigma=sigma, grad0=float(np.trace(H @ Q @ H)) ** 0.5)
    law = GoLoreCounterexampleLaw(r=r, eta=eta)
    for T in range(4):
        assert law.bound(c, T) == pytest.approx(float(np.trace(H @ Q @ H)), rel=1e-12)
        pull = eta * r / m * (H @ Q + Q @ H)
        Q = Q - pull + eta**2 * Haar().squeeze(H @ Q @ H + N, r)


def test_at_rest_rounding_is_as_large_as_what_was_subtracted() -> None:
    """2^−46 (‖x_0 − w‖ + ‖w‖) either way, but not below 0; w = (3, 4)/2, where L = λ."""
    theorem = CoupledDecay(eta=0.25, decay=2.0)
    c = Constants(L=2.0, x0=np.array([1.5, 14.0]), x_star=np.array([3.0, 4.0]))
    left = 2.0**-46 * (12 + 2.5)
    assert theorem.bound(c, 0) == (12 - left, 12 + left)
    assert theorem.bound(c, 10**4) == (0.0, left)
    still = c.but(x0=np.array([1.5, 2.0]))
    assert theorem.bound(still, 1) == (0.0, 2.0**-46 * 2.5)


def test_a_spectral_norm_that_may_be_gone_bounds_no_stable_rank() -> None:
    """q = (1 − ¾)/(1 − ½): 1 − 4q^T is −1, 0 and ½."""
    theorem = LowRankCorrected(eta=0.25)
    c = Constants(par=1.5, par2=1.0, perp=4.0, eigenvalues=np.array([2.0, 3.0]))
    assert theorem.bound(c, 1) == theorem.bound(c, 2) == np.inf
    assert theorem.bound(c, 3) == (1.5**2 + 0.5**2) / 0.5**2
    assert theorem.bound(c.but(perp=0.0), 3) == 1.5**2  # a norm of 1 is not gone


@pytest.mark.parametrize(("n", "start"), [(2, 0.0), (3, 0.0), (3, 1.3), (4, 0.2)])
def test_reshuffling_is_the_mean_of_all_orders(n: int, start: float) -> None:
    """Two epochs of ½x² − b_i x in every pair of orders, also from x*, where all is noise."""
    eta, b = 0.37, np.array([0.4, -1.1, 2.0, 0.3])[:n]
    ends = []
    for first, second in itertools.product(itertools.permutations(b), repeat=2):
        x = b.mean() + start
        for value in (*first, *second):
            x -= eta * (x - value)
        ends.append((x - b.mean()) ** 2)
    c = Constants(agents=n, R=start, zeta=float(np.std(b)))
    assert Reshuffled(eta).bound(c, 2 * n) == pytest.approx(np.mean(ends), rel=1e-10)
