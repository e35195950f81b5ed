"""Coordinate descent on smooth, strongly convex functions: greedy and at random."""

from __future__ import annotations

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.coordinates import GreedyCoordinate, RandomCoordinate
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Has, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.classical.lessard2016 import ROUNDING


class AbstractCoordinate(AbstractTheorem):
    """f(x_T) − f* ≤ (1 − μ/(dL))^T Δ, on every run or on average."""

    provenance = Provenance.DERIVED
    assumes = (Smooth(), NoNoise(), Has("mu", 0.0), Has("f_star"))

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return float(c.Delta * ((1 - c.mu / (c.d * c.L)) ** T + ROUNDING))

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)


class GreedyCoordinateDescent(AbstractCoordinate):
    """f(x_T) − f* ≤ (1 − μ/(dL))^T Δ for L-smooth f with f − (μ/2)‖·‖² convex, the steepest
    coordinate with η = 1/L.

    Proof. A step gains g_i²/(2L) ≥ ‖g‖²/(2dL) ≥ μ(f − f*)/(dL). ∎ On ½‖x‖² with d equal entries
    the first step gains just that.
    """

    kind = Kind.PATHWISE
    source = Source("nutini2015", "Section 3, the Gauss–Southwell rule; proof textbook")
    statement = "f(x_T) − f* ≤ (1 − μ/(dL))^T Δ,  greedy coordinate descent, η = 1/L"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return GreedyCoordinate(1 / c.L)


class RandomCoordinateDescent(AbstractCoordinate):
    """E f(x_T) − f* ≤ (1 − μ/(dL))^T Δ for L-smooth f with f − (μ/2)‖·‖² convex, a uniform
    coordinate with η = 1/L.

    Proof. A step gains E g_i²/(2L) = ‖g‖²/(2dL) ≥ μ(f − f*)/(dL). ∎ With equality on (L/2)‖x‖².
    """

    kind = Kind.EXPECTATION
    source = Source("nesterov2012", "Theorem 2, equal constants; proof textbook")
    statement = "E f(x_T) − f* ≤ (1 − μ/(dL))^T Δ,  random coordinate descent, η = 1/L"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return RandomCoordinate(1 / c.L)

    def ceiling(self, c: Constants, T: int) -> float:
        """Values never rise."""
        return float(c.Delta)
