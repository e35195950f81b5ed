"""Nesterov's momentum with a constant β on quadratics, at the points that torch and optax keep."""

from __future__ import annotations

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import heavy_ball, nesterov
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.classical.lessard2016 import ROUNDING, PolyakQuadratic
from convergence.theorems.domains import CODE


class AbstractNesterov(AbstractTheorem):
    """f(y_T) − f* of Nesterov's momentum, η = 1/L, β = (1 − q)/(1 + q), q = √(μ/L); y the points
    where gradients are asked."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    domain = {"code": CODE}

    code: str = "own"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        q = (c.mu / c.L) ** 0.5
        return nesterov(1 / c.L, (1 - q) / (1 + q), self.code)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()


class NesterovQuadratic(AbstractNesterov):
    """On quadratics f(y_T) − f* ≤ (1 − q)^{2T} (1 + (1−p)T)² Δ for Nesterov's momentum, q =
    √(μ/L), η = 1/L, β = (1 − q)/(1 + q), p = 1/(1 + q); y the points where gradients are asked.

    Proof. Along an eigenvector of curvature λ let s = λ/L ∈ [q², 1] and u² = p²(1 − s)/β ∈ [0, 1].
    y_{t+1} = (1 + β)(1−s)y_t − β(1−s)y_{t−1} has the roots (1−q)u e^{±iφ}, cos φ = u, and from y_0,
    y_1 = ((1+β)(1−s) − β)y_0 it follows y_t = (1−q)^t [V_t − pV_{t−1}] y_0, V_t = u^t sin((t+1)φ)/
    sin φ. Since V_t = Σ_{k≤t} u^k cos kφ, the bracket is u^t cos tφ + (1−p)V_{t−1}, of modulus at
    most 1 + (1−p)t, and this at u = 1, λ = μ. Sum over the eigenvectors with weights λ/2. ∎
    Attained by (μ/2)x² with L > μ certified.
    """

    source = Source("lessard2016", "Section 4.5, Nesterov's method on quadratics; constant derived")
    statement = "f(y_T) − f* ≤ (1−q)^{2T} (1+(1−p)T)² Δ,  Nesterov's momentum on quadratics"
    assumes = (Smooth(), NoNoise(), Is("quadratic"), Has("mu", 1e-12))

    def bound(self, c: Constants, T: int) -> float:
        q = (c.mu / c.L) ** 0.5
        return float(c.Delta * (((1 - q) ** T * (1 + q / (1 + q) * T)) ** 2 + ROUNDING))

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)


class PolyakShipped(PolyakQuadratic):
    """`PolyakQuadratic`, on a library's heavy ball: f(x_T) − f* ≤ (L/2)[(1 + (1 + ρ)T) ρ^T R]² on
    quadratics.

    Proof. v ← βv + g, x ← x − ηv is x_{t+1} = x_t − ηg_t + β(x_t − x_{t−1}), x_{−1} = x_0. ∎
    """

    domain = {"code": CODE}

    code: str = "optax"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        rho = (c.L**0.5 - c.mu**0.5) / (c.L**0.5 + c.mu**0.5)
        return heavy_ball(4 / (c.L**0.5 + c.mu**0.5) ** 2, rho**2, self.code)
