"""Exact laws of plain methods on (L/2)‖x‖²: every coefficient of the recursion has its effect."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.sgd import MSGD, BatchSGD
from convergence.constants import Constants
from convergence.metrics.pointwise import GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import ExactVariance, Is
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import count, number
from convergence.theorems.shrinking import summed


class AbstractQuadraticLaw(AbstractTheorem):
    """E‖∇f(x_T)‖² of a method with the step η = scale/L."""

    kind = Kind.EXACT
    provenance = Provenance.DERIVED
    assumes = (Is("isotropic"), ExactVariance())
    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=0.3)

    def eta(self, c: Constants) -> float:
        """The step."""
        return float(self.scale) / c.L

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()


class BatchLaw(AbstractQuadraticLaw):
    """E‖∇f(x_T)‖² = q^T‖∇f(x_0)‖² + (ηL)²(σ²/B)(1 − q^T)/(1 − q), q = (1 − ηL)², for SGD with
    batches of B samples on (L/2)‖x‖².

    Proof. ∇f is multiplied by 1 − ηL and gets ηL times the mean of B independent samples.
    """

    source = Source("ghadimi2013", "the method with mini-batches; law derived")
    statement = "E‖∇f(x_T)‖² = q^T‖∇f(x_0)‖² + (ηL)²(σ²/B)(1−q^T)/(1−q),  q = (1−ηL)²"
    domain = {"B": count(), "scale": number("(0, 2)")}

    B: int = 3

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return BatchSGD(self.eta(c), self.B)

    def bound(self, c: Constants, T: int) -> float:
        a = float(self.scale)
        noise = a**2 * c.sigma**2 / self.B * summed(a * (2 - a), T)
        return float((1 - a) ** (2 * T) * c.grad0**2 + noise)


class MomentumLaw(AbstractQuadraticLaw):
    """E‖∇f(x_T)‖² = L²A_T for MSGD on (L/2)‖x‖². With A = E‖x‖², B = E⟨x, m⟩, C = E‖m‖², β = β₁:
    C′ = (1−β)²C + 2β(1−β)LB + β²(L²A + σ²), Y = (1−β)B + βLA, A′ = A − 2ηY + η²C′, B′ = Y − ηC′,
    from B = C = 0.

    Proof. m′ = (1−β)m + β(Lx + ξ) with a centered ξ independent of the past, and x′ = x − ηm′.
    """

    source = Source("he2025", "MSGD as in Algorithm 1 without a subspace; law derived")
    statement = "E‖∇f(x_T)‖² = L²A_T with the three-number recursion of (A, B, C),  MSGD"
    domain = {"beta1": number("(0, 1]")}

    beta1: Reals = eqx.field(converter=real, default=0.3)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return MSGD(self.eta(c), self.beta1)

    def bound(self, c: Constants, T: int) -> float:
        eta, b, L = self.eta(c), float(self.beta1), c.L
        A, B, C = (c.grad0 / L) ** 2, 0.0, 0.0
        for _ in range(T):
            C = (1 - b) ** 2 * C + 2 * b * (1 - b) * L * B + b**2 * (L**2 * A + c.sigma**2)
            Y = (1 - b) * B + b * L * A
            A, B = A - 2 * eta * Y + eta**2 * C, Y - eta * C
        return L**2 * A
