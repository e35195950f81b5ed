"""Zhang et al. 2020: clipped SGD under a p-th moment, and the lower bound for all methods."""

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
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number
from convergence.theorems.heavy_tailed.shared import BoundedGradient, PthMoment, b_p, tail, v_p


class ClippedSGDNonconvex(AbstractTheorem):
    """(1/T) Σ E‖∇f(w^t)‖² ≤ 2Δ/(γT) + b_p²σ^{2p}h^{2−2p} + Lγv_ph^{2−p}σ^p, γ ≤ 1/L, h ≥ 2G.

    h = max{2G, (σ^{3p}T/(LΔ))^{1/(3p−2)}}, γ = min{1/L, √(2Δ/(Lv_ph^{2−p}σ^pT))}:
    T^{−2(p−1)/(3p−2)}. At p = 2 too h has to grow, like T^{1/4}: the bias of a fixed level stays.

    Proof. With a = ∇f, b the bias of clipping and V its variance (Lemma `Clipping`),
    E f(w⁺) ≤ f(w) − γ⟨a, a+b⟩ + (Lγ²/2)(‖a+b‖² + V), and γL ≤ 1 turns −⟨a, a+b⟩ + ½‖a+b‖² into
    −½‖a‖² + ½‖b‖². Telescope.
    """

    kind = Kind.EXPECTATION
    source = Source("zhang2020", "clipped SGD, nonconvex; constants derived, sharper in the bias")
    provenance = Provenance.DERIVED
    statement = (
        "(1/T) Σ E‖∇f(w^t)‖² ≤ 2Δ/(γT) + b_p²σ^(2p)h^(2−2p) + Lγv_p h^(2−p)σ^p,  γ ≤ 1/L, h ≥ 2G"
    )
    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        # 1e-12: 1/L times L rounds.
        short = Within("γL ≤ 1", self, "step", 0.0, 1 + 1e-12)
        return (Smooth(), PthMoment(), BoundedGradient(), Improvable(), short)

    def step(self, c: Constants, T: int) -> float:
        """γL."""
        return self.gamma(c, T) * c.L

    def level(self, c: Constants, T: int) -> float:
        """h."""
        p, sigma, _ = tail(c)
        grown = (sigma ** (3 * p) * T / (c.L * c.Delta)) ** (1 / (3 * p - 2))
        return max(2 * c.G, grown)

    def gamma(self, c: Constants, T: int) -> float:
        """γ."""
        p, sigma, _ = tail(c)
        noise = c.L * v_p(p) * self.level(c, T) ** (2 - p) * sigma**p * T
        tuned = math.sqrt(2 * c.Delta / noise) if noise > 0 else math.inf
        return float(self.scale) * min(1 / c.L, tuned)

    def prescribe(self, c: Constants, T: int) -> ClippedSGD:
        return ClippedSGD(self.gamma(c, T), self.level(c, T))

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        (p, sigma, _), h, gamma = tail(c), self.level(c, T), self.gamma(c, T)
        bias = b_p(p) * sigma**p * h ** (1 - p)
        return 2 * c.Delta / (gamma * T) + bias**2 + c.L * gamma * v_p(p) * h ** (2 - p) * sigma**p

    def ceiling(self, c: Constants, T: int) -> float:
        return c.G**2

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2
