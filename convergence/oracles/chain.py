"""The chain behind a coin: a coordinate that was not seen yet shows up with chance q."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from convergence.oracles.base import AbstractOracle
from convergence.shapes import Flag, Key, Vector


class ChainOracle(AbstractOracle):
    """[g]_i = [∇f]_i (1 + 1{i > prog_{1/4}(x)}(z/q − 1)), ONE coin z ~ Bernoulli(q) a sample.

    E g = ∇f. Of the masked coordinates only prog_{1/4}(x)+1 can have a slope, and that one's is at
    most e^{3/2} ε, whence the p-th moment that `Coin` certifies with size = e^{3/2} ε. A sample
    shows at most one new coordinate, and only if z = 1.
    """

    problem: Any  # a Chain
    noise: Any  # a Coin

    def grad(self, x: Vector, key: Key) -> Vector:
        gradient = self.problem.grad(x)
        behind = self.problem.progress(x, 0.25)
        hidden = jnp.arange(1, self.problem.K + 1) > behind
        return gradient + self.noise.draw(jnp.where(hidden, gradient, 0.0), key)

    def success(self, key: Key, dtype: Any) -> Flag:
        """z of this sample."""
        return self.noise.shown(key, dtype)
