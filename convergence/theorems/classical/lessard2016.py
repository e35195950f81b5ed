"""Lessard, Recht and Packard 2016: Polyak's heavy ball beyond quadratics."""

from __future__ import annotations

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.accelerated import PolyakMomentum
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source

# Rounding of an iterate that has gone to 0: ‖x‖ is known to about 2⁻⁴⁰ of ‖x_0‖.
ROUNDING = 2.0**-80


def _root(c: Constants) -> float:
    """ρ = (√L − √μ)/(√L + √μ), the factor a step on quadratics."""
    return float((c.L**0.5 - c.mu**0.5) / (c.L**0.5 + c.mu**0.5))


def polyak(c: Constants) -> PolyakMomentum:
    """The heavy ball with η = 4/(√L + √μ)² and β = ρ², the best ones for quadratics."""
    return PolyakMomentum(4 / (c.L**0.5 + c.mu**0.5) ** 2, _root(c) ** 2)


class PolyakQuadratic(AbstractTheorem):
    """On quadratics f(x_T) − f* ≤ (L/2)[(1 + (1 + ρ)T) ρ^T R]² for Polyak's heavy ball, with
    ρ = (√L − √μ)/(√L + √μ), η = 4/(√L + √μ)² and β = ρ².

    Proof. Along an eigenvector of curvature λ ∈ [μ, L] the error obeys e_{t+1} = (1 + β − ηλ)e_t −
    βe_{t−1}, whose roots are ρ exp(±iθ), for (1 + β − ηλ)² ≤ 4β: it is linear in λ and ±2ρ at the
    ends. From e_{−1} = e_0 it follows e_t = ρ^t [cos tθ + (cos θ − ρ) sin tθ/sin θ] e_0, and
    |sin tθ| ≤ t |sin θ|. Sum the squares over the eigenvectors. ∎
    """

    kind = Kind.PATHWISE
    source = Source("lessard2016", "Section 4.6, the rate on quadratics; the constant derived")
    provenance = Provenance.DERIVED
    statement = "f(x_T) − f* ≤ (L/2)[(1 + (1+ρ)T) ρ^T R]²,  Polyak's heavy ball on quadratics"
    assumes = (Smooth(), NoNoise(), Is("quadratic"), Has("mu", 1e-12))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return polyak(c)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        rho = _root(c)
        return float(c.L * c.R**2 / 2 * (((1 + (1 + rho) * T) * rho**T) ** 2 + ROUNDING))

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)


class PolyakStronglyConvex(AbstractTheorem):
    """Polyak's heavy ball converges on smooth strongly convex functions: (1/T) Σ (f(x_t) − f*) =
    O(1/T), as it is wherever the sum of all f(x_t) − f* is finite.

    False: with L = 25μ a function of one variable, whose curvature takes the two values alone, has
    a cycle of three points that attracts (Lessard et al., Section 4.6); where μ/L ≤ 9 − 4√5 the
    plane has one that runs round a triangle (Goujaud, Taylor and Dieuleveut 2023).
    """

    kind = Kind.RATE
    source = Source("lessard2016", "Section 4.6, the counterexample")
    provenance = Provenance.RECALLED
    statement = "(1/T) Σ (f(x_t) − f*) = O(1/T),  Polyak's heavy ball, smooth strongly convex f"
    assumes = (Smooth(), NoNoise(), Is("convex"), Has("mu", 1e-12))

    def prescribe(self, c: Constants, T: int) -> PolyakMomentum:
        return polyak(c)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        return 1 / T

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)
