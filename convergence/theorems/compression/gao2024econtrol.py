"""Gao, Islamov and Stich 2024 (arXiv 2311.05645): EControl, with explicit constants.

Recalled from the paper: η of the order of δ, γ = O(δ/L̃), and O(LF₀σ²/(nε²) + LF₀σ/(δ²ε^{3/2}) +
L̃F₀/(δε)) iterations in the nonconvex case; the powers of δ and n are those of the bounds below,
whose constants are derived.

With u = g − h + ηe, r = u − C(u) and D = g⁺ − g the errors obey e⁺ = (1 − η)e + r and
u⁺ = D + (1 + η)r − η²e, and g − ĝ = r − ηe. So in L² over runs and workers, for η ≤ 1,

    (‖u⁺‖, ‖e⁺‖) ≤ K (‖u‖, ‖e‖) + (‖D‖, 0),    K = [[(1 + η)q, η²], [q, 1 − η]],

whose powers sum to (I − K)⁻¹ if η < a/(2q), with first column (1, q/η)/(a − 2ηq). Convolutions in
ℓ²: ‖u‖ ≤ ‖D‖/(a − 2ηq), ‖e‖ ≤ (q/η)‖D‖/(a − 2ηq), ‖g − ĝ‖ ≤ w‖D‖ with w = 2q/(a − 2ηq); the
first round sends g⁰ with its own sample, hence u_0 = e_0 = 0.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.compression.econtrol import EControl
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, NoNoise, Smooth
from convergence.theorems.base import Kind, Source
from convergence.theorems.compression.shared import (
    GRID,
    SURELY,
    AbstractCompressedTheorem,
    descent,
    virtual,
)
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import number


class AbstractEControl(AbstractCompressedTheorem):
    """EControl, η of the order of a."""

    domain = {"share": number("(0, 0.5)")}

    share: Reals = eqx.field(converter=real, default=0.25)

    @abstractmethod
    def eta(self, c: Constants) -> float:
        """η."""

    def gain(self, c: Constants) -> float:
        """w: ‖g − ĝ‖ ≤ w‖D‖."""
        q, a = self.qa(c)
        return 2 * q / (a - 2 * self.eta(c) * q)

    def prescribe(self, c: Constants, T: int) -> EControl:
        return EControl(self.gamma(c, T), self.compressor, self.eta(c))


class EControlNonconvex(AbstractEControl):
    """(1/T) Σ_{t<T} E‖∇f(x_t)‖² ≤ 2F₀/(γ(1 + κ)T), κ = (1 − γL − b²)/(1 + b)², b = γL̃w,
    w = 2q/(a − 2ηq), for exact local gradients, η = share · a and γ ≤ 1/(L + L̃w).

    share < ½ makes η ≤ 1 and η < a/(2q) for every q.

    Proof. ‖D‖ ≤ L̃γ‖ĝ‖, so ‖∇f − ĝ‖ ≤ b‖ĝ‖ in ℓ² and `descent` applies. η = a/4 has w ≤ 8/a: the
    simpler γ ≤ 1/(L + 8L̃/a) with 2F₀/(γT) follows.
    """

    source = Source("gao2024econtrol", "the nonconvex theorem with σ = 0; constants derived")
    statement = "(1/T) Σ E‖∇f(x_t)‖² ≤ 2F₀/(γ(1+κ)T),  γ ≤ 1/(L + L̃w), w = 2q/(a−2ηq), η = a/4"
    hypotheses = (Smooth(), NoNoise(), Has("L_tilde", 0.0))

    def eta(self, c: Constants) -> float:
        return float(self.share) * self.qa(c)[1]

    def gamma(self, c: Constants, T: int) -> float:
        return float(self.scale) / (c.L + c.L_tilde * self.gain(c))

    def bound(self, c: Constants, T: int) -> float:
        gamma = self.gamma(c, T)
        return descent(c, gamma, gamma * c.L_tilde * self.gain(c), T)


class EControlSurely(EControlNonconvex):
    """The same on every run, for a deterministic compressor: no expectation was taken."""

    kind = Kind.PATHWISE
    domain = {"compressor": SURELY}


class EControlPL(AbstractEControl):
    """E f(x_T) − f* ≤ (1 − γμ(1 + κ))^T F₀ if ‖∇f‖² ≥ 2μ(f − f*), η = a/4, b = 8√2 γL̃/a,
    κ = (1 − γL − b²)/(1 + b)², γ ≤ min{1/(L + 8√2 L̃/a), a/(32μ)}.

    Proof. V = ‖u‖ + (a/2)‖e‖ has V⁺ ≤ (1 − a/8)V + ‖D‖ and ‖g − ĝ‖ ≤ V, for q(1 + 3a/4) ≤ 1 − a/8
    and (1 − a/4) + a/8 = 1 − a/8; so V⁺² ≤ (1 − a/8)V² + (8/a)‖D‖². Φ = f − f* + (8γ/a)(1 + s)V²
    obeys Φ⁺ ≤ f − f* − (γ/2)[‖∇f‖² + A‖ĝ‖² + sV²] + (1 − a/16)(8γ/a)(1 + s)V² with A = 1 − γL −
    (1 + s)b², and A‖ĝ‖² + sV² ≥ κ‖∇f‖² at the best s. As κ ≤ 1, γμ(1 + κ) ≤ a/16.
    """

    source = Source("gao2024econtrol", "linear rate with σ = 0; constants derived")
    statement = "E f(x_T) − f* ≤ (1 − γμ(1+κ))^T F₀,  γ ≤ min{1/(L + 8√2 L̃/a), a/(32μ)}"
    hypotheses = (*EControlNonconvex.hypotheses, Positive("mu"))
    domain = {"share": number("[0.25, 0.25]")}

    def eta(self, c: Constants) -> float:
        return self.qa(c)[1] / 4

    def gamma(self, c: Constants, T: int) -> float:
        a = self.qa(c)[1]
        return float(self.scale) * min(1 / (c.L + 8 * 2**0.5 * c.L_tilde / a), a / (32 * c.mu))

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        gamma = self.gamma(c, T)
        b = 8 * 2**0.5 * gamma * c.L_tilde / self.qa(c)[1]
        kappa = (1 - gamma * c.L - b * b) / (1 + b) ** 2
        return (1 - gamma * c.mu * (1 + kappa)) ** T * c.Delta

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.Delta


class EControlStochastic(EControlNonconvex):
    """(1/T) Σ E‖∇f(x_t)‖² ≤ min_{s,θ} [F₀/(γT) + Lγσ²/(2n) + γ²L²k²(1 + 1/θ)c²σ²/(2s)] /
    (1 − s/2 − Lγ/2 − γ⁴L²L̃²k²(1 + θ)/(2s)), k = q/(η(a − 2ηq)(1 − b)), b = γL̃w, c = √2 + γL̃/√n.

    Proof. ‖D‖ ≤ L̃γ‖ĝ‖ + √2σ√T and ‖ĝ‖ ≤ ‖ḡ‖ + w‖D‖, ‖ḡ‖ ≤ ‖∇f‖ + σ√(T/n) in ℓ², so (1 − b)‖D‖ ≤
    L̃γ‖∇f‖ + cσ√T and ‖e‖ ≤ k(L̃γ‖∇f‖ + cσ√T); square with θ and use `virtual` (x̃⁺ = x̃ − γḡ,
    x̃_0 = x_0). For η = a/4, s = θ = 1, γ ≤ a/(16L̃) and L ≤ L̃ it implies 2.21F₀/(γT) +
    1.11γLσ²/n + 4928γ²L²σ²/a⁴, whose best γ has the three terms of the paper.

    γ = scale · min{1/(L + L̃w), √(2nF₀/(Lσ²T))}.
    """

    source = Source("gao2024econtrol", "the nonconvex theorem; constants derived")
    statement = "(1/T) Σ E‖∇f‖² ≤ F₀/(γT) + γLσ²/(2n) + O(F₀/(γT) + γ²L²σ²/a⁴),  explicit"
    hypotheses = AbstractCompressedTheorem.hypotheses

    def gamma(self, c: Constants, T: int) -> float:
        noise = c.L * c.sigma**2 * T
        tuned = (2 * c.agents * c.Delta / noise) ** 0.5 if noise > 0 else float("inf")
        return float(self.scale) * min(1 / (c.L + c.L_tilde * self.gain(c)), tuned)

    def bound(self, c: Constants, T: int) -> float:
        q, a = self.qa(c)
        gamma, eta = self.gamma(c, T), self.eta(c)
        b = gamma * c.L_tilde * self.gain(c)
        if b >= 1:
            return float("inf")
        k = q / (eta * (a - 2 * eta * q) * (1 - b))
        size = (2**0.5 + gamma * c.L_tilde / c.agents**0.5) ** 2 * c.sigma**2
        found = [
            virtual(
                c, gamma, T, k**2 * (1 + 1 / theta) * size,
                (k * gamma * c.L_tilde) ** 2 * (1 + theta), c.sigma**2,
            )
            for theta in np.append(GRID[::12], [10.0, 1e3, 1e6])
        ]  # fmt: skip
        return min(found)
