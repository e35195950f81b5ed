"""Programs compute what is written, however they are compiled."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.compiling import carefully, hastily, widely
from convergence.precision import precision


def farthest(x: Any) -> Any:
    return jnp.max(jnp.abs(x - jnp.mean(x)))


def scaled(x: Any) -> Any:
    return jnp.sum((x / jnp.max(jnp.abs(x - 0.1 * x[::-1]))) ** 2)


def hinge(x: Any) -> Any:
    return jnp.max(jnp.maximum(0.0, 1.0 - x * (x - 0.3 * jnp.roll(x, 1))))


def steps(f: Callable[..., Any], x: Any) -> Any:
    return jax.lax.fori_loop(0, 5, lambda t, y: y - 0.01 * jax.grad(f)(y), x)


def starts(n: int) -> np.ndarray:
    x = np.random.default_rng(n).normal(size=n)
    return np.outer(x, x) + x


@functools.cache
def ends(f: Callable[..., Any], n: int) -> np.ndarray:
    """Operation by operation."""
    with jax.disable_jit():
        return np.stack([steps(f, x) for x in jnp.asarray(starts(n))])


@pytest.mark.parametrize("way", [carefully, widely, hastily])
@pytest.mark.parametrize("f", [farthest, scaled, hinge])
def test_the_largest_of_some_numbers_is_one_of_them(way: Any, f: Callable[..., Any]) -> None:
    """Where a program computes them twice in two ways, a gradient is 0/0: at XLA's level 0."""
    with precision("float64"):
        for n in (3, 7):
            found = way(jax.vmap(lambda y: steps(f, y)))(starts(n))
            np.testing.assert_allclose(found, ends(f, n), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("way", [carefully, hastily])
def test_sums_are_not_parted_among_threads(way: Any) -> None:
    """A chunk is a program of one core; the library that XLA calls would wait for others."""
    program = way(lambda x: jnp.sum(x**2, axis=1)).lower(np.ones((64, 1000))).compile()
    assert "ynn" not in program.compiled.as_text()
