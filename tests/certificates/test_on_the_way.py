"""Noise and oracles of a user's own that are as certified at the start, and not where runs pass."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise import AbstractNoise, Gaussian
from convergence.oracles import Oracle
from convergence.problems import Isotropic
from convergence.theorems import SGDNonconvex
from convergence.theorems.zeroth_order.ghadimi2013zo import RSGF


def inside(x: Any, low: float, high: float) -> Any:
    """Whether ‖x‖ lies in (low, high)."""
    size = jnp.sqrt(jnp.sum(x**2))
    return (size > low) & (size < high)


class Pulls(AbstractNoise):
    """±0.1 an entry, and −x more in a ring, though it is said not to depend on x."""

    low: float = eqx.field(static=True, default=0.2)
    high: float = eqx.field(static=True, default=0.5)

    def draw(self, x: Any, key: Any) -> Any:
        pull = jnp.where(inside(x, self.low, self.high), x, 0.0)
        return 0.1 * jax.random.rademacher(key, x.shape, x.dtype) - pull

    def constants(self, shape: tuple[int, ...]) -> Constants:
        sigma = 0.1 * float(np.prod(shape)) ** 0.5
        return Constants(sigma=sigma, symmetric=True, additive=True, light_tailed=True)


class Shouts(Pulls):
    """±0.1 an entry, and ±2 in a ring."""

    def draw(self, x: Any, key: Any) -> Any:
        size = jnp.where(inside(x, self.low, self.high), 2.0, 0.1)
        return size * jax.random.rademacher(key, x.shape, x.dtype)


class Stuck(Oracle):
    """∇f in a ring without x."""

    def grad(self, x: Any, key: Any) -> Any:
        return super().grad(x, key) - jnp.where(inside(x, 0.05, 0.2), x, 0.0)


def judged(noise: Any, oracle: Any = Oracle, theorem: Any = SGDNonconvex(scale=0.02)) -> Any:
    square, horizons = Isotropic([1.0]), (256, 2048)
    return verify(
        Claim("ring", theorem, square, noise, horizons=horizons, seeds=512, oracle=oracle)
    )


@pytest.mark.parametrize("noise", [Pulls(), Pulls(0.4, 0.9), Shouts(0.15, 0.95)])
def test_a_noise_that_moves_where_runs_pass(noise: Any) -> None:
    report = judged(noise)
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "'certificates along the runs' fails: additive = True" in report.reason


def test_an_oracle_that_answers_otherwise_where_runs_pass() -> None:
    report = judged(Gaussian(0.01), Stuck)
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "'certificates along the runs' fails: sigma = 0.01 is certified" in report.reason


def test_an_honest_noise_of_a_users_own_still_refutes() -> None:
    class Half(SGDNonconvex):
        def bound(self, c: Constants, T: int) -> float:
            return 0.5 * super().bound(c, T)

    report = judged(Pulls(8.0, 9.0), theorem=Half(scale=0.02))
    assert report.verdict is Verdict.REFUTED, report.reason


class Louder(Gaussian):
    """Values behind which are twenty times its samples."""

    def potential(self, x: Any, key: Any) -> Any:
        return 20.0 * jnp.sum(self.draw(x, key) * x)


def test_values_that_are_not_those_of_the_samples() -> None:
    square = Isotropic([1.0, -2.0])
    report = verify(Claim("v", RSGF(), square, Louder(0.3), horizons=(64, 1024), seeds=512))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "'certificates' fails: potential = that of ξ is certified" in report.reason


def test_a_potential_that_is_no_number() -> None:
    class Rows(Gaussian):
        def potential(self, x: Any, key: Any) -> Any:
            return self.draw(x, key) * x

    with pytest.raises(InvalidInput, match=r"float64\(2,\) from Rows.potential\(x, key\)"):
        verify(Claim("v", RSGF(), Isotropic([1.0, -2.0]), Rows(0.3), horizons=(64,), seeds=64))
