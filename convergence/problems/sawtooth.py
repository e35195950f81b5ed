"""The nonconvex function on which gradient descent is slowest: its slope is a row of teeth."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, Scalar, Vector, real


class Sawtooth(AbstractProblem):
    """f′(x) = L(w − dist(x, wℤ)) for x ≥ w and Lx below, f(0) = 0, from x_0 = (n + 1)w.

    |f″| = L almost everywhere, so f is L-smooth and not convex; f* = 0 at 0, for f′ > 0 beyond it.
    Every tooth lowers f by ¾Lw², the way from w to 0 by ½Lw²: Delta = (3n + 2)Lw²/4. A step of 1/L
    goes from peak to peak, so that ‖∇f‖ = Lw for n steps, the most that L and Delta allow.
    """

    n: int = eqx.field(static=True)
    w: Reals = eqx.field(converter=real, default=1.0)
    L: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        require(self.n >= 1, f"n = {self.n} teeth", "n ≥ 1", "give as many as steps")
        for name in ("w", "L"):
            value = float(getattr(self, name))
            require(0 < value < np.inf, f"{name} = {value:g}", f"{name} > 0", "flip its sign")

    def value(self, x: Vector) -> Scalar:
        y = x[0] / self.w
        whole = jnp.floor(y)
        u = y - whole  # in [0, 1): the slope falls to ½ and rises again
        part = jnp.where(u < 0.5, u - u**2 / 2, 0.25 + u**2 / 2)
        beyond = 0.5 + 0.75 * (whole - 1) + part
        return self.L * self.w**2 * jnp.where(y < 1, 0.5 * y**2, beyond)

    def grad(self, x: Vector) -> Vector:
        y = x / self.w
        u = y - jnp.floor(y)
        return self.L * self.w * jnp.where(y < 1, y, jnp.maximum(1 - u, u))

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Vector:
        return jnp.full((1,), (self.n + 1) * self.w)

    def constants(self) -> Constants:
        L, w = float(self.L), float(self.w)
        return Constants(
            L=L, Delta=(3 * self.n + 2) * L * w**2 / 4, R=(self.n + 1) * w, x_star=0.0, f_star=0.0,
            grad0=L * w, d=1, convex=False,
        )  # fmt: skip
