"""Smooth objectives, most of them nonconvex, whose L, ρ, G and minimum are known exactly."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import shape_constants
from convergence.shapes import Iterate, Reals, Scalar, real


def log_cosh_of(u: Any, of: Any = jnp) -> Any:
    """log cosh u without overflow, and to relative accuracy near 0; of: jnp, or np on the host."""
    a = of.abs(u)
    small = of.log1p(2 * of.sinh(of.minimum(a, 1.0) / 2) ** 2)
    return of.where(a < 1, small, a + of.log1p(of.exp(-2 * a)) - math.log(2.0))


class Separable(AbstractProblem):
    """f(w) = Σ_i ½c w_i² + a(1 − cos(w_i/l)) + b k log cosh(w_i/k) + H(w_i), f* = 0 at w = 0.

    H is Huber's function, H' = L_h clip(w, −r, r). Coefficients are numbers or arrays of the
    iterate's shape, ≥ 0; one of them alone gives the quadratic, the cosine lattice, log-cosh and
    the ramp, c and a together quad+cos.

    Each coordinate has f'' = c + (a/l²)cos(w/l) + (b/k)sech²(w/k) + L_h 1{|w| < r}, whose largest
    |value| is attained at w = 0, hence L = max_i (c + a/l² + b/k + L_h), exactly. All terms are
    ≥ 0 and vanish at 0, hence f* = 0. |f'''| ≤ rho = max_i a/l³ + (b/k²)·4/(3√3), attained where
    one of the two is 0; no rho is certified with a Huber term, which is not C². |f'| ≤ a/l + b +
    L_h r where c = 0, attained where one term stands alone: G is the Euclidean norm of these.
    """

    x0: Reals = eqx.field(converter=real)
    c: Reals = eqx.field(converter=real, default=0.0)
    a: Reals = eqx.field(converter=real, default=0.0)
    l: Reals = eqx.field(converter=real, default=1.0)
    b: Reals = eqx.field(converter=real, default=0.0)
    k: Reals = eqx.field(converter=real, default=1.0)
    L_h: Reals = eqx.field(converter=real, default=0.0)
    r: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        require(
            bool(np.all(np.isfinite(self.x0))), "x0 with NaN or inf", "a finite start", "mend it"
        )
        for name in ("c", "a", "l", "b", "k", "L_h", "r"):
            shape, fits = np.shape(getattr(self, name)), np.shape(self.x0)
            require(shape in ((), fits), f"{name} of shape {shape}",
                    f"a number or an array of the iterate's shape {fits}", "match x0")  # fmt: skip
        for name in ("c", "a", "b", "L_h", "r"):
            low = float(np.min(getattr(self, name)))
            require(low >= 0, f"{name} = {low:g}", f"{name} ≥ 0", "flip its sign")
        for name in ("l", "k"):
            low = float(np.min(getattr(self, name)))
            require(low > 0, f"{name} = {low:g}", f"{name} > 0", "give a positive length")

    def value(self, x: Iterate) -> Scalar:
        huber = jnp.where(
            jnp.abs(x) <= self.r, 0.5 * x**2, self.r * jnp.abs(x) - 0.5 * jnp.asarray(self.r) ** 2
        )
        waves = 2 * self.a * jnp.sin(x / (2 * self.l)) ** 2  # a(1 − cos) without cancellation
        valley = self.b * self.k * log_cosh_of(x / self.k)
        return jnp.sum(0.5 * self.c * x**2 + waves + valley + self.L_h * huber)

    def grad(self, x: Iterate) -> Iterate:
        waves = self.a / self.l * jnp.sin(x / self.l)
        valley = self.b * jnp.tanh(x / self.k)
        return self.c * x + waves + valley + self.L_h * jnp.clip(x, -self.r, self.r)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x = np.asarray(self.x0)
        c, a, l, b, k, L_h, r = (
            np.asarray(v) for v in (self.c, self.a, self.l, self.b, self.k, self.L_h, self.r)
        )
        huber = np.where(np.abs(x) <= r, 0.5 * x**2, r * np.abs(x) - 0.5 * r**2)
        valley = b * k * log_cosh_of(x / k, np)
        value = 0.5 * c * x**2 + 2 * a * np.sin(x / (2 * l)) ** 2 + valley + L_h * huber
        grad = c * x + a / l * np.sin(x / l) + b * np.tanh(x / k) + L_h * np.clip(x, -r, r)
        more: dict[str, Any] = {}
        if not np.any(a > 0):
            more["convex"] = True
        if not np.any(L_h > 0):
            more["rho"] = float(np.max(a / l**3 + 4 / (3 * math.sqrt(3)) * b / k**2))
        if not np.any(c > 0):
            more["G"] = float(np.linalg.norm(np.broadcast_to(a / l + b + L_h * r, x.shape)))
        if not (np.any(a > 0) or np.any(b > 0) or np.any(L_h > 0)):
            more |= {"isotropic": bool(np.all(c == np.ravel(c)[0])), "quadratic": True}
        return Constants(
            L=float(np.max(c + a / l**2 + b / k + L_h)),
            Delta=float(np.sum(value)),
            R=float(np.linalg.norm(x)),
            f_star=0.0,
            x_star=0.0,
            grad0=float(np.linalg.norm(grad)),
            **more,
            **shape_constants(np.shape(x)),
        )


def _at(x0: Any, **given: Any) -> Separable:
    """Coefficients of the iterate's shape, so that all these problems share a compiled program."""
    x0 = np.asarray(x0, dtype=np.float64)
    full = dict(c=0.0, a=0.0, l=1.0, b=0.0, k=1.0, L_h=0.0, r=0.0) | given
    return Separable(x0, **{n: np.broadcast_to(v, x0.shape).astype(float) for n, v in full.items()})


def bowl(x0: Any, L: float = 1.0) -> Separable:
    """f(w) = (L/2)‖w‖²: isotropic quadratic, rho = 0."""
    return _at(x0, c=L)


def quad_cos(x0: Any, c: Any = 0.2, a: Any = 1.0, l: Any = 1.0) -> Separable:
    """f(w) = Σ ½c w_i² + a(1 − cos(w_i/l)): nonconvex iff a/l² > c; L = c + a/l², rho = a/l³."""
    return _at(x0, c=c, a=a, l=l)


def cosine_lattice(x0: Any, a: Any = 1.0, l: Any = 1.0) -> Separable:
    """f(w) = a Σ(1 − cos(w_i/l)): L = a/l², G = √d a/l, rho = a/l³; periodic, nonconvex."""
    return _at(x0, a=a, l=l)


def log_cosh(x0: Any, b: Any = 1.0, k: Any = 1.0) -> Separable:
    """f(w) = b k Σ log cosh(w_i/k): convex, L = b/k, G = √d b, rho = 4b/(3√3 k²)."""
    return _at(x0, b=b, k=k)


class Welsch(AbstractProblem):
    """f(w) = (c²/2) Σ (1 − exp(−w_i²/c²)): f* = 0 at 0, nonconvex, flat far away.

    With u = w/c: f'' = (1 − 2u²)e^{−u²} lies in [−2e^{−3/2}, 1], so L = 1 at w = 0.
    |f'| = c|u|e^{−u²} is largest at u² = 1/2: G = √d c/√(2e). f''' = (2u/c)(2u² − 3)e^{−u²} is
    largest in modulus at u² = (3 − √6)/2: rho = 1.9518…/c.
    """

    x0: Reals = eqx.field(converter=real)
    c: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        require(float(self.c) > 0, f"c = {float(self.c):g}", "c > 0", "give a positive width")

    def value(self, x: Iterate) -> Scalar:
        return -0.5 * self.c**2 * jnp.sum(jnp.expm1(-((x / self.c) ** 2)))

    def grad(self, x: Iterate) -> Iterate:
        return x * jnp.exp(-((x / self.c) ** 2))

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x, c = np.asarray(self.x0), float(self.c)
        u2 = (3 - math.sqrt(6)) / 2
        rho = 2 * math.sqrt(u2) * (3 - 2 * u2) * math.exp(-u2) / c
        grad = x * np.exp(-((x / c) ** 2))
        return Constants(
            L=1.0,
            rho=rho,
            G=math.sqrt(x.size) * c / math.sqrt(2 * math.e),
            Delta=float(-0.5 * c**2 * np.sum(np.expm1(-((x / c) ** 2)))),
            R=float(np.linalg.norm(x)),
            f_star=0.0,
            x_star=0.0,
            grad0=float(np.linalg.norm(grad)),
            **shape_constants(np.shape(x)),
        )
