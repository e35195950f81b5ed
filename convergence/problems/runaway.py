"""A slope that steepens for ever: the gradient grows by a factor a unit of way."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, Scalar, Vector, real


class Runaway(AbstractProblem):
    """f(x) = −(e^{kx} − 1)/k in one dimension, from 0: f′ = −e^{kx}. No L, and unbounded below."""

    k: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        require(float(self.k) > 0, f"k = {float(self.k):g}", "k > 0", "give a positive growth")

    def value(self, x: Vector) -> Scalar:
        return -jnp.expm1(self.k * x[0]) / self.k

    def grad(self, x: Vector) -> Vector:
        return -jnp.exp(self.k * x)

    def start(self) -> Vector:
        return jnp.zeros(1)

    def constants(self) -> Constants:
        return Constants(L=float(np.inf), grad0=1.0, d=1)
