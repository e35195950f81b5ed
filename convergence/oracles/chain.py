"""The chain behind a coin: a coordinate that was not seen yet shows up with chance q."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from convergence.errors import require
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

    def __check_init__(self) -> None:
        chain, noise = self.problem, self.noise
        require(
            hasattr(chain, "progress") and hasattr(chain, "hidden"),
            f"the problem {type(chain).__name__}",
            "one whose coordinates show one after the other",
            "use `convergence.problems.chain`",
        )
        if getattr(noise, "of_iterate", True) or not isinstance(noise.size, np.ndarray):
            return
        size, most = float(noise.size), float(chain.hidden)
        require(
            size >= most * (1 - 1e-12),
            f"{type(noise).__name__} of vectors up to size = {size:g}",
            f"size ≥ {most:g}, what a hidden slope may be",
            "raise it: else its moments are not those of the samples",
        )

    def grad(self, x: Vector, key: Key) -> Vector:
        gradient = self.problem.grad(x)
        behind = self.problem.progress(x, 0.25)
        hidden = jnp.arange(1, self.problem.K + 1) > behind
        return gradient + self.noise.draw(jnp.where(hidden, gradient, 0.0), key)

    def success(self, key: Key, dtype: Any) -> Flag:
        """z of this sample."""
        return self.noise.shown(key, dtype)
