"""Sun, Liu and Yuan 2025: normalization alone, with momentum, and with clipping before it.

The paper's exponents; every constant here is derived. q = LΔ/(σ²T) decides the regime: the switch
α = 1 at q ≥ 1 is the indicator 1[σ²T ≥ LΔ] of the paper's clip level.
"""

from __future__ import annotations

import math

from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.algorithms.heavy_tailed.nsgd_clip import NSGDC
from convergence.constants import Constants
from convergence.theorems.base import Source
from convergence.theorems.domains import number
from convergence.theorems.heavy_tailed.shared import (
    PRESCRIBED,
    AbstractNormalized,
    clipped_noise,
    noise_floor,
    noiseless_step,
    remains,
    tail,
)


def schedule(c: Constants, T: int) -> tuple[float, float]:
    """α = min{1, q^{p/(3p−2)}}, γ = √(Δα/(2LT)), or √(2Δ/(LT)) at α = 1; q = LΔ/(σ²T)."""
    p, sigma, _ = tail(c)
    q = c.L * c.Delta / (sigma**2 * T) if sigma > 0 else math.inf
    alpha = min(1.0, q ** (p / (3 * p - 2)))
    if alpha == 1:
        return 1.0, noiseless_step(c, T)
    return alpha, math.sqrt(c.Delta * alpha / (2 * c.L * T))


class AbstractNSGDMomentum(AbstractNormalized):
    """NSGD-M with the α and γ of `schedule`."""

    source = Source("sun2025", "NSGD with momentum, the exponents; constants derived")

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        return schedule(c, T)

    def prescribe(self, c: Constants, T: int) -> NSGDM:
        alpha, gamma = self.pair(c, T)
        return NSGDM(gamma, alpha)

    def drift(self, c: Constants, T: int) -> float:
        """2Lγθ/α."""
        alpha, gamma = self.pair(c, T)
        return 2 * c.L * gamma * (1 - alpha) / alpha


class NSGDMomentum(AbstractNSGDMomentum):
    """E Y_T ≤ Δ/(γT) + Lγ/2 + 2Lγθ/α + 2σ(1−θ^T)/(αT) + 2c_pσα(1−θ^p)^{−1/p}.

    Proof. m⁰ = g⁰ and e^t = θe^{t−1} + θ(∇f(w^{t−1}) − ∇f(w^t)) + αξ^t. Unrolled: θ^t ξ⁰, a
    drift of at most Lγ Σ θ^j ≤ Lγθ/α, and α Σ θ^{t−s} ξ^s, at most c_pσα(1−θ^p)^{−1/p} by the
    moment lemma. Insert in the descent inequality. At α = 1, e^t = ξ^t: 2σ in place of all the
    noise. No individual smoothness is used.
    """

    statement = "E Y_T ≤ Δ/(γT) + Lγ/2 + 2Lγθ/α + 2σ(1−θ^T)/(αT) + 2c_pσα(1−θ^p)^(−1/p),  NSGD-M"

    def bound(self, c: Constants, T: int) -> float:
        t, (alpha, _) = tail(c), self.pair(c, T)
        if alpha >= 1:
            return self.walk(c, T) + 2 * t.sigma
        initial = 2 * t.sigma * remains(alpha, T)
        return self.walk(c, T) + self.drift(c, T) + initial + 2 * noise_floor(t, alpha)


class NSGDMomentumExact(NSGDMomentum):
    """E Y_T ≤ Δ/(γT) + Lγ/2
    + (2/T) Σ_t {Lγ(θ−θ^{t+1})/α + σ[θ^{pt} + κα^p(1−θ^{pt})/(1−θ^p)]^{1/p}}.

    The same proof without summing geometric series beyond t; (αθ^{t−s}) and θ^t share one moment
    inequality. At α = 1 the bracket is 1.
    """

    statement = (
        "E Y_T ≤ Δ/(γT) + Lγ/2 + (2/T) Σ_t {Lγ(θ−θ^(t+1))/α "
        "+ σ[θ^(pt) + κα^p(1−θ^(pt))/(1−θ^p)]^(1/p)},  NSGD-M"
    )

    def bound(self, c: Constants, T: int) -> float:
        import numpy as np

        t, (alpha, gamma) = tail(c), self.pair(c, T)
        if alpha >= 1:
            return self.walk(c, T) + 2 * t.sigma
        k = np.arange(T)
        log = math.log1p(-alpha)
        drift = c.L * gamma * (1 - alpha) * -np.expm1(k * log) / alpha
        old = np.exp(t.p * k * log)
        new = alpha**t.p * np.expm1(t.p * k * log) / math.expm1(t.p * log)
        noise = t.sigma * (old + t.kappa * new) ** (1 / t.p)
        return self.walk(c, T) + 2 * float(np.mean(drift + noise))


