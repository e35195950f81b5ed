"""A smooth, strongly convex function of the plane, on which a heavy ball goes round for ever."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem, start_slope
from convergence.shapes import Reals, Scalar, Vector, real


class Polygon(AbstractProblem):
    """∇f(x) = μx + (L − μ) Proj_C(x), C the regular K-gon whose corners are the turns of y.

    f(x) = (μ/2)‖x‖² + ((L − μ)/2)(‖x‖² − dist(x, C)²). Half of ‖x‖² − dist(x, C)² is the conjugate
    of ‖·‖²/2 + the indicator of C, so its gradient is Proj_C, which is monotone and 1-Lipschitz: f
    is L-smooth and μ-strongly convex. C surrounds 0, where f* = 0.
    """

    x0: Reals = eqx.field(converter=real)
    y: Reals = eqx.field(converter=real)
    K: int = eqx.field(static=True)
    L: Reals = eqx.field(converter=real, default=1.0)
    mu: Reals = eqx.field(converter=real, default=0.01)

    def __check_init__(self) -> None:
        shapes = np.shape(self.x0), np.shape(self.y)
        require(shapes == ((2,), (2,)), f"x0 and y of shapes {shapes}", "two points of the plane",
                "give two entries each")  # fmt: skip
        require(self.K >= 3, f"K = {self.K} corners", "3 or more", "choose a polygon")
        require(0 < self.mu < self.L, f"mu = {self.mu}, L = {self.L}", "0 < mu < L", "order them")

    @classmethod
    def cycle(
        cls, eta: float, beta: float, K: int, L: float = 1.0, mu: float = 0.01, x0: Any = (1.0, 0.0)
    ) -> Polygon:
        """The function on which x_{t+1} = x_t − η∇f(x_t) + β(x_t − x_{t−1}) may go round the K-th
        roots of unity, from the measured η and β of any method with momentum.

        On the roots ∇f must be g_t = [(1 + β)I − R − βRᵀ]x_t/η, R the turn by 2π/K, so C has the
        corners y_t = (g_t − μx_t)/(L − μ). It does so iff Proj_C(x_t) = y_t, that is iff
        ⟨x_t − y_t, y_s − y_t⟩ ≤ 0 for all s (Goujaud, Taylor and Dieuleveut 2023).
        """
        turn, first = _turn(2 * np.pi / K), np.array([1.0, 0.0])
        g = ((1 + beta) * np.eye(2) - turn - beta * turn.T) @ first / eta
        y = (g - mu * first) / (L - mu)
        corners = np.stack([_turn(2 * np.pi * s / K) @ y for s in range(K)])
        worst = float(((corners - y) @ (first - y)).max())
        require(
            worst <= 1e-12,
            f"eta = {eta:g}, beta = {beta:g}, K = {K}, mu/L = {mu / L:g}",
            "a cycle, which these do not have",
            "try another K, or a smaller mu/L",
        )
        return cls(x0, y, K, L, mu)

    def project(self, x: Vector) -> Vector:
        """Proj_C(x)."""
        # Corners in the order of their angles; a point is inside if it is on the left of all edges.
        angles = 2 * jnp.pi * jnp.arange(self.K) / self.K
        y = jnp.asarray(self.y)
        cos, sin = jnp.cos(angles), jnp.sin(angles)
        corners = jnp.stack([cos * y[0] - sin * y[1], sin * y[0] + cos * y[1]], axis=1)
        edges = jnp.roll(corners, -1, axis=0) - corners
        away = x - corners
        inside = jnp.all(edges[:, 0] * away[:, 1] - edges[:, 1] * away[:, 0] >= 0)
        share = jnp.clip(jnp.sum(away * edges, 1) / jnp.sum(edges**2, 1), 0, 1)
        near = corners + share[:, None] * edges
        closest = near[jnp.argmin(jnp.sum((x - near) ** 2, axis=1))]
        return jnp.where(inside, x, closest)

    def value(self, x: Vector) -> Scalar:
        square, away = jnp.sum(x**2), jnp.sum((x - self.project(x)) ** 2)
        return 0.5 * (self.mu * square + (self.L - self.mu) * (square - away))

    def grad(self, x: Vector) -> Vector:
        return self.mu * x + (self.L - self.mu) * self.project(x)

    def f_star(self) -> float:
        return 0.0

    def start(self) -> Vector:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        return Constants(
            L=float(self.L),
            mu=float(self.mu),
            convex=True,
            Delta=float(_start_value(self)),
            f_star=0.0,
            grad0=float(np.linalg.norm(start_slope(self))),
            R=float(np.linalg.norm(np.asarray(self.x0))),
            x_star=0.0,
            d=2,
        )


@plainly
def _start_value(problem: Polygon) -> Any:
    return problem.value(problem.start())


def _turn(angle: float) -> np.ndarray:
    """(2, 2): the turn of the plane by an angle."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
