"""Convex functions of one variable, applied to every entry, whose curvature takes a few values."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Reals, Scalar, real


class PiecewiseQuadratic(AbstractProblem):
    """f(x) = Σ_i φ(x_i), φ(0) = φ'(0) = 0, φ'' = slopes[j] between knots[j−1] and knots[j].

    `PiecewiseQuadratic([3.3], knots=[1, 2], slopes=[25, 1, 25])` has φ' = 25x, x + 24 and 25x − 24.
    φ'(x) = hx + Σ_{b≥0} δ_b (x − b)₊ + Σ_{b<0} δ_b (b − x)₊ with h the slope at 0 (right of a knot
    at 0) and δ_b the jump of φ'' at b. L and μ: the largest and the least slope. f* = 0 at 0.
    """

    x0: Reals = eqx.field(converter=real)
    knots: Reals = eqx.field(converter=real)
    slopes: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        knots, slopes = np.asarray(self.knots), np.asarray(self.slopes)
        require(
            knots.ndim == 1 and slopes.shape == (len(knots) + 1,) and np.all(np.diff(knots) > 0),
            f"knots {knots} and slopes {slopes}",
            "knots in increasing order and one slope more",
            "give the curvature of every piece, from left to right",
        )
        require(
            bool(np.all(slopes >= 0) and np.any(slopes > 0) and np.all(np.isfinite(slopes))),
            f"slopes {slopes}",
            "finite numbers ≥ 0, one of them positive",
            "choose a convex function",
        )

    def _jumps(self) -> tuple[Any, Any, Any]:
        """The slope at 0, and the jumps right and left of it."""
        knots, slopes = jnp.asarray(self.knots), jnp.asarray(self.slopes)
        jumps = jnp.diff(slopes)
        right = jnp.where(knots >= 0, jumps, 0.0)
        # What lies left of 0 is passed on the way from −∞ to 0.
        return slopes[0] + jnp.sum(jumps - right), right, jumps - right

    def _past(self, x: Iterate) -> tuple[Any, Any]:
        """(…, knots): how far x lies beyond each knot, to its right and to its left."""
        away = jnp.asarray(x)[..., None] - jnp.asarray(self.knots)
        return jnp.maximum(away, 0.0), jnp.maximum(-away, 0.0)

    def value(self, x: Iterate) -> Scalar:
        h, right, left = self._jumps()
        above, below = self._past(x)
        return 0.5 * jnp.sum(h * x**2 + above**2 @ right - below**2 @ left)

    def grad(self, x: Iterate) -> Iterate:
        h, right, left = self._jumps()
        above, below = self._past(x)
        return h * x + above @ right + below @ left

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x0, knots = np.asarray(self.x0), np.asarray(self.knots)
        slopes = np.asarray(self.slopes)
        jumps = np.diff(slopes)
        right = np.where(knots >= 0, jumps, 0.0)
        h, away = slopes[0] + np.sum(jumps - right), x0[..., None] - knots
        above, below = np.maximum(away, 0), np.maximum(-away, 0)
        gradient = h * x0 + above @ right + below @ (jumps - right)
        value = 0.5 * np.sum(h * x0**2 + above**2 @ right - below**2 @ (jumps - right))
        return Constants(
            L=float(slopes.max()),
            mu=float(slopes.min()),
            convex=True,
            Delta=float(value),
            f_star=0.0,
            grad0=float(np.linalg.norm(gradient)),
            R=float(np.linalg.norm(x0)),
            x_star=0.0,
            d=x0.size,
        )
