"""Liu et al. 2023 (arXiv 2305.15265): SGD whose backward product is sampled by CRS or WTA-CRS."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.estimators.wta_crs import SampledBackward
from convergence.constants import Constants
from convergence.metrics.errors import Excess
from convergence.metrics.travel import AverageStepSq
from convergence.noise.base import AbstractNoise
from convergence.parts.matrix_products import CRS, WTA, AbstractProduct
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    Horizon,
    Is,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.domains import a, number
from convergence.theorems.estimators.liu2023wta import crs_variance, score, wta_variance


def _unbiased(product: Any) -> bool:
    """Whether draws are weighed by 1/p and 1 − P_C."""
    return bool(product.rescale if isinstance(product, CRS) else product.weigh)


def _by_score(product: Any) -> bool:
    """Unbiased, and |C| not given."""
    return _unbiased(product) and (isinstance(product, CRS) or product.c is None)


def _fixed(product: Any) -> bool:
    """Unbiased, and |C| given."""
    return _unbiased(product) and (isinstance(product, CRS) or product.c is not None)


def _kept(product: Any, c: Constants) -> int:
    """|C| at θ*."""
    if isinstance(product, CRS):
        return 0
    return score(c.residual, c.layer, product.k) if product.c is None else int(product.c)


BY_SCORE = a(CRS, WTA, such=_by_score, that="that rescales, |C| chosen by its score")
KNOWN = a(CRS, WTA, such=_unbiased, that="that rescales")
FIXED = a(CRS, WTA, such=_fixed, that="that rescales, with |C| given")


class ContractingStep(AbstractAssumption):
    """Lη(1 − 1/k) ≤ 2, so that a descent of f counts in full, and 0 ≤ q < 1."""

    theorem: Any

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        k = self.theorem.product.k
        q, _ = self.theorem.rate(c)
        # 1e-12: q is 0 in reals on the registry's instance.
        holds = c.mu > 0 and c.L * self.theorem.eta(c) * (1 - 1 / k) <= 2 and -1e-12 < q < 1
        return Checked("short step", bool(holds), float(q), "Lη(1 − 1/k) ≤ 2 and 0 ≤ q < 1")


class Rest(AbstractAssumption):
    """Fewer rows are kept for sure than there are, and the others carry some weight at θ*."""

    product: AbstractProduct

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        j = _kept(self.product, c)
        size = np.linalg.norm(c.residual, axis=0) * np.linalg.norm(c.layer, axis=1)
        left = float(np.sort(size)[::-1][j:].sum()) if j < size.size else 0.0
        return Checked("rows to draw from", left > 0, left, f"beyond the {j} largest")


class Decided(AbstractAssumption):
    """Which pairs are kept for sure at θ* is no matter of rounding, nor how many: no ties in
    |R_i||W_i| across C, nor of scores for the least."""

    product: AbstractProduct

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        size = np.linalg.norm(c.residual, axis=0) * np.linalg.norm(c.layer, axis=1)
        size, j = np.sort(size)[::-1], _kept(self.product, c)
        gap = float(size[j - 1] / size[j] - 1) if 0 < j < size.size and size[j] else math.inf
        if isinstance(self.product, WTA) and self.product.c is None:
            few = range(min(self.product.k, size.size))
            scores = sorted(float(size[i:].sum()) / (self.product.k - i) for i in few)
            gap = min([gap, *(s / scores[0] - 1 for s in scores[1:2] if scores[0])])
        return Checked("no ties", gap > 1e-6, gap, "of sizes across C, or of scores")


class FromOptimum(AbstractAssumption):
    """θ_0 = θ*, but for rounding: Δ ≤ 10⁻²⁰ f*."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = 1e20 * c.Delta <= c.f_star
        return Checked("Delta", bool(holds), float(c.Delta), "Δ must be next to 0 beside f*")


class Apart(AbstractAssumption):
    """At θ* no |r_i| is 0, and those in C are larger than the others."""

    product: AbstractProduct

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        size = np.sort(np.abs(np.asarray(c.residual).ravel()))[::-1]
        j = min(_kept(self.product, c), size.size - 1)
        gap = min(size[-1], size[j - 1] - size[j] if j else np.inf) / max(size[0], 1e-300)
        return Checked("residuals apart", bool(gap > 1e-9), float(gap), "of 0 and across C")


class SampledSGD(AbstractTheorem):
    """E f(θ_T) − f* ≤ q^T Δ + (1 − q^T) b/(1 − q), b = Lη²‖W‖_F² f*/k, q = 1 − 2μη(1 −
    (Lη/2)(1 − 1/k)) + Lη²‖W‖_F²/k, for CRS and for WTA with |C| chosen by its score.

    Proof. E‖ĝ‖² ≤ ‖∇f‖²(1 − 1/k) + S²/k, and S² ≤ ‖R‖²‖W‖_F² = 2f‖W‖_F²; WTA by its score has
    (1 − P_C)/(k − |C|) ≤ 1/k and hence at most the variance of CRS. The descent lemma and
    ‖∇f‖² ≥ 2μ(f − f*) give E(f⁺ − f*) ≤ q(f − f*) + b. η = scale · μk/(L‖W‖_F²).
    """

    kind = Kind.EXPECTATION
    source = Source("liu2023wta", "unbiased estimators in SGD; explicit bound derived")
    provenance = Provenance.DERIVED
    statement = "E f(θ_T) − f* ≤ q^T Δ + (1−q^T) b/(1−q),  b = Lη²‖W‖_F² f*/k"
    domain = {"product": BY_SCORE, "scale": number("(0, 1]")}

    product: AbstractProduct = CRS(1)
    scale: Reals = eqx.field(converter=real, default=0.5)

    @varies
    def assumes(self) -> Any:
        return Smooth(), NoNoise(), ContractingStep(self)

    def eta(self, c: Constants) -> float:
        return float(self.scale) * c.mu * self.product.k / (c.L * c.frob)

    def prescribe(self, c: Constants, T: int) -> SampledBackward:
        return SampledBackward(self.eta(c), self.product)

    def metric(self, c: Constants, T: int) -> Excess:
        return Excess()

    def rate(self, c: Constants) -> tuple[float, float]:
        """(q, Lη²‖W‖_F²/k)."""
        eta, k = self.eta(c), self.product.k
        noise = c.L * eta**2 * c.frob / k
        return 1 - 2 * c.mu * eta * (1 - c.L * eta * (1 - 1 / k) / 2) + noise, noise

    def bound(self, c: Constants, T: int) -> float:
        q, noise = self.rate(c)
        return q**T * c.Delta + (1 - q**T) * noise * c.f_star / (1 - q)

    def trivial(self, c: Constants, T: int) -> float:
        return c.Delta


