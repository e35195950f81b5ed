"""What factors 1 − x take is right to rounding, for any number of steps."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from convergence import Verdict, verify
from convergence.claims.exact_masks import ExactMasks
from convergence.noise.base import Noiseless
from convergence.oracles.finite_workers import Workers
from convergence.problems.workers import WorkerQuadratics
from convergence.theorems.classical.gower2019 import ExpectedSmoothness
from convergence.theorems.shrinking import averaged, gone, left, summed


@pytest.mark.parametrize("T", [1, 2, 3, 17, 40])
@pytest.mark.parametrize(
    "x", [2.0, 1.7, 1.0, 0.5, 0.4, 0.3, 0.02, 1e-3, 3e-9, 1e-17, 0.0, -1e-12, -0.5]
)
def test_sums_of_rational_numbers(x: float, T: int) -> None:
    """Exactly summed."""
    powers = [(1 - Fraction(x)) ** t for t in range(T + 1)]
    np.testing.assert_allclose(left(x, T), float(powers[T]), rtol=1e-14)
    np.testing.assert_allclose(gone(x, T), float(1 - powers[T]), rtol=1e-14)
    np.testing.assert_allclose(summed(x, T), float(sum(powers[:T])), rtol=1e-14)
    if x >= 0:
        mean = float(sum(1 - v for v in powers[:T]) / T)
        np.testing.assert_allclose(averaged(x, T), mean, rtol=1e-13)


def test_horizons_that_no_array_holds() -> None:
    """A law's exponent is read off at 10⁸⁴ steps."""
    T = 10**84
    assert averaged(1.0, T) == averaged(1e-40, T) == 1.0
    np.testing.assert_allclose(averaged(1e-90, T), 0.5e-6, rtol=1e-5)
    np.testing.assert_allclose(averaged(1 / T, T), np.exp(-1), rtol=1e-12)


def test_what_a_factor_takes_beyond_float64_is_no_number() -> None:
    with pytest.raises(FloatingPointError):
        gone(-1.0, 2000)


def test_a_bound_that_has_nearly_vanished_is_not_zero() -> None:
    """q^T R² = 2⁻⁶⁶: of q^T as 1 − (1 − q^T) nothing was left, and the statement was REFUTED."""
    alike = WorkerQuadratics([0.0, -0.5], np.stack([np.eye(2)] * 3), np.zeros((3, 2)))
    theorem = ExpectedSmoothness(0.5)
    assert theorem.bound(alike.constants(), 64) == pytest.approx(2.0**-66, rel=1e-13)
    claim = ExactMasks("alike", theorem, alike, Noiseless(), horizons=(64,), oracle=Workers)
    assert verify(claim).verdict is Verdict.CONSISTENT
