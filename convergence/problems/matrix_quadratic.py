"""Quadratics and cosines on matrices, entry by entry, with exact constants."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import shape_constants
from convergence.shapes import Iterate, Reals, Scalar, real


def _same_shape(x0: Any, h: Any) -> None:
    require(
        np.ndim(x0) == 2 and np.shape(x0) == np.shape(h),
        f"X0 of shape {np.shape(x0)} and H of shape {np.shape(h)}",
        "two matrices of one shape",
        "give one curvature an entry",
    )
    require(
        bool(np.all(np.isfinite(x0)) and np.all(np.isfinite(h))),
        "X0 or H with NaN or inf",
        "finite entries",
        "mend them",
    )


class EntryQuadratic(AbstractProblem):
    """f(X) = ½ Σ_ij H_ij X_ij² on m × n matrices, H ≥ 0.

    The Hessian is diagonal: L = max H, mu = min H ≥ 0, f* = 0 at X = 0, Delta = f(X_0).
    `rows(h, X0)` gives ½ tr(Xᵀ diag(h) X), and certifies h and gram = X_0 X_0ᵀ.
    """

    x0: Reals = eqx.field(converter=real)
    H: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        _same_shape(self.x0, self.H)
        require(
            float(np.min(self.H)) >= 0 and float(np.max(self.H)) > 0,
            "a curvature H < 0, or H = 0",
            "H ≥ 0 with max H > 0",
            "f is bounded below only then",
        )

    @classmethod
    def rows(cls, h: Any, x0: Any) -> EntryQuadratic:
        """½ tr(Xᵀ diag(h) X)."""
        return cls(x0, np.broadcast_to(np.asarray(h, float)[:, None], np.shape(x0)))

    def value(self, x: Iterate) -> Scalar:
        return 0.5 * jnp.sum(self.H * x**2)

    def grad(self, x: Iterate) -> Iterate:
        return self.H * x

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x0, H = np.asarray(self.x0), np.asarray(self.H)
        by_rows = bool(np.all(H[:, :1] == H))
        rows = {"by_rows": True, "h": H[:, 0], "gram": x0 @ x0.T} if by_rows else {}
        return Constants(
            L=float(H.max()),
            mu=float(H.min()),
            Delta=float(0.5 * np.sum(H * x0**2)),
            R=float(np.linalg.norm(x0)),
            f_star=0.0,
            grad0=float(np.linalg.norm(H * x0)),
            x_star=0.0,
            convex=True,
            isotropic=bool(np.all(H.flat[0] == H)),
            quadratic=True,
            **rows,
            **shape_constants(np.shape(x0)),
        )


class Cosines(AbstractProblem):
    """f(X) = L Σ_ij (1 − cos X_ij): nonconvex, |f″| ≤ L attained at 0 and π, f* = 0 at X = 0.

    Delta = f(X_0). Between π/2 and π every direction has negative curvature.
    """

    x0: Reals = eqx.field(converter=real)
    L: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        require(
            bool(np.all(np.isfinite(self.x0))), "X0 with NaN or inf", "a finite start", "mend X0"
        )
        require(float(self.L) > 0, f"L = {float(self.L):g}", "L > 0", "give a positive curvature")

    def value(self, x: Iterate) -> Scalar:
        return 2 * self.L * jnp.sum(jnp.sin(x / 2) ** 2)

    def grad(self, x: Iterate) -> Iterate:
        return self.L * jnp.sin(x)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x0, L = np.asarray(self.x0), float(self.L)
        return Constants(
            L=L,
            Delta=float(2 * L * np.sum(np.sin(x0 / 2) ** 2)),
            f_star=0.0,
            grad0=float(L * np.linalg.norm(np.sin(x0))),
            G=float(L * np.size(x0) ** 0.5),
            **shape_constants(np.shape(x0)),
        )