class SampledMoment(AbstractTheorem):
    """E‖ĝ‖² = ‖∇f‖² + Var ĝ at θ*, the exact variance of the estimator: one step from θ*."""

    kind = Kind.EXACT
    source = Source("liu2023wta", "exact variances; derived")
    provenance = Provenance.DERIVED
    statement = "E‖ĝ‖² at θ* = [(1−P_C)²S² − ‖Σ_{i∉C} R_iW_i‖²]/(k−|C|)"
    domain = {"product": KNOWN}

    product: AbstractProduct = CRS(1)

    @varies
    def assumes(self) -> Any:
        return NoNoise(), FromOptimum(), Rest(self.product), Decided(self.product), Horizon(1)

    def prescribe(self, c: Constants, T: int) -> SampledBackward:
        return SampledBackward(2**-20, self.product)

    def metric(self, c: Constants, T: int) -> AverageStepSq:
        return AverageStepSq(2**-20)

    def ceiling(self, c: Constants, T: int) -> float:
        """Every draw weighs a term so that its norm is at most Σ‖R_i‖‖W_i‖; 1e-5: the drift."""
        return float(sum(c.parts)) ** 2 * (1 + 1e-5)

    def bound(self, c: Constants, T: int) -> float:
        if isinstance(self.product, WTA):
            j = _kept(self.product, c)
            return wta_variance(c.residual, c.layer, self.product.k, j)
        return crs_variance(c.residual, c.layer, self.product.k)


class SampledLaw(AbstractTheorem):
    """E f(θ_T) − f* = (m/2)v_T for W = (1, …, 1)ᵀ from θ*: v⁺ = (1 − 2ηm)v + η²E ĝ², v_0 = 0, where
    E ĝ² = m²v + [S² − (Σr)² + (s² − m²)v]/k for CRS, r_i = θ* − y_i, S = Σ|r_i|, s = Σ sign r_i,
    and the same sums over the rows outside C, with k − |C| draws, for WTA with |C| given.

    Proof. R_i = r_i + e, e = θ − θ*. While |e| is below δ = min{min|r_i|, half the gap that C has
    in |r|} no sign and no rank changes, so Σ|R_i| = S + se; E e_t = 0 kills what is linear in e,
    and the exact variances close the recursion. |ĝ| ≤ S + m|e|: η = δ/((S + mδ)T) keeps
    |e_t| ≤ δ surely. The variances at θ* alone make the difference between the methods.
    """

    kind = Kind.EXACT
    source = Source("liu2023wta", "exact variances along a run; derived")
    provenance = Provenance.DERIVED
    statement = "E f(θ_T) − f* = (m/2)v_T,  v⁺ = (1−2ηm)v + η²E ĝ²(v),  exact for CRS and WTA-CRS"
    domain = {"product": FIXED}

    product: AbstractProduct = CRS(3)

    @varies
    def assumes(self) -> Any:
        return NoNoise(), Is("ones"), FromOptimum(), Rest(self.product), Apart(self.product)

    def delta(self, c: Constants) -> float:
        """δ: |e_t| ≤ δ surely."""
        size, j = np.sort(np.abs(np.asarray(c.residual).ravel()))[::-1], _kept(self.product, c)
        return float(min(size[-1], (size[j - 1] - size[j]) / 2 if j else np.inf))

    def eta(self, c: Constants, T: int) -> float:
        """δ/((S + mδ)T)."""
        size, delta = np.abs(np.asarray(c.residual).ravel()), self.delta(c)
        return float(delta / ((size.sum() + size.size * delta) * T))

    def ceiling(self, c: Constants, T: int) -> float:
        return np.size(c.residual) / 2 * self.delta(c) ** 2

    def prescribe(self, c: Constants, T: int) -> SampledBackward:
        return SampledBackward(self.eta(c, T), self.product)

    def metric(self, c: Constants, T: int) -> Excess:
        return Excess()

    def bound(self, c: Constants, T: int) -> float:
        r, j, eta = np.asarray(c.residual).ravel(), _kept(self.product, c), self.eta(c, T)
        rest, m = r[np.argsort(-np.abs(r))[j:]], r.size
        fixed = np.abs(rest).sum() ** 2 - rest.sum() ** 2
        moving = np.sign(rest).sum() ** 2 - rest.size**2
        v = 0.0
        for _ in range(T):
            square = m * m * v + (fixed + moving * v) / (self.product.k - j)
            v = (1 - 2 * eta * m) * v + eta**2 * square
        return m / 2 * float(v)
