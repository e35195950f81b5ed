"""Two powers where no single one passes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convergence.cli.rate import sentence
from convergence.search.estimate import Point, fitted
from convergence.statistics.rates import Curve
from convergence.statistics.terms import two_terms

T = 2.0 ** np.arange(3, 11)


def band(values: np.ndarray, wide: float = 0.0) -> Curve:
    """A curve whose limits are e^±wide of its values."""
    y = np.log(values)
    return Curve(np.log(T), y, y - wide, y + wide)


@pytest.mark.parametrize(("p", "q", "C", "D"), [(0.5, 1, 1, 1), (1, 2, 3, 20), (2 / 3, 1, 1, 4)])
def test_two_powers_are_found(p: float, q: float, C: float, D: float) -> None:
    found = two_terms(band(C * T**-p + D * T**-q))
    assert found is not None
    assert (found.p, found.q) == (p, q)
    assert pytest.approx(C, rel=1e-6) == found.C
    assert pytest.approx(D, rel=1e-6) == found.D
    assert found.slowest[0] <= p <= found.slowest[1]


def test_what_is_no_two_powers_is_none() -> None:
    assert two_terms(band(np.log(T) / T)) is None
    assert two_terms(band((2 + np.sin(3 * np.log(T))) / T)) is None
    assert two_terms(Curve(np.log(T[:5]), *(np.log(T[:5] ** -0.5 + 1 / T[:5]),) * 3)) is None
    y = np.log(T**-0.5 + 1 / T)
    assert two_terms(Curve(np.log(T), y, np.full(len(T), -math.inf), y)) is None


def test_the_true_exponent_is_possible_as_often_as_the_limits_hold(test_seed: int) -> None:
    """Limits of ±2 % around values that err by at most as much: never missed."""
    rng = np.random.default_rng(test_seed)
    for _ in range(10):
        values = (2 * T**-0.5 + 5 / T) * np.exp(rng.uniform(-0.02, 0.02, len(T)))
        found = two_terms(band(values, 0.02))
        assert found is not None
        assert found.slowest[0] <= 0.5 <= found.slowest[1]


def test_a_rate_is_told_with_both_terms() -> None:
    values = T**-0.5 + 1 / T
    points = [Point(round(t), 0, m, m, m) for t, m in zip(T, values, strict=True)]
    found = fitted(points, "exact", "")
    assert found.law is not None
    assert found.law.second is not None
    assert found.law.second == pytest.approx((1.0, 1.0))
    said = sentence(found.law, found, 1e-3)
    assert "1 T^−0.5 + 1 T^−1" in said
    assert found.law.guess == 0.5
