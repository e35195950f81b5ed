"""Skewed heavy-tailed noise: a centered Lomax law on a line."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy

from convergence.constants import Constants
from convergence.noise.atoms import check_unit
from convergence.noise.base import AbstractNoise
from convergence.noise.heavy import certified, check_index, check_scale, exponential
from convergence.shapes import Iterate, Key, Reals, real


class OneSidedLomax(AbstractNoise):
    """ξ = s(exp(E/β) − 1 − 1/(β−1)) e, E ~ Exp(1), e a unit vector: centered and skewed.

    E‖ξ‖^p in closed form, see `lomax_moment`.
    """

    beta: Reals = eqx.field(converter=real)
    along: Reals = eqx.field(converter=real)
    scale: Reals = eqx.field(converter=real, default=1.0)
    p: Reals = eqx.field(converter=real, default=1.5)

    def __check_init__(self) -> None:
        check_index(self.beta, self.p, "beta")
        check_scale(self.scale)  # that of −ξ is flipped by `along`
        check_unit(self.along)

    @classmethod
    def of(cls, p: float, along: Any, sigma: float = 1.0, beta: float | None = None):
        """E‖ξ‖^p = σ^p; β = p + 0.1 unless given."""
        beta = p + 0.1 if beta is None else beta
        return cls(beta, along, sigma / lomax_moment(beta, p) ** (1 / p), p)

    def draw(self, x: Iterate, key: Key) -> Iterate:
        u = jax.random.uniform(key, (), x.dtype)
        v = jnp.expm1(exponential(u, x, self.beta) / self.beta) - 1 / (self.beta - 1)
        return self.scale * v * jnp.asarray(self.along, x.dtype)

    def tail(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        beta, s = float(self.beta), float(self.scale)
        mean = 1 / (beta - 1)

        def beyond(r: np.ndarray) -> np.ndarray:
            below = 1 - (1 + np.maximum(mean - r / s, 0.0)) ** -beta
            return (1 + mean + r / s) ** -beta + below

        return beyond

    def moment(self, p: float) -> float:
        """E‖ξ‖^p."""
        return float(self.scale) ** p * lomax_moment(float(self.beta), p)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return certified(float(self.p), self.moment, symmetric=False)


@functools.cache
def lomax_moment(beta: float, p: float) -> float:
    """E|X − 1/(β−1)|^p for X with P(X > x) = (1+x)^{−β}; +inf for p ≥ β.

    Above the mean μ: X = μ + (1+μ)y has density β(1+μ)^{−β}(1+y)^{−β−1} in y, so that part is the
    Beta function βB(p+1, β−p) times (1+μ)^{p−β}. Below, x = μu gives Euler's integral of a
    hypergeometric function: β μ^{p+1}/(p+1) ₂F₁(1, β+1; p+2; −μ).
    """
    if p >= beta:
        return math.inf
    mu = 1 / (beta - 1)
    above = (1 + mu) ** (p - beta) * math.exp(
        math.lgamma(p + 1) + math.lgamma(beta - p) - math.lgamma(beta)
    )
    series = float(scipy.special.hyp2f1(1.0, beta + 1, p + 2, -mu))
    return above + beta * mu ** (p + 1) / (p + 1) * series
