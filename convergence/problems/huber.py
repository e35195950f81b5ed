"""Huber's function in one dimension: quadratic near 0, then linear."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, Scalar, Vector, real


class Huber(AbstractProblem):
    """f(x) = (L/2)x² for |x| ≤ w, else Lw|x| − Lw²/2, from x_0 = R (of either sign).

    L: |f″| ≤ L, attained near 0. Convex; f* = 0 at 0; ‖∇f‖ ≤ Lw. Delta = f(R): LR²/2 where
    |R| ≤ w, Lw|R| − Lw²/2 beyond.
    """

    w: Reals = eqx.field(converter=real)
    R: Reals = eqx.field(converter=real, default=1.0)
    L: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        for name in ("w", "L"):
            value = float(getattr(self, name))
            require(value > 0, f"{name} = {value:g}", f"{name} > 0", "flip its sign")
        require(bool(np.isfinite(self.R)), f"R = {self.R}", "a finite start", "mend R")

    def value(self, x: Vector) -> Scalar:
        a = jnp.abs(x[0])
        inside = 0.5 * self.L * a**2
        return jnp.where(a <= self.w, inside, self.L * self.w * (a - self.w / 2))

    def grad(self, x: Vector) -> Vector:
        return self.L * jnp.clip(x, -self.w, self.w)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Vector:
        return jnp.full((1,), self.R)

    def constants(self) -> Constants:
        L, w, R = float(self.L), float(self.w), abs(float(self.R))
        return Constants(
            L=L,
            mu=0.0,
            Delta=L * R**2 / 2 if w >= R else L * w * (R - w / 2),
            R=R,
            x_star=0.0,
            f_star=0.0,
            grad0=L * min(R, w),
            G=L * w,
            d=1,
            convex=True,
        )
