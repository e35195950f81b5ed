"""Slopes of F(·; ξ) along a direction from function values: what zeroth-order methods ask for.

Both values of a difference use ONE sample. With fresh samples the noise of the values would be
divided by the width of the difference and swamp the slope.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from convergence.oracles.base import AbstractOracle
from convergence.shapes import Iterate, Key, Scalar


def central(oracle: AbstractOracle, x: Iterate, z: Iterate, key: Key, mu: Any) -> Scalar:
    """[F(x + μz; ξ) − F(x − μz; ξ)] / (2μ); equal to ⟨∇F(x; ξ), z⟩ if F is quadratic."""
    return (oracle.value(x + mu * z, key) - oracle.value(x - mu * z, key)) / (2 * mu)


def forward(oracle: AbstractOracle, x: Iterate, z: Iterate, key: Key, mu: Any) -> Scalar:
    """[F(x + μz; ξ) − F(x; ξ)] / μ = ⟨∇F(x; ξ), z⟩ + (μ/2)⟨z, ∇²F z⟩ if F is quadratic."""
    return (oracle.value(x + mu * z, key) - oracle.value(x, key)) / mu


def limit(oracle: AbstractOracle, x: Iterate, z: Iterate, key: Key, mu: Any) -> Scalar:
    """⟨∇F(x; ξ), z⟩: what both differences tend to as μ → 0."""
    return jnp.sum(oracle.grad(x, key) * z)


def unshared(oracle: AbstractOracle, x: Iterate, z: Iterate, key: Key, mu: Any) -> Scalar:
    """[F(x + μz; ξ) − F(x − μz; ξ′)] / (2μ) with ξ, ξ′ independent: the mistake to avoid."""
    other = jax.random.fold_in(key, 1)
    return (oracle.value(x + mu * z, key) - oracle.value(x - mu * z, other)) / (2 * mu)


SLOPES = {"central": central, "forward": forward, "limit": limit, "unshared": unshared}
