"""Liu, Zhang and Zhou 2023: normalized STORM under heavy tails, with two schedules.

The samples F(·; ξ) are smooth in mean square, E‖∇F(w;ξ) − ∇F(v;ξ)‖² ≤ L̄²‖w−v‖², or in p-th mean
(`StormMoment`); L̄ ≥ L. q = L̄Δ/(σ²T); q > 1 or σ = 0 switches to α = 1 and γ = √(2Δ/(LT)).
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx

from convergence.algorithms.heavy_tailed.storm import STORM
from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.theorems.assumptions import AbstractAssumption, Checked, Improvable, Smooth
from convergence.theorems.base import Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import one_of
from convergence.theorems.heavy_tailed.shared import (
    AbstractNormalized,
    PthMoment,
    clipped_noise,
    noise_floor,
    noiseless_step,
    remains,
    tail,
)


class MovingNoise(AbstractAssumption):
    """E‖ξ(w) − ξ(v)‖^r ≤ ℓ^r‖w − v‖^r, r = 2 or p: additive noise (ℓ = 0) or a certified ℓ."""

    name: str = eqx.field(static=True, default="noise_lipschitz")

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        order = "p-th mean" if self.name.endswith("_p") else "mean square"
        title = f"samples smooth in {order}"
        if self.name in c:
            return Checked(title, True, float(c[self.name]), "certified by the noise")
        if c.get("additive"):
            return Checked(title, True, 0.0, "additive noise does not move with w")
        detail = f"the noise moves with w and vouches for no Lipschitz constant in {order}"
        return Checked(title, False, None, detail)


class AbstractStorm(AbstractNormalized):
    """E Y_T ≤ Δ/(γT) + Lγ/2 + 2σ₀(1−θ^T)/(αT) + 2c_pσα(1−θ^p)^{−1/p} + 2L̄γθ/√(1−θ²),

    σ₀ = c_pσB₀^{−(p−1)/p} (σ at B₀ = 1); at α = 1 the last three are 2σ.

    Proof. e^t = θe^{t−1} + αξ^t(w^t) + θD_t with D_t = ξ^t(w^t) − ξ^t(w^{t−1}), mean zero given the
    past and E‖D_t‖² ≤ L̄²γ²: their weighted sum is at most L̄γθ(1−θ²)^{−1/2} by orthogonality. The
    other two as in NSGD-M. Insert in the descent inequality.
    With `clipped`, h = max{σα^{−1/p}, 2(‖∇f(w⁰)‖+Lγ(T−1))} (or 2G) and the noise terms of NSGDC.
    """

    assumes = (Smooth(), PthMoment(), Improvable(), MovingNoise())
    domain = {"clipped": one_of(True, False)}

    clipped: bool = eqx.field(static=True, default=False)

    def average(self, c: Constants) -> float:
        """L̄."""
        return c.L + (float(c["noise_lipschitz"]) if "noise_lipschitz" in c else 0.0)

    def moved(self, c: Constants, T: int) -> float:
        """L̄γθ/√(1−θ²), what the samples lose by moving with the iterate."""
        alpha, gamma = self.pair(c, T)
        # 1 − θ² = α(2 − α), without cancellation.
        return self.average(c) * gamma * (1 - alpha) / math.sqrt(alpha * (2 - alpha))

    def ratio(self, c: Constants, T: int) -> float:
        """q = L̄Δ/(σ²T)."""
        sigma = tail(c).sigma
        return self.average(c) * c.Delta / (sigma**2 * T) if sigma > 0 else math.inf

    def first(self, c: Constants, T: int) -> int:
        """B₀."""
        return 1

    def level(self, c: Constants, T: int) -> float:
        """h."""
        if not self.clipped:
            return math.inf
        t, (alpha, gamma) = tail(c), self.pair(c, T)
        steep = c.grad0 + c.L * gamma * (T - 1)
        steep = min(steep, c.G) if "G" in c else steep
        return max(t.sigma * alpha ** (-1 / t.p), 2 * steep)

    def prescribe(self, c: Constants, T: int) -> Any:
        alpha, gamma = self.pair(c, T)
        return STORM(gamma, alpha, self.first(c, T), self.level(c, T))

    def bound(self, c: Constants, T: int) -> float:
        t, (alpha, _) = tail(c), self.pair(c, T)
        B0 = self.first(c, T)
        start = t.sigma * (t.c * B0 ** (-(t.p - 1) / t.p) if B0 > 1 else 1.0)
        if alpha >= 1 and not self.clipped:
            return self.walk(c, T) + 2 * t.sigma
        h = self.level(c, T)
        noise = clipped_noise(t, alpha, h) if self.clipped else noise_floor(t, alpha)
        return self.walk(c, T) + 2 * (start * remains(alpha, T) + noise + self.moved(c, T))


class StormA(AbstractStorm):
    """The bound above at α = min{1, q^{p/(2p−1)}}, γ = √(Δα^{1/p}/(2L̄T)), B₀ = 1:
    T^{−(p−1)/(2p−1)}."""

    source = Source("liu2023", "the exponent (p−1)/(2p−1); constants derived")
    statement = (
        "E Y_T ≤ Δ/(γT) + Lγ/2 + 2σ(1−θ^T)/(αT) + 2c_pσα(1−θ^p)^(−1/p) + 2L̄γθ/√(1−θ²),  "
        "α = q^(p/(2p−1)), γ = √(Δα^(1/p)/(2L̄T)),  NSGD-VR"
    )

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        p = tail(c).p
        alpha = min(1.0, self.ratio(c, T) ** (p / (2 * p - 1)))
        if alpha == 1:
            return 1.0, noiseless_step(c, T)
        return alpha, math.sqrt(c.Delta * alpha ** (1 / p) / (2 * self.average(c) * T))


class StormMoment(StormA):
    """E Y_T ≤ Δ/(γT) + Lγ/2 + 2σ(1−θ^T)/(αT) + 2c_pσα(1−θ^p)^{−1/p} + 4cL̄γθ(1−θ^p)^{−1/p} under
    E‖∇F(w;ξ) − ∇F(v;ξ)‖^p ≤ L̄^p‖w−v‖^p alone; c = 2^{(2−p)/p}, α, γ of schedule A.

    Proof. As above, but D_t need not have a second moment: E‖D_t‖^p ≤ (2L̄γ)^p by Minkowski, and the
    moment lemma takes the place of orthogonality.
    """

    source = Source("liu2023", "samples smooth in p-th mean only; constants derived")
    statement = (
        "E Y_T ≤ Δ/(γT) + Lγ/2 + 2σ(1−θ^T)/(αT) + (2c_pσα + 4cL̄γθ)(1−θ^p)^(−1/p),  "
        "α = q^(p/(2p−1)), γ = √(Δα^(1/p)/(2L̄T)),  NSGD-VR, samples smooth in p-th mean"
    )
    assumes = (Smooth(), PthMoment(), Improvable(), MovingNoise("noise_lipschitz_p"))

    def average(self, c: Constants) -> float:
        return c.L + (float(c["noise_lipschitz_p"]) if "noise_lipschitz_p" in c else 0.0)

    def moved(self, c: Constants, T: int) -> float:
        """2cL̄γθ(1−θ^p)^{−1/p}."""
        p, (alpha, gamma) = tail(c).p, self.pair(c, T)
        if alpha >= 1:
            return 0.0
        spread = (-math.expm1(p * math.log1p(-alpha))) ** (-1 / p)
        return 2 ** (2 / p) * self.average(c) * gamma * (1 - alpha) * spread


class StormB(AbstractStorm):
    """The bound above at α = min{1, q^{2p/(5p−4)}}, γ = √(Δ√α/(2L̄T)), B₀ = ⌈1/α⌉:
    T^{−2(p−1)/(5p−4)} in steps.

    An initial batch is needed for every p < 2: with B₀ = 1 the term 2σ/(αT) = T^{−(3p−4)/(5p−4)}
    dominates.
    """

    source = Source("liu2023", "mean-square smoothness used to the full; derived")
    statement = (
        "E Y_T ≤ Δ/(γT) + Lγ/2 + 2σ₀(1−θ^T)/(αT) + 2c_pσα(1−θ^p)^(−1/p) + 2L̄γθ/√(1−θ²),  "
        "α = q^(2p/(5p−4)), γ = √(Δ√α/(2L̄T)), B₀ = ⌈1/α⌉,  NSGD-VR"
    )

    @varies
    def assumes(self) -> Any:
        held = Within("a batch that can be drawn", self, "first", 1, 2**31 - 1)
        return (*AbstractStorm.assumes, held)

    def first(self, c: Constants, T: int) -> int:
        return math.ceil(1 / self.pair(c, T)[0])

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        p = tail(c).p
        alpha = min(1.0, self.ratio(c, T) ** (2 * p / (5 * p - 4)))
        if alpha == 1:
            return 1.0, noiseless_step(c, T)
        return alpha, math.sqrt(c.Delta * math.sqrt(alpha) / (2 * self.average(c) * T))
