"""stocBiO (Ji, Yang and Liang 2021): what a truncated Neumann series leaves, exactly."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.algorithms.decentralized.bilevel import StocBiO
from convergence.constants import Constants
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has
from convergence.theorems.base import Moment, Provenance, Source
from convergence.theorems.conditions import SameRows
from convergence.theorems.domains import count, number
from convergence.theorems.exact_moments import AbstractMoment


class AbstractNeumannBias(AbstractMoment):
    """The bias that stocBiO with Q Neumann terms has in the end."""

    quantity = Moment.BIAS
    provenance = Provenance.DERIVED

    settled = 0.0
    assumes = (Has("mu_g", 0.0), SameRows())
    domain = {
        "Q": count(),
        "D": count(),
        "eta": number("(0, inf)"),
        "alpha": number("(0, inf)"),
    }

    Q: int = eqx.field(static=True, default=4)
    D: int = eqx.field(static=True, default=4)
    eta: Reals = eqx.field(converter=real, default=0.4)
    alpha: Reals = eqx.field(converter=real, default=0.05)

    def prescribe(self, c: Constants, T: int) -> StocBiO:
        return StocBiO(self.alpha, 0.5 / c.L_g, self.eta, self.D, self.Q)

    def scale(self, c: Constants, T: int) -> float:
        """What counts as 0: points that a relative 1e-11 separates."""
        close = 1e-11 * float(np.linalg.norm(c.x_star) + np.linalg.norm(c.r_mean))
        return (2 * self.bound(c, T) ** 0.5 * close + close**2) / self.tolerance


class NeumannBias(AbstractNeumannBias):
    """‖E x − x*‖² → ‖x_Q − x*‖² with ϱ(x_Q − r̄) + B̄ᵀ[I − (I − ηĀ)^Q]Ā⁻¹(K y*(x_Q) − k) = 0.

    Proof. With warm starts the lower steps have the fixed point y*(x); Q steps from z = 0 reach
    [I − (I − ηĀ)^Q] z*(x), linear in y; solve for the zero of the mean direction. ∎
    """

    source = Source("ji2021", "stocBiO with Q Neumann terms; the exact bias is ours")
    statement = "x∞ solves ϱ(x−r̄) + B̄ᵀ[I−(I−ηĀ)^Q]Ā⁻¹(K y*(x)−k) = 0"

    def bound(self, c: Constants, T: int) -> float:
        one = np.eye(c.lower_d)
        left = np.linalg.matrix_power(one - float(self.eta) * c.A_mean, self.Q)
        series = c.B_mean.T @ (one - left) @ np.linalg.inv(c.A_mean)
        J = np.linalg.solve(c.A_mean, c.B_mean)
        H = c.weight * np.eye(c.upper_d) + series @ c.K_mean @ J
        x = np.linalg.solve(H, c.weight * c.r_mean - series @ (c.K_mean @ c.y_free - c.k_mean))
        return float(np.sum((x - c.x_star) ** 2))


class StocBiOExact(AbstractNeumannBias):
    """FALSE AS TOLD: "stocBiO at constant steps converges to the solution for every fixed Q"."""

    source = Source("ji2021", "a folklore reading of stocBiO with a fixed number of terms")
    statement = "folklore: x∞ = x* for every fixed number Q of Neumann terms"
    tolerance = 1e-12

    def bound(self, c: Constants, T: int) -> float:
        return 0.0

    def scale(self, c: Constants, T: int) -> float:
        """The bias without any term, of which x∞ = r̄."""
        return float(np.sum((c.r_mean - c.x_star) ** 2))
