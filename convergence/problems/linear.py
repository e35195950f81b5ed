"""A linear function: the gradient never changes."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import check_spread, shape_constants
from convergence.shapes import Iterate, Reals, Scalar, real


class Linear(AbstractProblem):
    """f(x) = ⟨g, x⟩ from x_0, 0 unless given. L = 0; unbounded below, so no Delta is certified."""

    g: Reals = eqx.field(converter=real)
    x0: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        check_spread(np.shape(self.g), x0=self.x0)

    def value(self, x: Iterate) -> Scalar:
        return jnp.sum(self.g * x)

    def grad(self, x: Iterate) -> Iterate:
        return jnp.asarray(self.g) + jnp.zeros_like(x)

    def start(self) -> Iterate:
        return jnp.asarray(self.x0) + jnp.zeros(np.shape(self.g))

    def constants(self) -> Constants:
        g = np.asarray(self.g)
        size = float(np.linalg.norm(g))
        return Constants(
            L=0.0,
            mu=0.0,
            convex=True,
            quadratic=True,
            grad0=size,
            g=g,
            G=size,
            x0=np.asarray(self.x0) + 0 * g,
            **shape_constants(g.shape),
        )
