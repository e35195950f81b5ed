"""n agents on one nonconvex basin, each pulled aside by a linear term of its own."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.parts.graphs import check_mixing
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import shape_constants
from convergence.shapes import Iterate, Reals, Scalar, real


class AgentBasins(AbstractProblem):
    """f_i(x) = Σ_j x_j²/(1 + x_j²) − ⟨c_i, x⟩ with Σ_i c_i = 0, mixed by W.

    The mean is J(x) = Σ_j x_j²/(1 + x_j²), with inf J = 0 at x* = 0. Every entry has f'' =
    (2 − 6x²)/(1 + x²)³, whose largest |value| is 2, at 0: L = 2; its least is −1/2, at |x| = 1:
    mu = −1/2. The slope of an entry is at most 3√3/8, at |x| = 1/√3: G_mean = (3/8)√(3d). ∇f_i −
    ∇J = −c_i at every x: zeta = zeta_all = ((1/n) Σ‖c_i‖²)^½. The stack is unbounded below.
    """

    W: Reals = eqx.field(converter=real)
    c: Reals = eqx.field(converter=real)
    x0: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        if not isinstance(self.W, np.ndarray) or not isinstance(self.c, np.ndarray):
            return
        check_mixing(self.W, symmetric=False)
        require(
            np.ndim(self.c) == 2 and len(self.c) == len(self.W),
            f"W {np.shape(self.W)} and c {np.shape(self.c)}",
            "W (n, n) and c (n, d)",
            "give every agent a pull and a row of W",
        )
        total = float(np.max(np.abs(self.c.sum(axis=0))))
        require(
            total <= 1e-10 * max(1.0, float(np.max(np.abs(self.c)))),
            f"pulls c with a sum of {total:.2g}",
            "Σ_i c_i = 0",
            "subtract their mean: J is bounded below without it alone",
        )

    def value(self, x: Iterate) -> Scalar:
        return jnp.sum(x**2 / (1 + x**2)) - jnp.sum(self.c * x)

    def grad(self, x: Iterate) -> Iterate:
        return 2 * x / (1 + x**2) ** 2 - self.c

    def x_star(self) -> Any:
        """The minimizer of J."""
        return jnp.zeros(np.shape(self.c)[1])

    def excess(self, x: Iterate) -> Any:
        """J(x) − inf J of one copy x ∈ Rᵈ."""
        return jnp.sum(x**2 / (1 + x**2))

    def start(self) -> Iterate:
        return jnp.broadcast_to(jnp.asarray(self.x0), np.shape(self.c))

    def constants(self) -> Constants:
        W, c = (np.asarray(v, dtype=float) for v in (self.W, self.c))
        X0 = np.broadcast_to(np.asarray(self.x0, dtype=float), c.shape)
        mean = X0.mean(axis=0)
        zeta = float(np.sqrt(np.mean(np.sum(c**2, axis=1))))
        return Constants(
            agents=len(c), W=W, L=2.0, mu=-0.5, convex=False, zeta=zeta, zeta_all=zeta,
            G_mean=float(3 / 8 * (3 * c.shape[1]) ** 0.5),
            risk0=float(np.sum(mean**2 / (1 + mean**2))),
            Xi0=float(np.mean(np.sum((X0 - mean) ** 2, axis=1))),
            R_rms=float(np.sqrt(np.mean(np.sum(X0**2, axis=1)))),
            grad0=float(np.linalg.norm(2 * X0 / (1 + X0**2) ** 2 - c)),
            **shape_constants(c.shape),
        )  # fmt: skip
