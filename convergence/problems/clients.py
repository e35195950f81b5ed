"""J = (1/n) Σ F_i of n clients that see the server's variable through gates, F_i(θ) = f_i(M_i
θ)."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Matrix, Reals, Scalar, Vector, real


class GatedClients(AbstractProblem):
    """f_i(x) = ½ Σ_k h_ik (x_k − b_ik)², F_i(θ) = f_i(M_i θ) with M_i = diag(gates_i), gates in
    [0, 1]: a client moves the coordinates that its gates let through.

    All is separate by coordinates: ∇F_i = client_h ⊙ (θ − client_x) + 0 with client_h = h M² and
    client_x = b/M (0 behind a closed gate). J has the curvature (1/n) Σ client_h, and its extremes
    are L and mu; x* = Σ client_h client_x / Σ client_h where some gate is open, as is required of
    every coordinate. L_max = max client_h. Where client_h is the same for all clients ∇F_i − ∇J is
    constant: `common`, and zeta_all = zeta.
    """

    h: Reals = eqx.field(converter=real)
    b: Reals = eqx.field(converter=real)
    gates: Reals = eqx.field(converter=real)
    x0: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        if not isinstance(self.b, np.ndarray):
            return
        shapes = np.shape(self.h), np.shape(self.b), np.shape(self.gates), np.shape(self.x0)
        require(
            len(shapes[1]) == 2 and shapes[0] == shapes[1] == shapes[2]
            and shapes[3] == shapes[1][1:],
            f"h {shapes[0]}, b {shapes[1]}, gates {shapes[2]}, x0 {shapes[3]}",
            "h, b and gates (n, d) and x0 (d,)",
            "give every client a curvature, a center and a gate a coordinate",
        )  # fmt: skip
        low = float(np.min(self.h))
        require(low > 0, f"a curvature {low:g}", "h > 0", "clients have to be convex")
        least, most = float(np.min(self.gates)), float(np.max(self.gates))
        require(
            least >= 0 and most <= 1, f"gates in [{least:g}, {most:g}]", "gates in [0, 1]", "clip"
        )
        alone = np.flatnonzero(np.all(np.asarray(self.gates) == 0, axis=0)).tolist()
        require(
            not alone,
            f"masks that no client holds at the coordinates {alone}",
            "an open gate for every coordinate",
            "open one, or leave these coordinates out",
        )

    @property
    def n(self) -> int:
        """How many clients."""
        return np.shape(self.b)[0]

    def local(self, X: Matrix) -> Matrix:
        """(n, d) the gradients ∇F_i, each at its own point."""
        return self.gates * self.h * (self.gates * X - self.b)

    def grads(self, x: Iterate) -> Matrix:
        """(n, d) the stack of ∇F_i(x)."""
        return self.local(jnp.broadcast_to(x, np.shape(self.b)))

    def leads(self, x: Iterate) -> Vector:
        """(n,) the F_i(x) − F_i(x*)."""
        y, star = x - self.x_star(), self.grads(self.x_star())
        return 0.5 * jnp.sum(self.gates**2 * self.h * y**2, axis=1) + star @ y

    def value(self, x: Iterate) -> Scalar:
        return 0.5 * jnp.mean(jnp.sum(self.h * (self.gates * x - self.b) ** 2, axis=1))

    def grad(self, x: Iterate) -> Iterate:
        return jnp.mean(self.grads(x), axis=0)

    def x_star(self) -> Any:
        """The minimizer of J."""
        g, h = jnp.asarray(self.gates), jnp.asarray(self.h)
        return jnp.sum(g * h * self.b, axis=0) / jnp.sum(g**2 * h, axis=0)

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        h, b, g, x0 = (np.asarray(v, float) for v in (self.h, self.b, self.gates, self.x0))
        bend = h * g**2
        mean, pull = bend.mean(axis=0), (g * h * b).mean(axis=0)
        star = pull / mean
        rest = 0.5 * float(np.mean(np.sum(h * (g * star - b) ** 2, axis=1)))
        apart = bend * star - g * h * b
        zeta = float(np.sqrt(np.mean(np.sum((apart - apart.mean(axis=0)) ** 2, axis=1))))
        common = bool(np.all(bend == bend[:1]))
        found = Constants(
            agents=len(b), d=len(x0), L=float(mean.max()), mu=float(mean.min()), f_star=rest,
            L_max=float(bend.max()), Delta=float(0.5 * np.sum(mean * (x0 - star) ** 2)),
            convex=True, all_convex=True, quadratic=True, R=float(np.linalg.norm(x0 - star)),
            x_star=star, grad0=float(np.linalg.norm(mean * (x0 - star))), zeta=zeta, common=common,
            x0=x0, client_h=bend, client_x=np.where(g > 0, b / np.where(g > 0, g, 1.0), 0.0),
            all_quadratic=True,
        )  # fmt: skip
        return found | ({"zeta_all": zeta} if common else {})


def plain_clients(h: Any, b: Any, x0: Any) -> GatedClients:
    """Clients with all gates open."""
    h, b, x0 = np.broadcast_arrays(np.asarray(h, float), np.asarray(b, float), x0)
    return GatedClients(h, b, np.ones_like(b), x0[0])


def three_masked() -> GatedClients:
    """Curvatures 1, 0.1, 0.5; masks (1, 0), (1, 1), (0, 1): minimizer (0.1818, 2.3333)."""
    h = np.repeat([[1.0], [0.1], [0.5]], 2, axis=1)
    b = np.array([[0.0, 1.0], [2.0, -1.0], [5.0, 3.0]])
    return GatedClients(h, b, np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), np.zeros(2))
