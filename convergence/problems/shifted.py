"""(L/2)‖x − x*‖² with a minimizer to place, for methods that round."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import check_spread, shape_constants
from convergence.shapes import Iterate, Reals, Scalar, real


class Shifted(AbstractProblem):
    """f(x) = (L/2)‖x − x*‖²: L = mu, f* = 0, Delta = f(x_0), grad_max = L max_j |x_0j − x*_j|.

    Certifies x0 and x_star themselves too: rounding depends on where the grid lies.
    """

    x0: Reals = eqx.field(converter=real)
    x_star: Reals = eqx.field(converter=real, default=0.0)
    L: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        finite = bool(np.all(np.isfinite(self.x0)) and np.all(np.isfinite(self.x_star)))
        require(finite, "x0 or x* with NaN or inf", "finite entries", "mend them")
        check_spread(np.shape(self.x0), x_star=self.x_star)
        require(float(self.L) > 0, f"L = {float(self.L):g}", "L > 0", "give a positive curvature")

    def value(self, x: Iterate) -> Scalar:
        return 0.5 * self.L * jnp.sum((x - self.x_star) ** 2)

    def grad(self, x: Iterate) -> Iterate:
        return self.L * (x - self.x_star)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        y, L = np.asarray(self.x0 - self.x_star), float(self.L)
        return Constants(
            L=L,
            mu=L,
            Delta=float(0.5 * L * np.sum(y**2)),
            R=float(np.linalg.norm(y)),
            f_star=0.0,
            grad0=float(L * np.linalg.norm(y)),
            grad_max=float(L * np.max(np.abs(y))),
            x0=np.asarray(self.x0),
            x_star=np.asarray(self.x_star),
            convex=True,
            isotropic=True,
            quadratic=True,
            **shape_constants(np.shape(self.x0)),
        )
