"""Nesterov and Spokoiny 2017: random gradient-free minimization of smooth convex functions."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.zo_sgd import ZOSGD
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap
from convergence.shapes import real
from convergence.theorems.assumptions import Has, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class GradientFreeConvex(AbstractTheorem):
    """(1/(N+1)) Σ_{k≤N} (E f(x_k) − f*) ≤ 4(n+4)LR²/(N+1) + 9μ²(n+4)²L/25 for f convex, forward
    differences of width μ along N(0, I), step h = 1/(4(n+4)L), R = ‖x_0 − x*‖; T = N + 1.

    Read in a machine-checked formalization of the paper, not in the paper itself.
    """

    kind = Kind.EXPECTATION
    source = Source("nesterov2017", "Theorem 8")
    provenance = Provenance.RECALLED
    statement = "(1/(N+1)) Σ_{k≤N} (E f(x_k) − f*) ≤ 4(n+4)LR²/(N+1) + 9μ²(n+4)²L/25"
    assumes = (Smooth(), NoNoise(), Has("mu", 0.0))

    width: Any = eqx.field(converter=real, default=1e-3)

    def prescribe(self, c: Constants, T: int) -> ZOSGD:
        return ZOSGD(1 / (4 * (c.d + 4) * c.L), self.width, slope="forward")

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        n, mu = c.d, float(self.width)
        return 4 * (n + 4) * c.L * c.R**2 / T + 9 * mu**2 * (n + 4) ** 2 * c.L / 25

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.Delta


class GradientFreeStrong(GradientFreeConvex):
    """E f(x_N) − f* ≤ (L/2)[δ + (1 − τ/(8(n+4)L))^N (R² − δ)], δ = 18μ²(n+4)²L/(25τ), for f
    τ-strongly convex; differences, step and R as in the convex case.

    Read in a machine-checked formalization of the paper, not in the paper itself.
    """

    source = Source("nesterov2017", "Theorem 8, strongly convex case")
    statement = "E f(x_N) − f* ≤ (L/2)[δ + (1 − τ/(8(n+4)L))^N (R² − δ)]"
    assumes = (Smooth(), NoNoise(), Has("mu", 1e-12))

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        n, mu = c.d, float(self.width)
        delta = 18 * mu**2 * (n + 4) ** 2 * c.L / (25 * c.mu)
        rate = 1 - c.mu / (8 * (n + 4) * c.L)
        return 0.5 * c.L * (delta + rate**T * (c.R**2 - delta))
