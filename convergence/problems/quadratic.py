"""Quadratics with exact constants: isotropic, diagonal and rotated."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Reals, Scalar, optional, real


def shape_constants(shape: tuple[int, ...]) -> dict[str, Any]:
    """d = the number of entries, and m, n for matrices."""
    named = {"m": shape[0], "n": shape[1]} if len(shape) == 2 else {}
    return {"d": int(np.prod(shape)), **named}


def rounding(d: int) -> float:
    """Of an entry of a product of d × d matrices, relative to the largest."""
    return 32 * d * float(np.finfo(np.float64).eps)


def check_orthogonal(Q: Any, name: str, square: bool = True) -> None:
    """Refuse a basis with QᵀQ ≠ I; None and traced bases pass."""
    if not isinstance(Q, np.ndarray):
        return
    fits = Q.ndim == 2 and (Q.shape[0] == Q.shape[1] or not square)
    off = float(np.max(np.abs(Q.T @ Q - np.eye(Q.shape[1])))) if fits else float("inf")
    require(
        fits and off <= rounding(len(Q)),
        f"a basis {name} of shape {Q.shape} with |{name}ᵀ{name} − I| up to {off:.2g}",
        "an orthogonal matrix" if square else "orthonormal columns",
        "take the Q of a QR factorization",
    )


def check_psd(H: Any, name: str, least: float = -float("inf")) -> None:
    """Refuse a stack (…, d, d) that is not symmetric, or has an eigenvalue below `least`."""
    if not isinstance(H, np.ndarray):
        return
    granted = rounding(H.shape[-1]) * float(np.max(np.abs(H)))
    off = float(np.max(np.abs(H - np.swapaxes(H, -1, -2))))
    require(off <= granted, f"{name} that differs from its transpose by {off:.2g}",
            f"symmetric {name}", "give (H + Hᵀ)/2")  # fmt: skip
    low = float(np.linalg.eigvalsh(H).min())
    require(low >= least - granted, f"{name} with an eigenvalue {low:.3g}",
            f"eigenvalues ≥ {least:g}", "add curvature")  # fmt: skip


def check_spread(shape: tuple[int, ...], **fields: Any) -> None:
    """Refuse a field that does not broadcast to the shape of the iterate: f would have more."""
    for name, value in fields.items():
        found = np.shape(value)
        ends = zip(found[::-1], shape[::-1])
        fits = len(found) <= len(shape) and all(n in (1, own) for n, own in ends)
        require(fits, f"{name} of shape {found}", f"one that broadcasts to {shape}, the iterate's,",
                "give one number, or one an entry")  # fmt: skip


class Isotropic(AbstractProblem):
    """f(x) = (L/2)‖x‖² on arrays of any shape, from x_0.

    L: the Hessian is L·I. mu = L. f* = 0 at x = 0. Delta = (L/2)‖x_0‖².
    """

    x0: Reals = eqx.field(converter=real)
    L: Reals = eqx.field(converter=real, default=1.0)

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
            x_star=0.0,
            convex=True,
            isotropic=True,
            quadratic=True,
            **shape_constants(np.shape(self.x0)),
        )


class Quadratic(AbstractProblem):
    """f(x) = ½ (x − x*)ᵀ Q diag(h) Qᵀ (x − x*) on vectors, Q orthogonal; Q = I unless given.

    L = max |h| and mu = min h (eigenvalues). Where h ≥ 0: convex, f* = 0 at x*, Delta = f(x_0).
    Else f is unbounded below and neither f*, Delta, x* nor R is certified.
    """

    x0: Reals = eqx.field(converter=real)
    h: Reals = eqx.field(converter=real)
    Q: Reals | None = eqx.field(converter=optional(real), default=None)
    x_star: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        require(
            np.ndim(self.x0) == 1 and np.shape(self.h) == np.shape(self.x0),
            f"x0 of shape {np.shape(self.x0)} and h of shape {np.shape(self.h)}",
            "two vectors of one length",
            "give one curvature a coordinate",
        )
        shape = np.shape(self.x_star)
        require(shape in ((), np.shape(self.x0)), f"x_star of shape {shape}",
                "a number or a vector as long as x0", "give one coordinate each")  # fmt: skip
        require(float(np.max(self.h)) > 0, "curvatures h ≤ 0", "max h > 0", "give L = max h > 0")
        check_orthogonal(self.Q, "Q")

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
        below: dict[str, Any] = {}
        if h.min() >= 0:
            below = dict(
                Delta=float(0.5 * np.sum(h * z**2)),
                R=float(np.linalg.norm(y)),
                f_star=0.0,
                x_star=np.asarray(self.x_star),
            )
        return Constants(
            L=float(np.abs(h).max()),
            mu=float(h.min()),
            grad0=float(np.linalg.norm(h * z)),
            convex=bool(h.min() >= 0),
            isotropic=bool(np.all(h == h[0])),
            quadratic=True,
            **below,
            **shape_constants(np.shape(self.x0)),
        )


def rotation(d: int, seed: int = 0) -> np.ndarray:
    """A fixed Haar-distributed orthogonal d × d matrix."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    return q * np.sign(np.diag(r))