class NSGDMomentumRate(NSGDMomentum):
    """E Y_T ≤ (2√2+2c_p) σ^{p/(3p−2)}(LΔ/T)^{(p−1)/(3p−2)} + 2σq^{−p/(3p−2)}/T for q ≤ 1, else
    (2+√2)√(LΔ/T); with q = LΔ/(σ²T).

    The bound of `NSGDMomentum` at its own α and γ, with 1−θ^p ≥ α, θ ≤ 1 and, for q > 1, σ ≤
    √(LΔ/T). σ = 0 gives √(2LΔ/T) there. Only for the prescribed step: scale = 1.
    """

    domain = {"scale": number("[1, 1]"), "alpha": PRESCRIBED}

    statement = (
        "E Y_T ≤ (2√2+2c_p) σ^(p/(3p−2)) (LΔ/T)^((p−1)/(3p−2)) + 2σq^(−p/(3p−2))/T if "
        "q = LΔ/(σ²T) ≤ 1, else (2+√2)√(LΔ/T),  NSGD-M"
    )

    def bound(self, c: Constants, T: int) -> float:
        t, root = tail(c), c.L * c.Delta / T
        if t.sigma == 0:
            return math.sqrt(2 * root)
        q = root / t.sigma**2
        if q > 1:
            return (2 + math.sqrt(2)) * math.sqrt(root)
        e = 3 * t.p - 2
        main = t.sigma ** (t.p / e) * root ** ((t.p - 1) / e)
        return (2 * math.sqrt(2) + 2 * t.c) * main + 2 * t.sigma * q ** (-t.p / e) / T


class NSGDClipped(AbstractNormalized):
    """E Y_T ≤ Δ/(γT) + Lγ/2 + 2Lγθ/α + 2σ(1−θ^T)/(αT)
    + 2√(αv_p/(2−α))h^{1−p/2}σ^{p/2} + 2b_pσ^ph^{1−p}

    for every h, fixed in advance, with h ≥ 2‖∇f(w^t)‖ on all paths; here h = max{σα^{−1/p},
    2(‖∇f(w⁰)‖ + Lγ(T−1))}, with G in place of the sum where it is smaller.

    Proof. As `NSGDMomentum` with clipped samples: their bias is at most b_pσ^ph^{1−p}, their
    centered parts are orthogonal with variance v_ph^{2−p}σ^p (Lemma `Clipping`), α²/(1−θ²) =
    α/(2−α), and E‖clip_h(g⁰) − ∇f(w⁰)‖ ≤ σ, for clipping is a projection that fixes ∇f(w⁰).
    """

    source = Source("sun2025", "NSGDC, the exponents; constants derived")
    statement = (
        "E Y_T ≤ Δ/(γT) + Lγ/2 + 2Lγθ/α + 2σ(1−θ^T)/(αT) + 2√(αv_p/(2−α))h^(1−p/2)σ^(p/2) "
        "+ 2b_pσ^p h^(1−p),  NSGDC"
    )

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        return schedule(c, T)

    def level(self, c: Constants, T: int) -> float:
        """The clip level h."""
        t, (alpha, gamma) = tail(c), self.pair(c, T)
        steep = c.grad0 + c.L * gamma * (T - 1)
        steep = min(steep, c.G) if "G" in c else steep
        return max(t.sigma * alpha ** (-1 / t.p), 2 * steep)

    def prescribe(self, c: Constants, T: int) -> NSGDC:
        alpha, gamma = self.pair(c, T)
        return NSGDC(gamma, alpha, self.level(c, T))

    def bound(self, c: Constants, T: int) -> float:
        t, (alpha, gamma) = tail(c), self.pair(c, T)
        drift = 2 * c.L * gamma * (1 - alpha) / alpha
        initial = 2 * t.sigma * remains(alpha, T)
        noise = 2 * clipped_noise(t, alpha, self.level(c, T))
        return self.walk(c, T) + drift + initial + noise


class NSGDClippedLevel(NSGDClipped):
    """The bound of `NSGDClipped` at
    h = 2(γLT^{2p/(3p−2)} max{1, σ^{3p/(3p−2)}1[σ²T ≥ LΔ]} + ‖∇f(w⁰)‖).

    This clip level is the paper's, as others quote it; it is not homogeneous in the units of σ.
    2p/(3p−2) ≥ 1 gives h ≥ 2(γLT + ‖∇f(w⁰)‖), all that the bound needs.
    """

    source = Source("sun2025", "Theorem 3, the clip level as quoted by others; bound derived")
    statement = (
        "the bound of NSGDC at h = 2(γLT^(2p/(3p−2)) max{1, σ^(3p/(3p−2)) 1[σ²T ≥ LΔ]} + ‖∇f(w⁰)‖)"
    )

    def level(self, c: Constants, T: int) -> float:
        (p, sigma, _), gamma = tail(c), self.gamma(c, T)
        e = 3 * p - 2
        noisy = sigma ** (3 * p / e) if sigma**2 * T >= c.L * c.Delta else 0.0
        return 2 * (gamma * c.L * T ** (2 * p / e) * max(1.0, noisy) + c.grad0)
