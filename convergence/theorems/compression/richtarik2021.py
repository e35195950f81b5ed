"""Richtárik, Sokolov and Fatkhullin 2021 (arXiv 2106.05203): EF21 with exact local gradients.

The recalled theorem of the paper has the step 1/(L + L̃√(β/θ)), θ = 1 − √(1 − α), β = (1 − α)/θ
and the bound 2F₀/(γT) + G₀/(θT): √(β/θ) is the q/a below, and the first round here sends
everything, so G₀ = 0. The constants below are derived and sharper.
"""

from __future__ import annotations

from typing import Any

from convergence.algorithms.compression.ef21 import EF21
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Has, NoNoise, Smooth
from convergence.theorems.base import Kind, Source
from convergence.theorems.compression.shared import SURELY, AbstractCompressedTheorem, descent
from convergence.theorems.conditions import Positive


class AbstractEF21(AbstractCompressedTheorem):
    """EF21 with exact local gradients."""

    def prescribe(self, c: Constants, T: int) -> EF21:
        return EF21(self.gamma(c, T), self.compressor)


class EF21Nonconvex(AbstractEF21):
    """(1/T) Σ_{t<T} E‖∇f(x_t)‖² ≤ 2F₀/(γ(1 + κ)T), κ = (1 − γL − b²)/(1 + b)², b = qγL̃/a,
    for every γ ≤ 1/(L + L̃q/a), F₀ = f(x_0) − f*.

    Proof. Let G_t² = (1/n) Σ E‖∇f_i(x_t) − ĝ_i‖². With ĝ = h + C(∇f_i − h) and Minkowski,
    G_{t+1} ≤ q(G_t + L̃γ‖ĝ_t‖), G_0 = 0. Summing the geometric convolution, ‖G‖ ≤ (q/a)L̃γ‖ĝ‖ in
    ℓ², and `descent` applies; γL + b ≤ 1 makes κ ≥ 0. Without compression b = 0 and the bound is
    2F₀/(γ(2 − γL)T), an equality of gradient descent on (L/2)‖x‖² up to f(x_T) ≥ f*.
    """

    source = Source("richtarik2021", "Theorem 1 with G⁰ = 0; sharper constants derived")
    statement = "(1/T) Σ E‖∇f(x_t)‖² ≤ 2F₀/(γ(1+κ)T),  γ ≤ 1/(L + L̃q/a),  q = √(1−δ), a = 1−q"
    hypotheses = (Smooth(), NoNoise(), Has("L_tilde", 0.0))

    def gamma(self, c: Constants, T: int) -> float:
        q, a = self.qa(c)
        return float(self.scale) / (c.L + c.L_tilde * q / a)

    def bound(self, c: Constants, T: int) -> float:
        q, a = self.qa(c)
        gamma = self.gamma(c, T)
        return descent(c, gamma, q * gamma * c.L_tilde / a, T)


class EF21Surely(EF21Nonconvex):
    """The same on every run, for a deterministic compressor: no expectation was taken."""

    kind = Kind.PATHWISE
    domain = {"compressor": SURELY}


class EF21PL(AbstractEF21):
    """E f(x_T) − f* ≤ (1 − γμ(1 + κ))^T F₀ if ‖∇f‖² ≥ 2μ(f − f*), κ = (1 − γL − b²)/(1 + b)²,
    b = √2 qγL̃/a, γ ≤ min{1/(L + √2 L̃q/a), a/(4μ)}.

    Proof. G_{t+1}² ≤ (1 − a)G_t² + (q²/a)L̃²γ²‖ĝ‖² (Young). Φ = f − f* + (γ/a)(1 + s)G² obeys
    Φ⁺ ≤ f − f* − (γ/2)[‖∇f‖² + A‖ĝ‖² + sG²] + (1 − a/2)(γ/a)(1 + s)G² with A = 1 − γL − (1 + s)b²,
    and A‖ĝ‖² + sG² ≥ ‖∇f‖²/(1/A + 1/s), largest at s√(b²) = A, where it is κ‖∇f‖². As κ ≤ 1,
    γμ(1 + κ) ≤ a/2. Without compression and with L = μ: (1 − γμ)^{2T}F₀, an equality.
    """

    source = Source("richtarik2021", "Theorem 2 with G⁰ = 0; sharper constants derived")
    statement = "E f(x_T) − f* ≤ (1 − γμ(1+κ))^T F₀,  γ ≤ min{1/(L + √2 L̃q/a), a/(4μ)}"
    hypotheses = (*EF21Nonconvex.hypotheses, Positive("mu"))

    def gamma(self, c: Constants, T: int) -> float:
        q, a = self.qa(c)
        return float(self.scale) * min(1 / (c.L + 2**0.5 * c.L_tilde * q / a), a / (4 * c.mu))

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        q, a = self.qa(c)
        gamma = self.gamma(c, T)
        b = 2**0.5 * q * gamma * c.L_tilde / a
        kappa = (1 - gamma * c.L - b * b) / (1 + b) ** 2
        return (1 - gamma * c.mu * (1 + kappa)) ** T * c.Delta

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.Delta
