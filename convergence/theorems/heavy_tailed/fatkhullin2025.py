"""Fatkhullin, Hübler and Lan 2025: SGD without clipping does converge under heavy tails."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx

from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Improvable, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import number
from convergence.theorems.heavy_tailed.shared import BoundedGradient, PthMoment, tail


class AbstractSGDHoelder(AbstractTheorem):
    """Plain SGD under a p-th moment, at the step of `SGDHoelder`."""

    assumes = (Smooth(), PthMoment(), BoundedGradient(), Improvable())
    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=1.0)

    def C(self, c: Constants) -> float:
        """C."""
        p, sigma, kappa = tail(c)
        hoelder = c.L ** (p - 1) * (2 * c.G) ** (2 - p)
        return hoelder / p * (c.G**p + kappa * sigma**p)

    def gamma(self, c: Constants, T: int) -> float:
        """γ."""
        p = tail(c).p
        return float(self.scale) * (c.Delta / (T * self.C(c) * (p - 1))) ** (1 / p)

    def prescribe(self, c: Constants, T: int) -> ClippedSGD:
        return ClippedSGD(self.gamma(c, T), math.inf)

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def ceiling(self, c: Constants, T: int) -> float:
        return c.G**2


class SGDHoelder(AbstractSGDHoelder):
    """(1/T) Σ E‖∇f(w^t)‖² ≤ Δ/(γT) + Cγ^{p−1}, C = (L^{p−1}(2G)^{2−p}/p)(G^p + κσ^p), plain SGD.

    γ = (Δ/(TC(p−1)))^{1/p}: T^{−(p−1)/p}. Any γ > 0 will do.

    Proof. ‖∇f(x) − ∇f(y)‖ ≤ min{L‖x−y‖, 2G} ≤ L^{p−1}(2G)^{2−p}‖x−y‖^{p−1}, so f(w − γg) ≤
    f(w) − γ⟨∇f, g⟩ + (L^{p−1}(2G)^{2−p}/p)γ^p‖g‖^p, and E‖g‖^p ≤ ‖∇f‖^p + κσ^p. Telescope.
    """

    kind = Kind.EXPECTATION
    source = Source("fatkhullin2025", "SGD under Hölder gradients, the exponent; constants derived")
    provenance = Provenance.DERIVED
    statement = (
        "(1/T) Σ E‖∇f(w^t)‖² ≤ Δ/(γT) + Cγ^(p−1),  C = (L^(p−1)(2G)^(2−p)/p)(G^p+κσ^p),  SGD"
    )

    def bound(self, c: Constants, T: int) -> float:
        gamma = self.gamma(c, T)
        return c.Delta / (gamma * T) + self.C(c) * gamma ** (tail(c).p - 1)

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2
