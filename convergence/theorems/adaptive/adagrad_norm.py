"""AdaGrad with one norm: from any start on smooth functions, and its regret on convex ones."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx

from convergence.algorithms.adaptive.norms import AdaGradNorm
from convergence.algorithms.base import AbstractAlgorithm
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.metrics.preconditioned import NormRegret
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import number


class AdaGradNormSmooth(AbstractTheorem):
    """Σ_{t<T} ‖∇f(x_t)‖² ≤ B² − b² for L-smooth f and AdaGrad with one norm from any b, η > 0,
    where B is the root of Ψ(B) = Δ on [max{b, ηL/2}, ∞), Ψ(B) = 2η(u − b) − η²L ln(u/b) +
    (B² − u²)(η/B − η²L/(2B²)), u = max{b, min{B, ηLB/(2B − ηL)}}.

    Proof. b_t counts the step's own gradient, so that f(x_t) − f(x_{t+1}) ≥ (b_t² − b_{t−1}²)
    φ(b_t²), φ(s) = η/√s − η²L/(2s), which rises up to s = η²L² and falls from there. Let B be the
    last b_t; where B > ηL, u_0 = ηLB/(2B − ηL) ≤ ηL has φ(u_0²) = φ(B²). Up to u² a sum of values
    at right ends is at least ∫φ, and beyond u² every value is at least φ(B²): Δ ≥ ∫_{b²}^{u²} φ +
    (B² − u²)φ(B²) = Ψ(B). Where B ≤ ηL the same holds with u = B. Ψ falls up to max{b, ηL/2}, where
    it is ≤ 0, and grows without end from there. ∎ No choice of b and η is wrong: where b ≪ ηL, f
    first rises, by at most η²L ln(ηL/(2b)). Nearly attained by (L/2)x² from ‖g‖² = η²L² − b², the
    start from which the first step ends at 0, for b near ηL.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("ward2019", "Theorem 2.2, any b_0 > 0; with this constant derived")
    statement = "Σ_{t<T} ‖∇f(x_t)‖² ≤ B² − b²,  Ψ(B) = Δ,  AdaGrad with one norm from any b > 0"
    assumes = (Smooth(), NoNoise())
    domain = {"eta": number("(0, inf)"), "b": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=1.0)
    b: Reals = eqx.field(converter=real, default=0.1)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AdaGradNorm(self.eta, self.b)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def fall(self, c: Constants, B: float) -> float:
        """Ψ(B)."""
        eta, b = float(self.eta), float(self.b)
        h = eta * c.L
        u = max(b, h * B / (2 * B - h) if h < B else B)
        rest = (B**2 - u**2) * (eta / B - eta * h / (2 * B**2))
        return 2 * eta * (u - b) - eta * h * math.log(u / b) + rest

    def bound(self, c: Constants, T: int) -> float:
        low = max(float(self.b), float(self.eta) * c.L / 2)
        high = 2 * low
        while self.fall(c, high) < c.Delta:
            high *= 2
        for _ in range(200):  # until no number lies between; `high` is kept on the safe side
            middle = (low + high) / 2
            low, high = (middle, high) if self.fall(c, middle) < c.Delta else (low, middle)
        return float((high - float(self.b)) * (high + float(self.b)) / T)

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2


class AdaGradNormRegret(AbstractTheorem):
    """Σ_{t<T} (f(x_t) − f*) ≤ (D²/(2η) + η)√(Σ_{t<T} ‖g_t‖²) − η‖g_0‖/2 for convex f and AdaGrad
    with one norm from b = 0, D = max_{t<T} ‖x_t − x*‖. Judged as the sum of ⟨g_t, x_t − x*⟩ over
    the right side, ≤ 1.

    Proof. With d_t = ‖x_t − x*‖, 2η⟨g_t, x_t − x*⟩ = b_t(d_t² − d_{t+1}²) + η²‖g_t‖²/b_t. By parts
    the first adds up to at most D² b_{T−1}, for b_t grows. The second is η²‖g_0‖ at t = 0, and
    (b_t² − b_{t−1}²)/b_t ≤ 2(b_t − b_{t−1}) later: 2b_{T−1} − ‖g_0‖ in all. ∎ Attained by G|x| from
    η with T = 1. The best η is D/√2: √2 D√(Σ‖g_t‖²).
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("streeter2010", "one rate for all entries, any η; with this constant derived")
    statement = "Σ (f(x_t) − f*) ≤ (D²/(2η) + η)√(Σ‖g_t‖²) − η‖g_0‖/2,  AdaGrad with one norm"
    assumes = (NoNoise(), Is("convex"), Has("R"))
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=1.0)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AdaGradNorm(self.eta)

    def metric(self, c: Constants, T: int) -> Any:
        return NormRegret(c.x_star, self.eta)

    def bound(self, c: Constants, T: int) -> float:
        return 1.0
