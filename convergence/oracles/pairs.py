"""n samples with two losses each: a sample is an index, drawn uniformly from a key."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from convergence.errors import require
from convergence.oracles.base import Oracle
from convergence.shapes import Count, Key, Vector


class Pairs(Oracle):
    """Answers l_i, c_i and their gradients at θ for the samples that are asked for."""

    def __check_init__(self) -> None:
        require(
            hasattr(self.problem, "pairs"),
            f"the problem {type(self.problem).__name__}",
            "one with two losses a sample",
            "use `convergence.problems.pairs`",
        )

    @property
    def samples(self) -> int:
        """How many samples."""
        problem: Any = self.problem
        return problem.samples

    def draw(self, key: Key) -> Count:
        """The index of the sample `key`, uniform; nothing is drawn where there is one."""
        if self.samples == 1:
            return jnp.zeros((), jnp.int32)
        return jax.random.randint(key, (), 0, self.samples)

    def pairs(self, theta: Vector, which: Int[Array, " m"]) -> Any:
        """(l, c, ∇l, ∇c) of the samples `which`: two of shape (m,), two of shape (m, d)."""
        problem: Any = self.problem
        return problem.pairs(theta, which)

    def center(self, dtype: Any) -> Vector:
        """θ_0, the center of the ball."""
        problem: Any = self.problem
        return problem.center(dtype)
