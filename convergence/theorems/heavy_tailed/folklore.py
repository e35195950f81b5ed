"""Statements about heavy tails that are said and are false, each as an honest theorem object.

Every one names what it changes in a true statement; the instance that refutes it is in the claim.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx

from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.algorithms.heavy_tailed.nsgd import NSGDM, HeavyBallAfterNormalizing
from convergence.algorithms.heavy_tailed.storm import STORMTwoSamples
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.heavy_tailed.cutkosky2020 import GradientTransport
from convergence.theorems.heavy_tailed.fatkhullin2025 import AbstractSGDHoelder
from convergence.theorems.heavy_tailed.liu2023 import StormA
from convergence.theorems.heavy_tailed.shared import AbstractNormalized, PthMoment, tail


class FiniteMeanSquare(AbstractTheorem):
    """E‖∇f(w^T)‖² < ∞ for SGD with γ = 1/(2L) under a p-th moment, p < 2 (read as ≤ 10^100).

    FALSE where E‖ξ‖² = ∞: on (L/2)w², ∇f(w^T) carries −Lγξ^{T−1} (Zhang et al. 2020, remark). No
    finite sample can tell: it must never be CONSISTENT.
    """

    kind = Kind.EXPECTATION
    source = Source("zhang2020", "the remark on E‖ξ‖² = ∞, negated")
    provenance = Provenance.RECALLED
    statement = "E‖∇f(w^T)‖² < ∞ for SGD on (L/2)w² under a p-th moment (false for p < 2)"
    assumes = (Smooth(), PthMoment())

    def prescribe(self, c: Constants, T: int) -> ClippedSGD:
        return ClippedSGD(1 / (2 * c.L), math.inf)

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        return 1e100


class SigmaP(SGDNonconvex):
    """(1/T) Σ E‖∇f(w^t)‖² ≤ 2Δ/(γT) + Lγσ_p² with σ_p = (E‖ξ‖^p)^{1/p}.

    γ = min{1/L, √(2Δ/(Lσ_p²T))}. FALSE for p < 2: the variance cannot be replaced by a p-th
    moment. With spikes of chance 1/T the variance is σ_p²T^{2/p−1}, and on a quadratic the average
    is of the order T^{2/p−3/2}.
    """

    source = Source("ghadimi2013", "Corollary 2.2 with σ_p in place of σ")
    statement = "(1/T) Σ E‖∇f(w^t)‖² ≤ 2Δ/(γT) + Lγσ_p²,  γ = min{1/L, √(2Δ/(Lσ_p²T))}  (false)"
    assumes = (Smooth(), PthMoment())

    def gamma(self, c: Constants, T: int) -> float:
        sigma = tail(c).sigma
        return float(self.scale) * min(1 / c.L, math.sqrt(2 * c.Delta / (c.L * sigma**2 * T)))

    def bound(self, c: Constants, T: int) -> float:
        g = self.gamma(c, T)
        return 2 * c.Delta / (g * T) + c.L * g * tail(c).sigma ** 2


class FixedClipping(AbstractTheorem):
    """(1/T) Σ E‖∇f(w^t)‖² = O(T^{−2(p−1)/(3p−2)}) for clipped SGD with a FIXED h.

    γ = γ₀T^{−p/(3p−2)}. FALSE for skewed noise with spikes longer than h: the mean of the clipped
    gradient vanishes at a point where ∇f does not.
    """

    kind = Kind.RATE
    source = Source("koloskova2023", "Section 3, negated")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ E‖∇f(w^t)‖² = O(T^(−2(p−1)/(3p−2))),  clipped SGD, fixed h  (false)"
    assumes = (Smooth(), PthMoment())

    h: Reals = eqx.field(converter=real, default=1.0)
    gamma0: Reals = eqx.field(converter=real, default=1.0)

    def prescribe(self, c: Constants, T: int) -> ClippedSGD:
        p = tail(c).p
        return ClippedSGD(float(self.gamma0) * T ** (-p / (3 * p - 2)), self.h)

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        p = tail(c).p
        return float(T) ** (-2 * (p - 1) / (3 * p - 2))


class TwoSamples(StormA):
    """The bound of NSGD-VR, schedule A, with a fresh sample for ∇F(w^{t−1}; ·). FALSE.

    D_t is then ξ^t(w^t) − ξ'(w^{t−1}), of the size of the noise instead of the step.
    """

    source = Source("liu2023", "with independent samples in the difference")
    statement = "the bound of NSGD-VR (schedule A) with two independent samples a step  (false)"

    def prescribe(self, c: Constants, T: int) -> STORMTwoSamples:
        alpha, gamma = self.pair(c, T)
        return STORMTwoSamples(gamma, alpha, self.first(c, T), self.level(c, T))


class NoExtrapolation(GradientTransport):
    """The bound of NIGT for momentum without extrapolation, v^t = w^t. FALSE.

    The Hessian terms no longer cancel: the lag 2Lγθ/α is back, which no term of the bound covers.
    """

    source = Source("cutkosky2020", "NIGT without the look-ahead")
    statement = "the bound of NIGT for NSGD-M with the same α and γ  (false)"

    def prescribe(self, c: Constants, T: int) -> NSGDM:
        alpha, gamma = self.pair(c, T)
        return NSGDM(gamma, alpha)


class HeavyBallNormalized(AbstractNormalized):
    """Y_T ≤ (f(w⁰)−f(w^T))/(γT) + Lγ/2 for a heavy ball on normalized gradients, σ = 0.

    FALSE. A step is up to γ/(1−μ) long, not γ. To be used through `Certified`.
    """

    source = Source("cutkosky2020", "Lemma 1 with momentum after normalization")
    statement = "the descent inequality for v = μv + g/‖g‖, w ← w − γv  (false)"

    step: Reals = eqx.field(converter=real, default=0.05)
    mu: Reals = eqx.field(converter=real, default=0.9)

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        return 1.0, float(self.step)

    def prescribe(self, c: Constants, T: int) -> HeavyBallAfterNormalizing:
        return HeavyBallAfterNormalizing(self.gamma(c, T), self.mu)

    def bound(self, c: Constants, T: int) -> float:
        return self.walk(c, T)


class Divergence(AbstractSGDHoelder):
    """E (1/T) Σ ‖∇f(w^t)‖² ≥ ‖∇f(w⁰)‖²/2: without clipping, SGD diverges under infinite variance.

    FALSE where ‖∇f‖ ≤ G: see `fatkhullin2025.SGDHoelder`, whose step is used.
    """

    kind = Kind.FLOOR
    source = Source("zhang2020", "as it is often summarized")
    provenance = Provenance.RECALLED
    statement = "E (1/T) Σ ‖∇f(w^t)‖² ≥ ‖∇f(w⁰)‖²/2 for SGD under infinite variance  (false)"

    def bound(self, c: Constants, T: int) -> float:
        return 0.5 * c.grad0**2

    def trivial(self, c: Constants, T: int) -> None:
        return None
