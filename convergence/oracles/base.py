"""An oracle is a problem seen through a noise. A sample IS a key: asked twice, it is the same."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from convergence.errors import InvalidInput, require
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import AbstractModule, Count, Iterate, Key, Scalar


class Unanswered(InvalidInput, AttributeError):
    """Asked of an oracle that does not answer it."""


class AbstractOracle(AbstractModule):
    """All that an algorithm may ask."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise Unanswered(
            f"Got a method that asks {type(self).__name__} for {name}, which it does not answer; "
            "give the claim the oracle that the method is made for: oracle=…"
        )

    def value(self, x: Iterate, key: Key) -> Scalar:
        """F(x; ξ), whose gradient in x is `grad(x, key)`."""
        raise InvalidInput(
            f"Got a method that asks {type(self).__name__} for function values, but it answers "
            "none; use a method of gradients, or an oracle with values."
        )

    def grad(self, x: Iterate, key: Key) -> Iterate:
        """∇F(x; ξ): one stochastic gradient for the sample `key`."""
        raise InvalidInput(
            f"Got a method that asks {type(self).__name__} for gradients, but it answers none; use "
            "the methods that it is made for, or an oracle with gradients."
        )


class Oracle(AbstractOracle):
    """∇F(x; ξ) = ∇f(x) + ξ(x) with ξ drawn by the noise, and F(x; ξ) = f(x) + the noise's
    potential, which is ⟨ξ, x⟩ where ξ does not depend on x."""

    problem: AbstractProblem
    noise: AbstractNoise

    def __check_init__(self) -> None:
        require(
            getattr(self.noise, "of_iterate", True),
            f"the noise {type(self.noise).__name__} behind {type(self).__name__}, which hands it "
            "the iterate",
            "a noise whose moments hold at every iterate",
            "use the oracle that it is made for, or another noise",
        )

    def value(self, x: Iterate, key: Key) -> Scalar:
        return self.problem.value(x) + self.noise.potential(x, key)

    def grad(self, x: Iterate, key: Key) -> Iterate:
        return self.problem.grad(x) + self.noise.draw(x, key)


def mean_grad(
    oracle: AbstractOracle, x: Iterate, key: Key, size: int | Int[Array | np.ndarray, ""]
) -> Iterate:
    """(1/B) Σ_{b<B} ∇F(x; ξ_b), one sample at a time: memory flat in B, and B may be traced."""

    def add(b: Count, total: Iterate) -> Iterate:
        return total + oracle.grad(x, jax.random.fold_in(key, b))

    return jax.lax.fori_loop(0, size, add, jnp.zeros_like(x)) / size
