"""n workers with losses of their own: each answers a stochastic gradient of its f_i."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from convergence.errors import require
from convergence.oracles.base import Oracle
from convergence.shapes import Iterate, Key, Matrix, Vector


class Workers(Oracle):
    """g_i = ∇f_i(x) + ξ_i with independent ξ_i, of variance σ² EACH; their mean is a stochastic
    gradient of f = (1/n) Σ f_i of variance σ²/n. The problem has `n` and `grads`."""

    def __check_init__(self) -> None:
        require(
            hasattr(self.problem, "grads"),
            f"the problem {type(self.problem).__name__}",
            "one made of workers",
            "use `convergence.problems.workers`",
        )

    @property
    def n(self) -> int:
        """How many workers."""
        problem: Any = self.problem
        return problem.n

    def grads(self, x: Iterate, key: Key) -> Matrix:
        """(n, d) the stack of stochastic gradients, one sample a worker."""
        problem: Any = self.problem
        # One visible draw a worker: exact moments follow every sample by its key.
        noise = [self.noise.draw(x, jax.random.fold_in(key, i)) for i in range(self.n)]
        return problem.grads(x) + jnp.stack(noise)

    def leads(self, x: Iterate) -> Vector:
        """(n,) the f_i(x) − f_i(x*), exactly: what Polyak's step has to know."""
        problem: Any = self.problem
        require(
            hasattr(problem, "leads"),
            f"the problem {type(problem).__name__}",
            "one that answers f_i(x) − f_i(x*) of each worker",
            "define `leads(x)`",
        )
        return problem.leads(x)

    def exact(self, x: Iterate) -> Matrix:
        """(n, d) the stack of ∇f_i(x): for ideal methods, which are benchmarks."""
        problem: Any = self.problem
        return problem.grads(x)

    def grad(self, x: Iterate, key: Key) -> Iterate:
        return jnp.mean(self.grads(x, key), axis=0)
