"""Zmushko, Beznosikov, Takáč and Horváth 2025 (FRUGAL, arXiv 2411.07837): explicit bounds.

The recursion: m_j ← (1 − β)g_j + β(m_j if j ∈ J_k else 0), x_j ← x_j − αm_j on J_k, x_j − αg_j off
it. Write s² = E‖ξ‖², s_J² the part of it on J, Δ = f(x¹) − f*.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.subspace.frugal import (
    BernoulliMask,
    Columns,
    FixedMask,
    Frugal,
    FrugalSGDM,
    half,
)
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.parts.projectors import TopSVD
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    FiniteVariance,
    Improvable,
    IsotropicNoise,
    Shape,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import from_above
from convergence.theorems.domains import count, number, one_of
from convergence.theorems.subspace.corner import (
    BeforeTheKink,
    DiagonalGradient,
    ResolvedDecay,
    stall,
)

PAPER = "zmushko2025"


class AbstractFrugal(AbstractTheorem):
    """What the bounds share: β, and the step α = scale · (the largest allowed)."""

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    assumes = (Smooth(), FiniteVariance(), Shape())
    domain = {"beta": number("[0, 1)"), "scale": number("(0, 1]")}

    beta: Reals = eqx.field(converter=real, default=0.9)
    scale: Reals = eqx.field(converter=real, default=1.0)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Average(GradNormSq())

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2


class FixedSplit(AbstractFrugal):
    """(1/K) Σ E‖∇f(x^k)‖² ≤ [Δ/(αK) + (Lα/2)s² + Lαβ/(√2(1+β)) s_J²]/(1 − √2 q − Lα/2), J fixed,
    q = Lαβ/(1 − β).

    Proof. y = x − (αβ/(1−β))m_J obeys y^{k+1} = y^k − αg^k. The descent lemma at y and
    ⟨∇f(y), ∇f(x)⟩ ≥ (1 − c/2)‖∇f(x)‖² − (L²/(2c))‖y − x‖² leave L²‖y − x‖² = q²‖m_J‖². Split m
    into means and independent noise: Σ_k E‖m_J^{k−1}‖² ≤ 2 Σ E‖∇f(x^k)‖² + 2K(1−β)/(1+β)s_J².
    Take c = √2 q. For α ≤ (1−β)/(4L) the denominator is at least 5/8; β = 0 is the bound of SGD.
    α = scale · (1 − β)/(4L). J: the first half of the coordinates; s_J² = s²/2 for isotropic noise.
    """

    source = Source(PAPER, "SGDM and SGD on a fixed split, derived")
    statement = (
        "(1/K) Σ E‖∇f(x^k)‖² ≤ [Δ/(αK) + Lαs²/2 + Lαβs_J²/(√2(1+β))]/(1 − √2Lαβ/(1−β) − Lα/2)"
    )
    assumes = (*AbstractFrugal.assumes, IsotropicNoise())

    def alpha(self, c: Constants) -> float:
        """The step."""
        return float(self.scale) * (1 - float(self.beta)) / (4 * c.L)

    def shape(self, c: Constants) -> tuple[int, ...]:
        """The shape of the iterate."""
        return (c.m, c.n) if "m" in c else (c.d,)

    def share(self, c: Constants) -> float:
        """s_J²/s²."""
        return float(half(self.shape(c)).mean())

    def prescribe(self, c: Constants, T: int) -> FrugalSGDM:
        return FrugalSGDM(self.alpha(c), self.beta, FixedMask(half(self.shape(c))), 1)

    def bound(self, c: Constants, T: int) -> float:
        b, La = float(self.beta), c.L * self.alpha(c)
        noise = La / 2 + self.share(c) * La * b / (2**0.5 * (1 + b))
        rest = 1 - 2**0.5 * La * b / (1 - b) - La / 2  # at least 0.6
        return (c.Delta / (self.alpha(c) * T) + noise * c.sigma**2) / rest


class FixedSplitRounded(FixedSplit):
    """(1/K) Σ E‖∇f(x^k)‖² ≤ 1.6Δ/(αK) + Lα(0.8s² + 0.8 β²/(1+β) s_J²): c = ½ and α ≤ (1−β)/(4L)."""

    statement = "(1/K) Σ E‖∇f(x^k)‖² ≤ 1.6Δ/(αK) + Lα(0.8s² + 0.8β²/(1+β)s_J²),  α ≤ (1−β)/(4L)"

    def bound(self, c: Constants, T: int) -> float:
        b, alpha = float(self.beta), self.alpha(c)
        noise = 0.8 + 0.8 * b**2 / (1 + b) * self.share(c)
        return 1.6 * c.Delta / (alpha * T) + c.L * alpha * noise * c.sigma**2


class FixedSplitAnyStep(FixedSplitRounded):
    """The same for every step α (false: the constants assume α ≤ (1−β)/(4L))."""

    statement = "(1/K) Σ E‖∇f(x^k)‖² ≤ 1.6Δ/(αK) + Lα(0.8s² + 0.8β²/(1+β)s_J²) for every α (false)"
    domain = {"scale": number("(0, inf)")}


class SGDMBase(FixedSplit):
    """(1/K) Σ E‖∇f(x^k)‖² ≤ 2Δ/(αK) + ((β + 3β²)/(2(1+β)) + 1)Lαs² for SGDM (J = everything), α ≤
    (1 − β)/(L(4 − β + β²)). Proof by `FixedSplit`, of any step with y = √2 q + Lα/2 < 1: y ≤
    √2/3.75, 2(1 − y) ≥ 1 and (½ + β/(√2(1+β)))/(1 − y) ≤ 1 + (β + 3β²)/(2(1+β)). ∎"""

    source = Source("liu2020", "Theorem 1, from memory; proved here")
    statement = "SGDM: (1/K) Σ E‖∇f(x^k)‖² ≤ 2Δ/(αK) + ((β+3β²)/(2(1+β)) + 1)Lαs²"
    assumes = AbstractFrugal.assumes

    def alpha(self, c: Constants) -> float:
        b = float(self.beta)
        return float(self.scale) * (1 - b) / (c.L * (4 - b + b**2))

    def prescribe(self, c: Constants, T: int) -> FrugalSGDM:
        return FrugalSGDM(self.alpha(c), self.beta, FixedMask(np.ones(self.shape(c))), 1)

    def bound(self, c: Constants, T: int) -> float:
        b, alpha = float(self.beta), self.alpha(c)
        noise = (b + 3 * b**2) / (2 * (1 + b)) + 1
        return 2 * c.Delta / (alpha * T) + noise * c.L * alpha * c.sigma**2


class AbstractRandomSplit(AbstractFrugal):
    """FRUGAL with J_k ~ Bernoulli(p), redrawn every `gap` steps."""

    domain = {"p": number("[0, 1]"), "gap": count()}

    p: Reals = eqx.field(converter=real, default=0.5)
    gap: int = eqx.field(static=True, default=5)


class RandomSplit(AbstractRandomSplit):
    """(1/K) Σ E‖∇f(x^k)‖² ≤ [Δ/(α(1−β)K) + Lαs²((1+β)²/(2(1−β)) + β/√(2(1−β²)))]/(1 − √2 Q −
    Lα(1+β)/2), Q = Lαβ√(1+β)/(1−β)^{3/2}, for (J_k) independent of the whole noise sequence.

    Proof. Let v^{k+1} = v^k − W_k g^k with W_k the weight that g^k gets in the end, in
    [α(1−β), α(1+β)]; |v − x| ≤ (αβ/(1−β))|m|. As before with the weighted norm: ⟨∇f(v), W∇f(x)⟩ ≥
    (1 − c/2)‖∇f(x)‖²_W − (α(1+β)L²/(2c))‖v − x‖², E‖Wξ‖² ≤ α²(1+β)²s², c = √2 Q.

    α = scale · min{(1−β)/16, (1−β)^{3/2}/4}/L; J_k ~ Bernoulli(p), redrawn every `gap` steps.
    """

    source = Source(PAPER, "SGDM and SGD on a random split, derived")
    statement = (
        "(1/K) Σ E‖∇f(x^k)‖² ≤ [Δ/(α(1−β)K) + Lαs²((1+β)²/(2(1−β)) + β/√(2(1−β²)))]/(1 − √2Q − …)"
    )

    def alpha(self, c: Constants) -> float:
        """The step."""
        rest = 1 - float(self.beta)
        return float(self.scale) * min(rest / 16, rest**1.5 / 4) / c.L

    def prescribe(self, c: Constants, T: int) -> FrugalSGDM:
        return FrugalSGDM(self.alpha(c), self.beta, BernoulliMask(self.p), self.gap)

    def bound(self, c: Constants, T: int) -> float:
        b, La = float(self.beta), c.L * self.alpha(c)
        Q = La * b * (1 + b) ** 0.5 / (1 - b) ** 1.5
        rest = 1 - 2**0.5 * Q - La * (1 + b) / 2  # at least 0.4
        noise = La * ((1 + b) ** 2 / (2 * (1 - b)) + b / (2 * (1 - b**2)) ** 0.5)
        return (c.Delta / (self.alpha(c) * (1 - b) * T) + noise * c.sigma**2) / rest


class RandomSplitRate(AbstractRandomSplit):
    """(1/K) Σ E‖∇f(x^k)‖² = O(Δ/(αK) + Lασ²(1 + p̂β/(1−β))), p̂ = p_max(1 − p_min), for α ≤
    (1 − β)/(L(4 − β + β²)) and p_j = Pr[j ∈ J_k]; only this form is remembered, whose ends are SGDM
    (p = 1) and SGD (p = 0). α = min{(1 − β)/(L(4 − β + β²)), √(Δ/(Lσ²(1 + p̂β/(1−β))K))}, from a
    start above the second term. As long as its constant may be 1, nothing refutes it."""

    kind = Kind.RATE
    source = Source(PAPER, "the convergence theorem, its form from memory")
    provenance = Provenance.RECALLED
    statement = "(1/K) Σ E‖∇f(x^k)‖² = O(Δ/(αK) + Lασ²(1 + p_max(1−p_min)β/(1−β)))"

    @varies
    def assumes(self) -> Any:
        return *AbstractFrugal.assumes, Improvable(), from_above(self)

    def above(self, c: Constants, T: int) -> float:
        """‖∇f(x_0)‖² over the second term of the bound."""
        return c.grad0**2 / max(self.alpha_at(c, T) * self.noise(c), 1e-300)

    def noise(self, c: Constants) -> float:
        """Lσ²(1 + p̂β/(1−β))."""
        b, p = float(self.beta), float(self.p)
        return c.L * c.sigma**2 * (1 + p * (1 - p) * b / (1 - b))

    def alpha_at(self, c: Constants, T: int) -> float:
        """The step for K = T."""
        b, best = float(self.beta), (c.Delta / max(self.noise(c) * T, 1e-300)) ** 0.5
        return min((1 - b) / (c.L * (4 - b + b * b)), best)

    def prescribe(self, c: Constants, T: int) -> FrugalSGDM:
        return FrugalSGDM(self.alpha_at(c, T), self.beta, BernoulliMask(self.p), self.gap)

    def bound(self, c: Constants, T: int) -> float:
        alpha = self.alpha_at(c, T)
        return c.Delta / (alpha * T) + alpha * self.noise(c)

    enough = bound


class AbstractOnCounterexample(AbstractTheorem):
    """FRUGAL with the SVD of a sample on the corner counterexample, pathwise.

    All singular values of ∇f are below σ, so ΠG is the noise, or r directions of it, and G − ΠG is
    ∇f in the rows that f sees, exactly.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    domain = {"r": count(), "alpha": number("(0, 2)"), "stateful": one_of("sgdm", "adam")}

    r: int = eqx.field(static=True, default=4)
    alpha: Reals = eqx.field(converter=real, default=1e-2)
    stateful: str = eqx.field(static=True, default="sgdm")

    @varies
    def assumes(self) -> Any:
        return stall(self.r)

    residual = "sgd"

    def prescribe(self, c: Constants, T: int) -> Frugal:
        split = Columns(TopSVD(), self.r)
        return Frugal(self.alpha, split, 5, 0.9, stateful=self.stateful, residual=self.residual)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return GradNormSq()


