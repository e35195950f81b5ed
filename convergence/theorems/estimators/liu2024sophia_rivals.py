"""Liu, Li, Hall, Liang and Ma 2024 (arXiv 2305.14342): baselines of Sophia's simplified setting.

Newton's method, undamped and unclipped, and sign descent.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.estimators.sophia import SignGD, Sophia
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.domains import number
from convergence.theorems.estimators.liu2024sophia import AbstractSophia


class AbstractNewtonConverges(AbstractSophia):
    """Newton's method, undamped and unclipped (η = 1)."""

    source = Source("liu2024sophia", "Newton's method as a baseline")

    def prescribe(self, c: Constants, T: int) -> Sophia:
        return Sophia(1.0, 1e300)

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.Delta


class NewtonConverges(AbstractNewtonConverges):
    """f(θ_T) − f* ≤ Δ for undamped, unclipped Newton (η = 1): FALSE on log cosh from |θ| ≥ 1.0887,
    the root of sinh 2θ = 4θ, beyond which the iterates grow."""

    statement = "f(θ_T) − f* ≤ f(θ_0) − f* for Newton's method on convex functions (false)"


class Inside(AbstractAssumption):
    """log cosh along every axis of its Hessian, and |z_i|/s < 1.0887, the root of sinh 2u = 4u."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        # The certified radius is (s/2) ln 2 for log cosh.
        found = float(np.max(np.abs(c.z0)) / (2 * c.radius / math.log(2.0)))
        inside = found == 0 or (found < 2 and math.sinh(2 * found) < 4 * found)
        holds = getattr(problem, "shape", None) == "logcosh" and inside
        return Checked("a start inside", holds, found, "log cosh from |u| < 1.0887")


class NewtonInside(AbstractNewtonConverges):
    """f(θ_T) − f* ≤ Δ for Newton on log cosh from |u| < 1.0887, the root of sinh 2u = 4u.

    Proof. u⁺ = u − ½ sinh 2u, and |u⁺| < |u| if and only if sinh 2|u| < 4|u|, which then holds for
    u⁺ too: sinh(2u)/u is even and increasing in |u|. f increases in every |u_i|. ∎
    """

    @varies
    def assumes(self) -> Any:
        return (*NewtonConverges.assumes.fget(self), Inside())

    statement = "f(θ_T) − f* ≤ f(θ_0) − f* for Newton's method on log cosh from |u| < 1.0887"


class Alternates(AbstractAssumption):
    """Two coordinates, on the axes of the Hessian, from x_0 > 0 and y_0 = η/2."""

    theorem: Any

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        if len(c.z0) != 2 or c.turned or float(c.z0[0]) <= 0:
            return Checked("that start", False, None, "two coordinates on the axes, x_0 > 0")
        mu, beta = map(float, c.curvatures)
        half = self.theorem.eta(mu, beta, float(c.z0[0]), c.T) / 2
        # A few units of round-off: the floor is attained, and a start nearer to 0 is below it.
        holds = math.isclose(float(c.z0[1]), half, rel_tol=8e-15)
        return Checked("that start", holds, float(c.z0[1]), f"y_0 = η/2 = {half:g}")


class SignFloor(AbstractTheorem):
    """f(x_T) ≥ Δ/(1 + 4T²μ/β) for sign descent with any fixed η on ½(μx² + βy²) from x_0 =
    √(2Δ/μ), y_0 = η/2; equality for η = 4μTx_0/(4μT² + β) (scale = 1).

    Proof. y alternates between ±η/2, and x ≥ x_0 − Tη: f ≥ μ(x_0 − Tη)²/2 + βη²/8 as long as Tη ≤
    x_0, least at the given η; and for Tη > x_0 already βη²/8 > Δβ/(4μT²). So T ≥ ½√(β/μ)√(Δ/ε − 1):
    the condition number enters, as it does not for Sophia.
    """

    kind = Kind.PATHWISE
    source = Source("liu2024sophia", "lower bound for SignGD; derived for this start")
    provenance = Provenance.DERIVED
    statement = "f(x_T) ≥ Δ/(1 + 4T²μ/β) for sign descent; equality at the best η"
    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        return NoNoise(), Is("quadratic"), Alternates(self)

    def eta(self, mu: float, beta: float, x0: float, T: int) -> float:
        """scale · the best fixed step for T steps."""
        return float(self.scale) * 4 * mu * T * x0 / (4 * mu * T**2 + beta)

    def prescribe(self, c: Constants, T: int) -> SignGD:
        mu, beta = map(float, c.curvatures)
        return SignGD(self.eta(mu, beta, float(c.z0[0]), T))

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        mu, beta = float(c.curvatures[0]), float(c.curvatures[1])
        value = 0.5 * mu * float(c.z0[0]) ** 2 / (1 + 4 * T**2 * mu / beta)
        return value, value if float(self.scale) == 1 else float("inf")
