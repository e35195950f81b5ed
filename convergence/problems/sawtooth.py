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
    """f′(x) = L(w − dist(x − w, hwℤ)) for x ≥ w and Lx below, f(0) = 0, from x_0 = (nh + 1)w.

    |f″| = L almost everywhere, so f is L-smooth and not convex; f* = 0 at 0, for f′ > 0 beyond it.
    Every tooth lowers f by (h − h²/4)Lw², the way from w to 0 by ½Lw². A step of h/L goes from peak
    to peak, so that ‖∇f‖ = Lw for n steps, the most that L and Delta allow.
    """

    n: int = eqx.field(static=True)
    w: Reals = eqx.field(converter=real, default=1.0)
    L: Reals = eqx.field(converter=real, default=1.0)
    h: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        whole = int(self.n) == self.n >= 1
        require(whole, f"n = {self.n} teeth", "a whole number ≥ 1", "give as many as steps")
        for name in ("w", "L"):
            value = float(getattr(self, name))
            require(0 < value < np.inf, f"{name} = {value:g}", f"{name} > 0", "flip its sign")
        h = float(self.h)
        require(0 < h <= 1, f"h = {h:g}", "0 < h ≤ 1", "make teeth no wider than w")

    def place(self, x: Vector) -> tuple[Vector, Vector, Vector]:
        """x/w, the tooth that it is in, and how far into it, in [0, h)."""
        y = x / self.w
        tooth = jnp.floor((y - 1) / self.h)
        return y, tooth, y - 1 - tooth * self.h

    def value(self, x: Vector) -> Scalar:
        y, tooth, u = (v[0] for v in self.place(x))
        rest = self.h - u  # the slope falls to 1 − h/2 and rises again
        whole = self.h - self.h**2 / 4
        part = jnp.where(rest > u, u - u**2 / 2, whole - rest + rest**2 / 2)
        beyond = 0.5 + whole * tooth + part
        return self.L * self.w**2 * jnp.where(y < 1, 0.5 * y**2, beyond)

    def grad(self, x: Vector) -> Vector:
        y, _, u = self.place(x)
        return self.L * self.w * jnp.where(y < 1, y, 1 - jnp.minimum(u, self.h - u))

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Vector:
        return jnp.full((1,), (self.n * self.h + 1) * self.w)

    def constants(self) -> Constants:
        L, w, h = float(self.L), float(self.w), float(self.h)
        fall = self.n * (h - h**2 / 4) + 0.5
        return Constants(
            L=L, Delta=fall * L * w**2, R=(self.n * h + 1) * w, x_star=0.0, f_star=0.0,
            grad0=L * w, d=1, convex=False,
        )  # fmt: skip
