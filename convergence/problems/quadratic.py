"""Quadratics with exact constants: isotropic, diagonal and rotated."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Scalar, real


def shape_constants(shape: tuple[int, ...]) -> dict[str, Any]:
    """d = the number of entries, and m, n for matrices."""
    named = {"m": shape[0], "n": shape[1]} if len(shape) == 2 else {}
    return {"d": int(np.prod(shape)), **named}


class Isotropic(AbstractProblem):
    """f(x) = (L/2)‖x‖² on arrays of any shape, from x_0.

    L: the Hessian is L·I. mu = L. f* = 0 at x = 0. Delta = (L/2)‖x_0‖².
    """

    x0: Any = eqx.field(converter=real)
    L: Any = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        require(
            bool(np.all(np.isfinite(self.x0))), "x0 with NaN or inf", "a finite start", "mend x0"
        )
        require(float(self.L) > 0, f"L = {float(self.L):g}", "L > 0", "give a positive curvature")

    def value(self, x: Iterate) -> Scalar:
        return 0.5 * self.L * jnp.sum(x**2)

    def grad(self, x: Iterate) -> Iterate:
        return self.L * x

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        square = float(np.sum(np.asarray(self.x0) ** 2))
        L = float(self.L)
        return Constants(
            L=L,
            mu=L,
            Delta=0.5 * L * square,
            R=square**0.5,
            f_star=0.0,
            grad0=L * square**0.5,
            isotropic=True,
            quadratic=True,
            **shape_constants(np.shape(self.x0)),
        )


class Quadratic(AbstractProblem):
    """f(x) = ½ (x − x*)ᵀ Q diag(h) Qᵀ (x − x*) on vectors; Q = I unless given.

    L = max h and mu = min h (eigenvalues); f* = 0 at x*; Delta = f(x_0).
    """

    x0: Any = eqx.field(converter=real)
    h: Any = eqx.field(converter=real)
    Q: Any = eqx.field(converter=lambda Q: None if Q is None else real(Q), default=None)
    x_star: Any = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        require(
            np.ndim(self.x0) == 1 and np.shape(self.h) == np.shape(self.x0),
            f"x0 of shape {np.shape(self.x0)} and h of shape {np.shape(self.h)}",
            "two vectors of one length",
            "give one curvature a coordinate",
        )
        require(float(np.max(self.h)) > 0, "curvatures h ≤ 0", "max h > 0", "give L = max h > 0")

    def _curve(self, y: Iterate) -> Iterate:
        return self.h * y if self.Q is None else self.Q @ (self.h * (self.Q.T @ y))

    def value(self, x: Iterate) -> Scalar:
        y = x - self.x_star
        return 0.5 * jnp.sum(y * self._curve(y))

    def grad(self, x: Iterate) -> Iterate:
        return self._curve(x - self.x_star)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        y = np.asarray(self.x0) - np.asarray(self.x_star)
        z = y if self.Q is None else np.asarray(self.Q).T @ y
        h = np.asarray(self.h)
        return Constants(
            L=float(h.max()),
            mu=float(h.min()),
            Delta=float(0.5 * np.sum(h * z**2)),
            R=float(np.linalg.norm(y)),
            f_star=0.0,
            grad0=float(np.linalg.norm(h * z)),
            isotropic=bool(np.all(h == h[0])),
            quadratic=True,
            **shape_constants(np.shape(self.x0)),
        )


def rotation(d: int, seed: int = 0) -> np.ndarray:
    """A fixed Haar-distributed orthogonal d × d matrix."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    return q * np.sign(np.diag(r))
