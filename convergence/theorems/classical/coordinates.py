"""Coordinate descent on smooth, strongly convex functions: greedy, at random, in turn."""

from __future__ import annotations

from typing import Any

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.coordinates import (
    CyclicCoordinate,
    GreedyCoordinate,
    RandomCoordinate,
)
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Has, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.classical.lessard2016 import ROUNDING
from convergence.theorems.conditions import Within


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


class CyclicCoordinateDescent(AbstractCoordinate):
    """f(x_{Kd}) − f* ≤ (1 − μ/(L(1 + √(d−1))²))^K Δ for L-smooth f with f − (μ/2)‖·‖² convex, all d
    coordinates in turn with η = 1/L, K times.

    Proof. Let g_i be the derivatives that a turn meets; it gains at least Σ g_i²/(2L). When the
    i-th is met, x has moved by √(Σ_{j<i} g_j²)/L, so that |∂_i f(x) − g_i| is at most this root and
    ‖∇f(x)‖ ≤ ‖g‖ + √(Σ_i Σ_{j<i} g_j²) ≤ (1 + √(d−1))‖g‖ at the x that the turn began at. So the
    gain is at least ‖∇f(x)‖²/(2L(1 + √(d−1))²) ≥ μ(f(x) − f*)/(L(1 + √(d−1))²). ∎ Of all f a turn
    of two blocks leaves at most (1 − μ/L)² (PEPit at μ/L = ¼), attained by a bowl along its slow
    axis: .6 of the bound at ¼, near 1 for μ ≪ L. No instance gains as little as is stated.
    """

    kind = Kind.PATHWISE
    source = Source("beck2013", "Section 3, cyclic blocks with one L; constants derived")
    statement = "f(x_{Kd}) − f* ≤ (1 − μ/(L(1+√(d−1))²))^K Δ,  cyclic coordinate descent, η = 1/L"

    @varies
    def assumes(self) -> Any:
        """Whole turns."""
        return (*AbstractCoordinate.assumes, Within("T mod d", self, "left", 0.0, 0.0))

    def left(self, c: Constants, T: int) -> float:
        """T mod d."""
        return float(T % int(c.d))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return CyclicCoordinate(1 / c.L)

    def bound(self, c: Constants, T: int) -> float:
        turn = 1 - c.mu / (c.L * (1 + (c.d - 1) ** 0.5) ** 2)
        return float(c.Delta * (turn ** (T // int(c.d)) + ROUNDING))
