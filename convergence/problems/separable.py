"""Convex functions that separate in an orthogonal basis: Hessians that vary by a known factor."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.problems.nonconvex import log_cosh_of
from convergence.problems.quadratic import check_orthogonal
from convergence.shapes import Iterate, Reals, Scalar, Vector, optional, real

SHAPES = ("cosh", "logcosh", "square")


def profile(shape: str, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(φ(u), φ′(u)) on the host."""
    if shape == "cosh":
        return 2 * np.sinh(u / 2) ** 2, np.sinh(u)
    if shape == "logcosh":
        return log_cosh_of(u, np), np.tanh(u)
    return u**2 / 2, u


class RotatedSeparable(AbstractProblem):
    """f(θ) = Σ_i λ_i s² φ(z_i/s), z = Qθ with Q orthogonal, φ(u) = cosh u − 1, log cosh u or u²/2.

    f* = 0 at 0; φ″(0) = 1, so mu_star = λ_min(∇²f(0)) = min λ. R: ‖θ − θ′‖ ≤ R implies
    ‖∇²f(θ′)⁻¹∇²f(θ)‖ ≤ 2: the Hessian is Qᵀ diag(λφ″(z/s)) Q and |z_i − z_i′| ≤ ‖θ − θ′‖, with
    cosh u/cosh u′ ≤ e^{|u−u′|}: R = s ln 2; sech²: twice the exponent, R = (s/2) ln 2; any R where
    the Hessian is constant (`s` here). L = max λ except for cosh, which has none.
    """

    x0: Reals = eqx.field(converter=real)
    lam: Reals = eqx.field(converter=real)
    Q: Reals | None = eqx.field(converter=optional(real), default=None)
    s: Reals = eqx.field(converter=real, default=1.0)
    shape: str = eqx.field(static=True, default="cosh")

    def __check_init__(self) -> None:
        require(
            self.shape in SHAPES, f"shape {self.shape!r}", f"one of {SHAPES}", "choose one of them"
        )
        if isinstance(self.lam, np.ndarray):
            shapes = np.shape(self.x0), np.shape(self.lam)
            require(len(shapes[0]) == 1 and shapes[0] == shapes[1],
                    f"x0 of shape {shapes[0]} and lam of shape {shapes[1]}",
                    "two vectors of one length", "give one curvature a coordinate")  # fmt: skip
            ok = bool(np.all(self.lam > 0)) and float(self.s) > 0
            require(ok, "a curvature or scale ≤ 0", "λ > 0 and s > 0", "make f strictly convex")
        check_orthogonal(self.Q, "Q")

    def turned(self, x: Iterate) -> Vector:
        """z = Qθ."""
        return x if self.Q is None else self.Q @ x

    def back(self, z: Vector) -> Iterate:
        """θ = Qᵀz."""
        return z if self.Q is None else self.Q.T @ z

    def value(self, x: Iterate) -> Scalar:
        u = self.turned(x) / self.s
        if self.shape == "cosh":
            phi = 2 * jnp.sinh(u / 2) ** 2
        elif self.shape == "logcosh":
            phi = log_cosh_of(u)
        else:
            phi = u**2 / 2
        return jnp.sum(self.lam * self.s**2 * phi)

    def slopes(self, x: Iterate) -> tuple[Vector, Vector]:
        """(Q∇f, the eigenvalues of ∇²f in the basis Q)."""
        u = self.turned(x) / self.s
        first, second = {
            "cosh": (jnp.sinh(u), jnp.cosh(u)),
            "logcosh": (jnp.tanh(u), 1 / jnp.cosh(u) ** 2),
            "square": (u, jnp.ones_like(u)),
        }[self.shape]
        return self.lam * self.s * first, self.lam * second

    def grad(self, x: Iterate) -> Iterate:
        return self.back(self.slopes(x)[0])

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x0, lam, s = np.asarray(self.x0), np.asarray(self.lam), float(self.s)
        z = x0 if self.Q is None else np.asarray(self.Q) @ x0
        u = z / s
        phi, first = profile(self.shape, u)
        factor = {"cosh": np.log(2.0), "logcosh": np.log(2.0) / 2, "square": 1.0}[self.shape]
        return Constants(
            L=float("inf") if self.shape == "cosh" else float(lam.max()),
            mu_star=float(lam.min()), condition=float(lam.max() / lam.min()), f_star=0.0,
            Delta=float(np.sum(lam * s**2 * phi)), R=float(np.linalg.norm(z)),
            grad0=float(np.linalg.norm(lam * s * first)), d=x0.size,
            radius=s * factor, z0=z, curvatures=lam, turned=self.Q is not None,
            quadratic=self.shape == "square", convex=True, x_star=0.0,
        )  # fmt: skip


class Spiked(AbstractProblem):
    """f on R with f″ = 2 within w·c_t of each center c_0 > c_1 > … > 0 and 1 elsewhere, from c_0:
    f* = 0 at 0, and any radius serves, as curvatures never differ by more than 2."""

    centers: Reals = eqx.field(converter=real)
    w: Reals = eqx.field(converter=real, default=1e-3)

    def __check_init__(self) -> None:
        if isinstance(self.centers, np.ndarray) and isinstance(self.w, np.ndarray):
            c, w = self.centers, float(self.w)
            apart = c.ndim == 1 and c.size > 0 and bool(np.all(c[1:] * (1 + w) < c[:-1] * (1 - w)))
            ok = apart and bool(np.all(c > 0)) and 0 < w < 1
            require(ok, "spikes that overlap", "descending centers > 0 apart", "narrow them")

    def value(self, x: Iterate) -> Scalar:
        low, high = (1 - self.w) * self.centers, (1 + self.w) * self.centers
        inside = jnp.clip(x, low, high) - low
        beyond = jnp.maximum(x - high, 0.0) * (high - low)
        return jnp.sum(x**2) / 2 + jnp.sum(inside**2 / 2 + beyond)

    def grad(self, x: Iterate) -> Iterate:
        low, high = (1 - self.w) * self.centers, (1 + self.w) * self.centers
        return x + jnp.sum(jnp.clip(x, low, high) - low, keepdims=True)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.centers)[:1]

    def constants(self) -> Constants:
        c, w = np.asarray(self.centers), float(self.w)
        far = float(c[0])
        # The spike at c_0 counts by its lower half.
        rise = far * (1 + w) + 2 * w * float(np.sum(c[1:]))
        top = far**2 / 2 + (w * far) ** 2 / 2
        top += float(np.sum((2 * w * c[1:]) ** 2 / 2 + (far - (1 + w) * c[1:]) * 2 * w * c[1:]))
        return Constants(
            L=2.0, mu=1.0, mu_star=1.0, condition=1.0, f_star=0.0, Delta=top, R=far, grad0=rise,
            d=1, radius=8 * far, z0=c[:1], curvatures=np.ones(1), turned=False, convex=True,
            x_star=0.0,
        )  # fmt: skip


def spiked(N: int, w: float) -> Spiked:
    """N centers of which each is half a Newton step from the one before: c − f′(c)/4 is the next,
    f′(c) = (1 + w)c + 2w Σ of the lower centers; the last is 1."""
    centers = [1.0]
    for _ in range(N - 1):
        lower = 2 * w * sum(centers)
        centers.append((4 * centers[-1] + lower) / (3 - w))
    return Spiked(np.array(centers[::-1]), w)
