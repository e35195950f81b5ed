"""Liu et al. 2023 (arXiv 2305.15265): SGD whose backward product is sampled by CRS or WTA-CRS."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.estimators.wta_crs import SampledBackward
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.errors import Excess
from convergence.metrics.travel import AverageStepSq
from convergence.parts.matrix_products import CRS, WTA, AbstractProduct
from convergence.shapes import real
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.estimators.liu2023wta import crs_variance, wta_variance


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
            return wta_variance(c.residual, c.layer, product.k, product.c)
        return crs_variance(c.residual, c.layer, product.k)


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
    assumes = (NoNoise(), Is("ones"), Has("Delta", 0.0, 1e-20))

    product: AbstractProduct = CRS(3)

    def kept(self) -> int:
        """|C|."""
        c = self.product.c if isinstance(self.product, WTA) else 0
        require(c is not None, "a |C| that is chosen on the way", "a fixed one", "give WTA(k, c)")
        return int(c or 0)

    def eta(self, c: Constants, T: int) -> float:
        """δ/((S + mδ)T)."""
        size = np.sort(np.abs(np.asarray(c.residual).ravel()))[::-1]
        j = self.kept()
        delta = min(size[-1], (size[j - 1] - size[j]) / 2 if j else np.inf)
        return float(delta / ((size.sum() + size.size * delta) * T))

    def prescribe(self, c: Constants, T: int) -> SampledBackward:
        return SampledBackward(self.eta(c, T), self.product)

    def metric(self, c: Constants, T: int) -> Excess:
        return Excess()

    def bound(self, c: Constants, T: int) -> float:
        r, j, eta = np.asarray(c.residual).ravel(), self.kept(), self.eta(c, T)
        rest, m = r[np.argsort(-np.abs(r))[j:]], r.size
        fixed = np.abs(rest).sum() ** 2 - rest.sum() ** 2
        moving = np.sign(rest).sum() ** 2 - rest.size**2
        v = 0.0
        for _ in range(T):
            square = m * m * v + (fixed + moving * v) / (self.product.k - j)
            v = (1 - 2 * eta * m) * v + eta**2 * square
        return m / 2 * float(v)
