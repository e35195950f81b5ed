"""A valley that falls slowly along its bottom and steeply across."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, Scalar, Vector, real


class Valley(AbstractProblem):
    """f(x) = ε|x_1 + x_2| + |x_1 − x_2| of the plane, 0 < ε < 1; f* = 0 at 0. Convex; no L.

    ∇f = (±ε ± 1, ±ε ∓ 1): ‖∇f‖ = √(2 + 2ε²) almost everywhere.
    """

    x0: Reals = eqx.field(converter=real)
    eps: Reals = eqx.field(converter=real, default=0.5)

    def __check_init__(self) -> None:
        require(np.shape(self.x0) == (2,), f"x0 of shape {np.shape(self.x0)}", "a point of the "
                "plane", "give two entries")  # fmt: skip
        require(0 < float(self.eps) < 1, f"eps = {float(self.eps):g}", "0 < eps < 1", "lower it")

    def value(self, x: Vector) -> Scalar:
        return self.eps * jnp.abs(x[0] + x[1]) + jnp.abs(x[0] - x[1])

    def grad(self, x: Vector) -> Vector:
        along, across = self.eps * jnp.sign(x[0] + x[1]), jnp.sign(x[0] - x[1])
        return jnp.stack([along + across, along - across])

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Vector:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        (a, b), eps = np.asarray(self.x0, float), float(self.eps)
        along, across = eps * np.sign(a + b), np.sign(a - b)
        return Constants(
            L=float("inf"), G=(2 + 2 * eps**2) ** 0.5, Delta=eps * abs(a + b) + abs(a - b),
            grad0=float(np.hypot(along + across, along - across)), f_star=0.0, x_star=0.0,
            R=float(np.hypot(a, b)), x0=np.array([a, b]), d=2, convex=True, valley=True,
        )  # fmt: skip
