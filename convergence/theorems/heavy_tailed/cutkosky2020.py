"""Cutkosky and Mehta 2020, 2021: momentum with normalization, and implicit gradient transport."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx

from convergence.algorithms.heavy_tailed.nigt import NIGT
from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.constants import Constants
from convergence.theorems.assumptions import FiniteVariance, Has, Improvable, Smooth
from convergence.theorems.base import Provenance, Source
from convergence.theorems.domains import number, one_of
from convergence.theorems.heavy_tailed.shared import (
    PRESCRIBED,
    AbstractNormalized,
    PthMoment,
    clipped_noise,
    noise_floor,
    noiseless_step,
    remains,
    tail,
)


class MomentumFiniteVariance(AbstractNormalized):
    """E Y_T ≤ 29√(LΔ/T) + 21√σ(LΔ/T)^{1/4} + 8σ²/√(LΔT), p = 2.

    α = min{√(LΔ)/(σ√T), 1}, γ = √(Δα/(LT)). The constants are recalled, not checked against the
    paper.

    Proof. The bound of `sun2025.NSGDMomentum` is less. For α < 1 each of Δ/(γT), Lγ/α and σ√α is
    √σ(LΔ/T)^{1/4}, and they stand there once, twice and twice, Lγ/2 ≤ 2Lγ being taken off; the
    start leaves 2σ/(αT) = 2σ²/√(LΔT). At α = 1, where σ ≤ √(LΔ/T), it is 3.5√(LΔ/T). ∎
    """

    source = Source("cutkosky2020", "Theorem 1, constants recalled")
    provenance = Provenance.DERIVED
    statement = (
        "E Y_T ≤ 29√(LΔ/T) + 21√σ(LΔ/T)^(1/4) + 8σ²/√(LΔT),  "
        "α = min{√(LΔ)/(σ√T), 1}, γ = √(Δα/(LT)),  NSGD-M, p = 2"
    )
    assumes = (Smooth(), FiniteVariance(), Improvable())
    domain = {"scale": number("[1, 1]"), "alpha": PRESCRIBED}

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        noise = float(c.sigma) * math.sqrt(T)
        alpha = min(1.0, math.sqrt(c.L * c.Delta) / noise) if noise > 0 else 1.0
        return alpha, math.sqrt(c.Delta * alpha / (c.L * T))

    def prescribe(self, c: Constants, T: int) -> NSGDM:
        alpha, gamma = self.pair(c, T)
        return NSGDM(gamma, alpha)

    def bound(self, c: Constants, T: int) -> float:
        root = c.L * c.Delta / T
        start = 8 * c.sigma**2 / math.sqrt(c.L * c.Delta * T)
        return 29 * math.sqrt(root) + 21 * math.sqrt(c.sigma) * root**0.25 + start


class GradientTransport(AbstractNormalized):
    """E Y_T ≤ Δ/(γT) + Lγ/2 + ργ²θ/α² + 2σ(1−θ^T)/(αT) + 2c_pσα(1−θ^p)^{−1/p}, ∇²f ρ-Lipschitz.

    α = min{1, Q^{p/(5p−3)}}, at least 1/T, Q = ρΔ²/(σ³T²); γ = min{(Δα²/(2ρT))^{1/3}, √(2Δ/(LT))},
    and √(2Δ/(LT)) at α = 1.

    Proof. Expand at w^t: with v^t − w^t = (θ/α)(w^t − w^{t−1}) the Hessian terms
    θ∇²f(w^{t−1} − w^t) + α(θ/α)∇²f(w^t − w^{t−1}) cancel, and the remainders are at most
    (ργ²/2)(θ + θ²/α) = ργ²θ/(2α); unroll and insert in the descent inequality. With `clipped`,
    h = max{σα^{−1/p}, 2(‖∇f(w⁰)‖ + Lγ(T−1+θ/α))} (or 2G) and the noise terms of NSGDC.
    """

    source = Source("cutkosky2020", "NIGT; heavy-tailed exponent as in cutkosky2021, derived")
    statement = "E Y_T ≤ Δ/(γT) + Lγ/2 + ργ²θ/α² + 2σ(1−θ^T)/(αT) + 2c_pσα(1−θ^p)^(−1/p),  NIGT"
    assumes = (Smooth(), PthMoment(), Improvable(), Has("rho", 0.0))
    domain = {"clipped": one_of(True, False)}

    clipped: bool = eqx.field(static=True, default=False)

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        p, sigma, _ = tail(c)
        Q = c.rho * c.Delta**2 / (sigma**3 * T**2) if sigma > 0 else math.inf
        alpha = min(1.0, max(Q ** (p / (5 * p - 3)), 1 / T))
        longest = noiseless_step(c, T)
        if alpha == 1 or c.rho == 0:
            return alpha, longest
        return alpha, min((c.Delta * alpha**2 / (2 * c.rho * T)) ** (1 / 3), longest)

    def level(self, c: Constants, T: int) -> float:
        """h."""
        if not self.clipped:
            return math.inf
        t, (alpha, gamma) = tail(c), self.pair(c, T)
        steep = c.grad0 + c.L * gamma * (T - 1 + (1 - alpha) / alpha)
        steep = min(steep, c.G) if "G" in c else steep
        return max(t.sigma * alpha ** (-1 / t.p), 2 * steep)

    def prescribe(self, c: Constants, T: int) -> Any:
        alpha, gamma = self.pair(c, T)
        return NIGT(gamma, alpha, self.level(c, T))

    def bound(self, c: Constants, T: int) -> float:
        t, (alpha, gamma) = tail(c), self.pair(c, T)
        if alpha >= 1 and not self.clipped:
            return self.walk(c, T) + 2 * t.sigma
        noise = clipped_noise(t, alpha, self.level(c, T)) if self.clipped else noise_floor(t, alpha)
        bend = c.rho * gamma**2 * (1 - alpha) / alpha**2
        return self.walk(c, T) + bend + 2 * t.sigma * remains(alpha, T) + 2 * noise
