"""Ghadimi and Lan 2013 (arXiv 1309.5549), Section 3: zeroth-order SGD on smooth functions."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.metrics.travel import AverageStepSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    ExactVariance,
    FiniteVariance,
    Horizon,
    Improvable,
    Is,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Resolved
from convergence.theorems.domains import number, one_of

WIDTH = 1e-2  # of a central difference, which a quadratic does not see


class RSGF(AbstractTheorem):
    """(1/L) E‖∇f(x_R)‖² ≤ [D_f² + 2μ²(n+4)(1 + L(n+4)² Σ(γ/4 + Lγ²)) + 2(n+4)σ² Σγ²] /
    Σ[γ − 2L(n+4)γ²], D_f² = 2Δ/L, G = (F(x+μu) − F(x))u/μ, constant γ < 1/(2(n+4)L), R uniform
    on the N = T iterates.

    γ = (1/√(n+4)) min{1/(4L√(n+4)), D_f/(σ√N)} and μ = D_f/((n+4)√(2N)).

    Proof. With f_μ = E f(· + μu) and A = n(n+2)(n+4) = E‖u‖⁶: E G = ∇f_μ, E‖G‖² ≤ (n+2)(2‖∇f‖² +
    σ²) + (μ²L²/2)A, for one ξ serves both values, ‖∇f − ∇f_μ‖² ≤ (μ²L²/4)A and |f_μ − f| ≤ μ²Ln/2.
    The descent lemma of f_μ, where −‖∇f_μ‖² ≤ −½‖∇f‖² + ‖∇f − ∇f_μ‖², sums to (1/L) Σ (γ −
    2L(n+2)γ²) E‖∇f‖² ≤ D_f² + 2μ²n + N[μ²LAγ/2 + γ²(μ²L²A/2 + (n+2)σ²)], and A ≤ (n+4)³. ∎
    """

    kind = Kind.EXPECTATION
    source = Source("ghadimi2013", "Theorem 3.2 a), constant step; derived")
    provenance = Provenance.DERIVED
    statement = (
        "(1/L)E‖∇f(x_R)‖² ≤ [D_f² + 2μ²(n+4)(1+L(n+4)²Σ(γ/4+Lγ²)) + 2(n+4)σ²Σγ²]/Σ[γ−2L(n+4)γ²]"
    )

    @varies
    def assumes(self) -> Any:
        return (Smooth(), FiniteVariance(), Is("additive"), Improvable(), Resolved(self))

    def stride(self, c: Constants, T: int) -> float:
        """μ."""
        return self.sizes(c, T)[1]

    def sizes(self, c: Constants, T: int) -> tuple[float, float, float]:
        """(γ, μ, D_f)."""
        D_f, n = (2 * c.Delta / c.L) ** 0.5, c.d
        free = D_f / (c.sigma * T**0.5) if c.sigma > 0 else float("inf")
        gamma = min(1 / (4 * c.L * (n + 4) ** 0.5), free) / (n + 4) ** 0.5
        return gamma, D_f / ((n + 4) * (2 * T) ** 0.5), D_f

    def prescribe(self, c: Constants, T: int) -> ZOSGD:
        gamma, mu, _ = self.sizes(c, T)
        return ZOSGD(gamma, mu, slope="forward")

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        gamma, mu, D_f = self.sizes(c, T)
        n4, L = c.d + 4, c.L
        smoothing = 2 * mu**2 * n4 * (1 + L * n4**2 * T * (gamma / 4 + L * gamma**2))
        top = D_f**2 + smoothing + 2 * n4 * c.sigma**2 * T * gamma**2
        return L * top / (T * (gamma - 2 * L * n4 * gamma**2))

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2


class RSGFTuned(RSGF):
    """(1/L) E‖∇f(x_R)‖² ≤ 12(n+4)L D_f²/N + (4σ√(n+4)/√N)(D̃ + D_f²/D̃) at D̃ = D_f, with the γ and
    μ of `RSGF`.

    Proof. 2L(n+4)γ ≤ ½ halves the denominator, and 1/γ ≤ 4L(n+4) + σ√(N(n+4))/D_f: the terms of
    `RSGF` with σ are at most (6 + 2/((n+4)N))σD_f√(n+4)/√N, the others (8.6(n+4) + 8/N)LD_f²/N. ∎
    """

    source = Source("ghadimi2013", "Corollary 3.3, from memory; derived")
    statement = "(1/L)E‖∇f(x_R)‖² ≤ 12(n+4)L D_f²/N + 8σD_f√(n+4)/√N"

    def bound(self, c: Constants, T: int) -> float:
        _, _, D_f = self.sizes(c, T)
        n4 = c.d + 4
        noise = 8 * c.sigma * n4**0.5 * D_f / T**0.5
        return c.L * (12 * n4 * c.L * D_f**2 / T + noise)


class TwoSidedSharp(AbstractTheorem):
    """(1/T) Σ_{t<T} E‖∇f(x_t)‖² ≤ Δ/(γ(1 − a/2)T) + aσ²/(2 − a), a = γL(d+2) < 2, for the slope's
    limit μ → 0 (and any μ if F is quadratic).

    Proof. ĝ = ⟨g, u⟩u has E ĝ = ∇f and E‖ĝ‖² = (d+2)E‖g‖² ≤ (d+2)(‖∇f‖² + σ²); then as for SGD
    with L(d+2) for L in the second-order term. On (L/2)‖x‖² only f(x_T) ≥ f* is not an equality.

    γ = scale · min{1/(L(d+2)), √(2Δ/(L(d+2)σ²T))}.
    """

    kind = Kind.EXPECTATION
    source = Source("ghadimi2013", "Section 3's method with two-sided differences, derived")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ E‖∇f(x_t)‖² ≤ Δ/(γ(1−a/2)T) + aσ²/(2−a),  a = γL(d+2)"
    domain = {"scale": number("(0, 2)"), "slope": one_of("central", "limit")}

    scale: Reals = eqx.field(converter=real, default=1.0)
    slope: str = eqx.field(static=True, default="central")

    @varies
    def assumes(self) -> Any:
        known = Smooth(), FiniteVariance(), Is("quadratic"), Is("additive"), Improvable()
        return (*known, Resolved(self))

    def stride(self, c: Constants, T: int) -> float:
        """μ, which the limit does not have."""
        return WIDTH if self.slope == "central" else float("inf")

    def gamma(self, c: Constants, T: int) -> float:
        """The step."""
        noise = c.L * (c.d + 2) * c.sigma**2 * T
        tuned = (2 * c.Delta / noise) ** 0.5 if noise > 0 else float("inf")
        return float(self.scale) * min(1 / (c.L * (c.d + 2)), tuned)

    def prescribe(self, c: Constants, T: int) -> ZOSGD:
        return ZOSGD(self.gamma(c, T), WIDTH, slope=self.slope)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        gamma = self.gamma(c, T)
        a = gamma * c.L * (c.d + 2)
        return c.Delta / (gamma * (1 - a / 2) * T) + a * c.sigma**2 / (2 - a)

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2


class GaussianMoment(AbstractTheorem):
    """E‖⟨g, u⟩u‖² = (d + 2)(‖∇f(x_0)‖² + σ²) for u ~ N(0, I) and F quadratic: MeZO's estimator."""

    kind = Kind.EXACT
    source = Source("malladi2023", "the two-sided Gaussian estimator, derived")
    provenance = Provenance.DERIVED
    statement = "E‖ĝ‖² = (d+2)(‖∇f‖² + σ²)"
    domain = {"slope": one_of("central", "limit")}

    slope: str = eqx.field(static=True, default="central")

    @varies
    def assumes(self) -> Any:
        return Is("quadratic"), Is("additive"), ExactVariance(), Horizon(1), Resolved(self)

    def stride(self, c: Constants, T: int) -> float:
        """μ, which the limit does not have."""
        return WIDTH if self.slope == "central" else float("inf")

    def prescribe(self, c: Constants, T: int) -> ZOSGD:
        return ZOSGD(1.0, WIDTH, slope=self.slope)

    def metric(self, c: Constants, T: int) -> AverageStepSq:
        return AverageStepSq(1.0)

    def light_tailed(self, c: Constants, T: int) -> bool:
        """One step: a polynomial of degree 8 in normals at most, and bounded factors. By
        hypercontractivity E M⁴ ≤ 9⁸ (E M²)²: no rare run carries a moment."""
        return T == 1 and bool(c.get("light_tailed"))

    def bound(self, c: Constants, T: int) -> float:
        return (c.d + 2) * (c.grad0**2 + c.sigma**2)
