"""A separable quadratic on a box: the least value there, and where it is taken, in closed form."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import check_spread
from convergence.shapes import Iterate, Reals, Scalar, real


class Boxed(AbstractProblem):
    """f(x) = ½ Σ h_i (x_i − a_i)² + ⟨g, x⟩, h ≥ 0, to be minimized over low ≤ x_i ≤ high.

    Every entry has its own minimizer: a − g/h clipped to the box, or the end that g points away
    from where h = 0 (x_0 itself where g = 0 too). The box may have no end, as an orthant. L may be
    given as more than max h: f is L-smooth for every such L.
    """

    x0: Reals = eqx.field(converter=real)
    h: Reals = eqx.field(converter=real)
    g: Reals = eqx.field(converter=real)
    a: Reals = eqx.field(converter=real, default=0.0)
    low: Reals = eqx.field(converter=real, default=0.0)
    high: Reals = eqx.field(converter=real, default=1.0)
    L: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        x0, low, high = np.asarray(self.x0), float(self.low), float(self.high)
        check_spread(x0.shape, h=self.h, g=self.g, a=self.a)
        require(low < high, f"low = {low:g}, high = {high:g}", "low < high", "order them")
        inside = bool(np.all((low <= x0) & (x0 <= high)))
        require(inside, "a start outside the box", "low ≤ x0 ≤ high", "move it inside")
        h = np.asarray(self.h)
        ok = bool(np.all(h >= 0)) and float(self.L) >= float(h.max())
        require(ok, f"h up to {h.max():g}, L = {float(self.L):g}", "0 ≤ h ≤ L", "raise L")
        ends = bool(np.all(np.isfinite(self.inside())))
        require(ends, "a slope down a box without an end", "a least value", "end it, or bend f")

    def value(self, x: Iterate) -> Scalar:
        return jnp.sum(0.5 * self.h * (x - self.a) ** 2 + self.g * x)

    def grad(self, x: Iterate) -> Iterate:
        return self.h * (x - self.a) + self.g + jnp.zeros_like(x)

    def inside(self) -> Any:
        """The minimizer over the box."""
        h, g = (np.asarray(v) + 0 * np.asarray(self.x0) for v in (self.h, self.g))
        low, high = float(self.low), float(self.high)
        bowl = np.clip(self.a - g / np.where(h > 0, h, 1.0), low, high)
        flat = np.where(g > 0, low, np.where(g < 0, high, self.x0))
        return np.where(h > 0, bowl, flat)

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x0, star = np.asarray(self.x0, float), np.asarray(self.inside())
        h, g = (np.asarray(v) + 0 * x0 for v in (self.h, self.g))

        def value(x: np.ndarray) -> float:
            return float(np.sum(0.5 * h * (x - self.a) ** 2 + g * x))

        low, high = float(self.low), float(self.high)
        return Constants(
            L=float(self.L), mu=float(h.min()), convex=True, quadratic=True, d=x0.size,
            grad0=float(np.linalg.norm(h * (x0 - self.a) + g)), box_low=low, box_high=high,
            box_star=star, box_least=value(star), box_R=float(np.linalg.norm(x0 - star)),
            box_Delta=value(x0) - value(star), box_D=(high - low) * x0.size**0.5,
        )  # fmt: skip
