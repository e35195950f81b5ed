"""Where five rounds of Muon's quintic take a number, in bfloat16 and without rounding."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest

from convergence.theorems.adaptive.muon import LEAST, MOST, TOP

A, B, C = 3.4445, -4.775, 2.0315
# All numbers of bfloat16 in (0, 1 + 2⁻⁷], by their bits.
HALF = np.arange(1, 0x3F82, dtype=np.uint16).view(jnp.bfloat16).astype(float)

Rounding = Callable[[np.ndarray], np.ndarray]


def exact(x: np.ndarray) -> np.ndarray:
    """As it is."""
    return x


def half(x: np.ndarray) -> np.ndarray:
    """Rounded to bfloat16."""
    return np.asarray(x, np.float32).astype(jnp.bfloat16).astype(float)


def rounds(x: np.ndarray, coefficients: Rounding, products: Rounding, sums: Rounding) -> np.ndarray:
    """ax + (bg + cg²)x with g = x², five times; each round ends in bfloat16 where sums do."""
    a, b, c = coefficients(np.array([A, B, C]))
    for _ in range(5):
        g = products(x * x)
        update = sums(products(b * g) + products(c * products(g * g)))
        x = sums(products(a * x) + products(update * x))
    return x


@pytest.mark.parametrize(
    ("coefficients", "products"), list(itertools.product((exact, half), repeat=2))
)
def test_what_bfloat16_makes_of_it(coefficients: Rounding, products: Rounding) -> None:
    found, seen = rounds(HALF, coefficients, products, half), HALF >= 0.01
    assert (HALF.min() < 1e-38, HALF.max(), np.sum(seen)) == (True, 1 + 2**-7, 862)
    assert found[seen].min() >= LEAST
    assert found[seen].max() <= MOST
    assert found.max() <= TOP


def test_what_real_numbers_become() -> None:
    x = np.linspace(0.0, 1.0, 2_000_001)
    found, seen = rounds(x, exact, exact, exact), x >= 0.01
    assert found[seen].min() == pytest.approx(0.681831, abs=1e-6)
    assert found[seen].max() == pytest.approx(1.134357, abs=1e-6)
    assert found.max() == pytest.approx(1.20237, abs=1e-5)
    assert found.max() <= TOP
