"""Clients that each step from a point of their own, and parameters seen through gates."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from convergence.errors import require
from convergence.oracles.base import Oracle
from convergence.shapes import Iterate, Key, Matrix, Scalar, Vector


class Clients(Oracle):
    """g_i = ∇F_i(x_i) + ξ_i at a stack of points, with independent ξ_i of variance σ² EACH."""

    def __check_init__(self) -> None:
        require(
            hasattr(self.problem, "local") and hasattr(self.problem, "n"),
            f"the problem {type(self.problem).__name__}",
            "one made of clients",
            "use `convergence.problems.clients`",
        )

    @property
    def n(self) -> int:
        """How many clients."""
        problem: Any = self.problem
        return problem.n

    def local(self, X: Matrix, key: Key) -> Matrix:
        """(n, d) a stochastic gradient a client, at its own row of X."""
        problem: Any = self.problem
        # One visible draw a client: exact moments follow every sample by its key.
        noise = [self.noise.draw(X[i], jax.random.fold_in(key, i)) for i in range(self.n)]
        return problem.local(X) + jnp.stack(noise)

    def grad(self, x: Iterate, key: Key) -> Iterate:
        return jnp.mean(self.local(jnp.broadcast_to(x, (self.n, *x.shape)), key), axis=0)


class Gated(Oracle):
    """Answers which entries are θ and which are gates, and the smoothness of each block."""

    def __check_init__(self) -> None:
        require(
            hasattr(self.problem, "smoothness") and hasattr(self.problem, "parts"),
            f"the problem {type(self.problem).__name__}",
            "one with gates",
            "use `convergence.problems.gated`",
        )

    def parts(self, x: Iterate) -> tuple[Vector, Vector]:
        """θ and g."""
        problem: Any = self.problem
        return problem.parts(x)

    def smoothness(self, v: Vector) -> Scalar:
        """Of θ for v = g, of g for v = θ."""
        problem: Any = self.problem
        return problem.smoothness(v)
