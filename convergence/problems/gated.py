"""One least-squares problem seen through gates that are learned with it."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Reals, Scalar, Vector, real


class GatedLeastSquares(AbstractProblem):
    """J(θ, g) = ½‖A(g ⊙ θ) − b‖² over θ ∈ Rᵈ and gates g ∈ [0, 1]ᵈ; the iterate is (θ, g).

    For fixed g it is ‖A diag(g)‖²-smooth in θ, for fixed θ ‖A diag(θ)‖²-smooth in g. f_star is the
    least residual of Ax = b, which the gates g = 1 attain.
    """

    A: Reals = eqx.field(converter=real)
    b: Reals = eqx.field(converter=real)
    theta0: Reals = eqx.field(converter=real)
    gates0: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        if not isinstance(self.A, np.ndarray):
            return
        shapes = tuple(np.shape(v) for v in (self.A, self.b, self.theta0, self.gates0))
        m, d = shapes[0] if len(shapes[0]) == 2 else (0, 0)
        require(
            m > 0 and shapes == ((m, d), (m,), (d,), (d,)),
            f"A {shapes[0]}, b {shapes[1]}, theta0 {shapes[2]}, gates0 {shapes[3]}",
            "A (m, d), b (m,), theta0 and gates0 (d,)",
            "give every coordinate a parameter and a gate",
        )
        least, most = float(np.min(self.gates0)), float(np.max(self.gates0))
        require(
            least >= 0 and most <= 1, f"gates in [{least:g}, {most:g}]", "gates in [0, 1]", "clip"
        )

    def parts(self, x: Iterate) -> tuple[Vector, Vector]:
        """θ and g."""
        d = np.shape(self.A)[1]
        return x[:d], x[d:]

    def smoothness(self, v: Vector) -> Scalar:
        """‖A diag(v)‖₂²: of θ for v = g, of g for v = θ."""
        return jnp.linalg.norm(jnp.asarray(self.A) * v, 2) ** 2

    def value(self, x: Iterate) -> Scalar:
        theta, g = self.parts(x)
        return 0.5 * jnp.sum((self.A @ (g * theta) - self.b) ** 2)

    def start(self) -> Iterate:
        return jnp.concatenate([jnp.asarray(self.theta0), jnp.asarray(self.gates0)])

    def constants(self) -> Constants:
        A, b, theta, g = (np.asarray(v, float) for v in (self.A, self.b, self.theta0, self.gates0))
        best = np.linalg.lstsq(A, b, rcond=None)[0]
        low = 0.5 * float(np.sum((A @ best - b) ** 2))
        left = A @ (g * theta) - b
        slope = A.T @ left
        return Constants(
            d=2 * len(theta), f_star=low, Delta=max(0.5 * float(left @ left) - low, 0.0),
            grad0=float(np.hypot(np.linalg.norm(g * slope), np.linalg.norm(theta * slope))),
        )  # fmt: skip