class ResidualConverges(AbstractOnCounterexample):
    """‖∇f(X_T)‖² = (1 − α)^{2T}‖∇f(X_0)‖² with residual "sgd": gradient descent on what f sees."""

    source = Source(PAPER, "GaLore's counterexample, derived")
    statement = "on GaLore's counterexample ‖∇f(X_T)‖² = (1 − α)^{2T}‖∇f(X_0)‖² for every T"

    @varies
    def assumes(self) -> Any:
        return (*stall(self.r), ResolvedDecay(float(self.alpha)))

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        value = (1 - float(self.alpha)) ** (2 * T) * c.grad0**2
        return value, value


class SignConverges(AbstractOnCounterexample):
    """‖∇f(X_T)‖² = Σ_i (λ_i − αT)² with residual "sign" while αT ≤ min λ_i, X_top = diag(λ)."""

    source = Source(PAPER, "GaLore's counterexample, sign residual, derived")
    statement = "sign residual: ‖∇f(X_T)‖² = Σ (λ_i − αT)² while αT ≤ min λ_i"
    residual = "sign"

    @varies
    def assumes(self) -> Any:
        return (*stall(self.r), DiagonalGradient(), BeforeTheKink(float(self.alpha)))

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        value = float(np.sum((np.asarray(c.spectrum) - float(self.alpha) * T) ** 2))
        return value, value


class NoneStalls(AbstractOnCounterexample):
    """‖∇f(X_T)‖² = ‖∇f(X_0)‖² for all T with residual "none": this is GaLore."""

    source = Source("he2025", "Theorem 1's instance, FRUGAL with rule 'none', derived")
    statement = "residual 'none' is GaLore: ‖∇f(X_T)‖ = ‖∇f(X_0)‖ for all T"
    residual = "none"

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return c.grad0**2, c.grad0**2


class NoneConverges(ResidualConverges):
    """‖∇f(X_T)‖² ≤ (1 − α)^{2T}‖∇f(X_0)‖² with residual "none" (folklore; false)."""

    statement = "folklore: the state-free part may be dropped"
    residual = "none"
