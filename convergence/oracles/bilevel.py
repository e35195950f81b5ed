"""What a bilevel method may ask: the three directions of its levels, each with its own noise."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.errors import STUMBLES, require
from convergence.noise.agents import Levels
from convergence.noise.base import AbstractNoise
from convergence.oracles.base import AbstractOracle
from convergence.plainly import plainly
from convergence.shapes import Iterate, Key


@plainly  # which traces a form once
def _sample(noise: AbstractNoise, x: Any) -> Any:
    return noise.draw(x, jax.random.key(0))


def _drawn(noise: AbstractNoise, shape: tuple[int, ...]) -> Any:
    """The shape of a sample for an iterate of this shape, or none."""
    try:
        return _sample.shapes(noise, np.zeros(shape)).shape
    except STUMBLES:
        return "none"


class BilevelOracle(AbstractOracle):
    """v + ξ_y, p + ξ_z, u + ξ_u at given (x, y, z); `grad` is the exact hypergradient plus ξ_u.

    noise: `Levels`, or one noise that serves every level with independent samples.
    """

    problem: Any
    noise: AbstractNoise

    def __check_init__(self) -> None:
        for level in "yzu":
            name = type(self.at(level)).__name__
            require(
                getattr(self.at(level), "of_iterate", True),
                f"the noise {name} behind {type(self).__name__}, which hands it iterates",
                "a noise whose moments hold at every iterate",
                "take another noise",
            )
        if not hasattr(self.problem, "b"):
            return  # it has no lower level: methods of one ask for its gradients alone
        below = np.shape(self.problem.b)
        stated = getattr(self.noise, "lower", None)
        require(
            stated is None or tuple(stated) == below,
            f"noise of a lower level of shape {stated}",
            f"{below}",
            "give `Levels` the shape of the problem's own",
        )
        for level in "yz":
            name, drawn = type(self.at(level)).__name__, _drawn(self.at(level), below)
            require(
                drawn == below,
                f"{name}, which for a lower iterate of shape {below} draws {drawn}",
                "samples of that shape",
                "give its fields that shape, within `Levels(…, lower=…)`",
            )

    def at(self, level: str) -> AbstractNoise:
        """The noise of "y", "z" or "u"."""
        return getattr(self.noise, level) if isinstance(self.noise, Levels) else self.noise

    def lower_start(self) -> Iterate:
        """y_0 = z_0 = 0, one row an agent."""
        return jnp.zeros_like(jnp.asarray(self.problem.b))

    def lower(self, X: Iterate, Y: Iterate, key: Key) -> Iterate:
        """∇₂g_i(x_i, y_i; ξ)."""
        return self.problem.lower(X, Y) + self.at("y").draw(Y, jax.random.fold_in(key, 0))

    def adjoint(self, X: Iterate, Y: Iterate, Z: Iterate, key: Key) -> Iterate:
        """∇²₂₂g_i z_i − ∇₂f_i with noise."""
        return self.problem.adjoint(X, Y, Z) + self.at("z").draw(Z, jax.random.fold_in(key, 1))

    def upper(self, X: Iterate, Y: Iterate, Z: Iterate, key: Key) -> Iterate:
        """∇₁f_i − ∇²₁₂g_i z_i with noise."""
        return self.problem.upper(X, Y, Z) + self.at("u").draw(X, jax.random.fold_in(key, 2))

    def grad(self, x: Iterate, key: Key) -> Iterate:
        return self.problem.grad(x) + self.at("u").draw(x, jax.random.fold_in(key, 2))
