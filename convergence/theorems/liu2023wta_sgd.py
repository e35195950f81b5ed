"""Liu et al. 2023 (arXiv 2305.15265): SGD whose backward product is sampled by CRS or WTA-CRS."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.wta_crs import SampledBackward
from convergence.constants import Constants
from convergence.metrics.errors import Excess
from convergence.metrics.travel import AverageStepSq
from convergence.parts.amm import CRS, WTA, AbstractProduct
from convergence.shapes import real
from convergence.theorems.assumptions import Has, NoNoise, Smooth
from convergence.theorems.base import AbstractSeparation, AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.liu2023wta import crs_variance, wta_variance


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
    assumes = (Smooth(), NoNoise(), Has("frob", 0.0))

    product: AbstractProduct = CRS(1)
    scale: Any = eqx.field(converter=real, default=0.5)

    def eta(self, c: Constants) -> float:
        return float(self.scale) * c.mu * self.product.k / (c.L * c.frob)

    def prescribe(self, c: Constants, T: int) -> SampledBackward:
        return SampledBackward(self.eta(c), self.product)

    def metric(self, c: Constants, T: int) -> Excess:
        return Excess()

    def bound(self, c: Constants, T: int) -> float:
        eta, k = self.eta(c), self.product.k
        noise = c.L * eta**2 * c.frob / k
        q = 1 - 2 * c.mu * eta * (1 - c.L * eta * (1 - 1 / k) / 2) + noise
        return q**T * c.Delta + (1 - q**T) * noise * c.f_star / (1 - q)

    def trivial(self, c: Constants, T: int) -> float:
        return c.Delta


class SampledMoment(AbstractTheorem):
    """E‖ĝ‖² = ‖∇f‖² + Var ĝ at θ*, the exact variance of the estimator: one step from θ*."""

    kind = Kind.EXACT
    source = Source("liu2023wta", "exact variances; derived")
    provenance = Provenance.DERIVED
    statement = "E‖ĝ‖² at θ* = [(1−P_C)²S² − ‖Σ_{i∉C} R_iW_i‖²]/(k−|C|)"
    assumes = (NoNoise(), Has("Delta", 0.0, 1e-20))

    product: AbstractProduct = CRS(1)

    def prescribe(self, c: Constants, T: int) -> SampledBackward:
        return SampledBackward(2**-20, self.product)  # T steps from θ*, but for drifts of 1e-6

    def metric(self, c: Constants, T: int) -> AverageStepSq:
        return AverageStepSq(2**-20)

    def bound(self, c: Constants, T: int) -> float:
        product = self.product
        if isinstance(product, WTA) and product.c is not None:
            return wta_variance(c.residual, c.W, product.k, product.c)
        return crs_variance(c.residual, c.W, product.k)


class FloorRatio(AbstractSeparation):
    """lim E f − f* of WTA ≤ 1.5 · (Var WTA / Var CRS at θ*) · that of CRS, as η → 0.

    Proof. Near θ* both are linear with additive noise of the variance at θ*, and the steady gap
    is proportional to it where WᵀW ∝ I; 1.5 covers corrections O(η).
    """

    source = Source("liu2023wta", "smaller variance, lower floor; derived")
    provenance = Provenance.DERIVED
    statement = "lim E f − f* of WTA ≤ 1.5 (Var WTA / Var CRS) · that of CRS, η → 0"
    assumes = (NoNoise(), Has("isotropic", 1, 1))

    k: int = eqx.field(static=True, default=3)
    c: int = eqx.field(static=True, default=2)
    scale: Any = eqx.field(converter=real, default=0.05)

    def prescribe(self, c: Constants, T: int) -> SampledBackward:
        return SampledBackward(float(self.scale) / c.L, WTA(self.k, self.c))

    def rival(self, c: Constants, T: int) -> SampledBackward:
        return SampledBackward(float(self.scale) / c.L, CRS(self.k))

    def metric(self, c: Constants, T: int) -> Excess:
        return Excess()

    def bound(self, c: Constants, T: int) -> float:
        ours = wta_variance(c.residual, c.W, self.k, self.c)
        return 1.5 * ours / crs_variance(c.residual, c.W, self.k)
