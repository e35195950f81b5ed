"""DSGD (Koloskova et al. 2020): its bias under heterogeneity, exactly, and its rate as recalled."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized import single_level as dec
from convergence.constants import Constants
from convergence.metrics.agents import CenterGradSq
from convergence.metrics.folds import Average
from convergence.noise.base import AbstractNoise
from convergence.parts.graphs import summed
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is
from convergence.theorems.base import Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.decentralized.alghunaim2022 import SYMMETRIC
from convergence.theorems.domains import number, one_of
from convergence.theorems.exact_moments import AbstractMoment

FORMS: dict[str, Any] = {
    "ATC": dec.Diffusion,
    "consensus": dec.ConsensusDescent,
    "CTA": dec.CombineThenAdapt,
}
SOURCE = Source("koloskova2020", "DSGD; the exact bias on quadratics is ours")


class AbstractDSGDMoment(AbstractMoment):
    """A statement about DSGD in one of its three forms, at the step α = ah/L."""

    source = SOURCE
    provenance = Provenance.DERIVED
    quantity = Moment.BIAS
    domain = {"name": one_of(*FORMS), "ah": number("(0, inf)")}

    name: str = eqx.field(static=True, default="ATC")
    ah: Reals = eqx.field(converter=real, default=0.05)

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.ah) / c.L

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return FORMS[self.name](c.W, self.alpha(c, T))

    def scale(self, c: Constants, T: int) -> float:
        """What counts as 0: the square of a relative 1e-9 of the distances that cancel."""
        return 1e-18 / self.tolerance * ((c.zeta / c.mean_mu) ** 2 + c.R_rms**2)


class ModeBias(AbstractDSGDMoment):
    """(1/n) Σ‖E x_i − x*‖² → (1/n) Σ_{m≥2,j} (αλβ/(1 − λ(1 − αh)))² for ATC,
    (αβ/(1 − λ + αh))² for consensus and (αβ/(1 − λ + αλh))² for CTA, β the modes of −∇f_i(x*); a
    common Hessian.

    Proof. The mode is e⁺ = λ(e − α(he − β)), or λe − α(he − β), or λe − α(hλe − β): solve for its
    fixed point. ∎
    """

    assumes = (Is("common"), SYMMETRIC)
    statement = "bias = (1/n)Σ e², e = αλβ/(1−λ(1−αh)) (ATC), αβ/(1−λ+αh) (DGD), αβ/(1−λ+αλh) (CTA)"
    settled = 0.0

    def bound(self, c: Constants, T: int) -> float:
        a = self.alpha(c, T)
        lam, h = np.meshgrid(c.lam[1:], c.h, indexing="ij")
        beta = c.modes[1:]
        if self.name == "ATC":
            e = a * lam * beta / (1 - lam * (1 - a * h))
        else:
            seen = lam * h if self.name == "CTA" else h
            e = a * beta / (1 - lam + a * seen)
        return float(np.sum(e**2)) / c.agents


class RowStochastic(AbstractAssumption):
    """The rows of W sum to 1: W leaves a consensus alone."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        off = float(np.max(np.abs(np.asarray(c.W).sum(axis=1) - 1)))
        return Checked("row-stochastic W", off <= summed(len(c.W)), off, "max |Σ_j W_ij − 1|")


class FixedPoint(AbstractDSGDMoment):
    """X∞ − x* = (I − 𝕎 + α𝕎ℋ)⁻¹α𝕎β (ATC), (I − 𝕎 + αℋ)⁻¹αβ (consensus), and
    (I − 𝕎 + αℋ𝕎)⁻¹αβ (CTA), with 𝕎 = W ⊗ I, ℋ = blkdiag(H_i), β_i = −∇f_i(x*); any Hessians.

    Proof. With E = X − x*, G = ℋE − β; 𝕎 leaves 1x* alone. Solve E = 𝕎(E − αG), and so on. ∎
    """

    statement = "X∞ − x* = (I−𝕎+α𝕎ℋ)⁻¹α𝕎β, (I−𝕎+αℋ)⁻¹αβ, (I−𝕎+αℋ𝕎)⁻¹αβ (ATC, consensus, CTA)"
    settled = 0.0
    assumes = (Has("mean_mu", 0.0), RowStochastic())  # of agents

    def bound(self, c: Constants, T: int) -> float:
        a, n, d = self.alpha(c, T), c.agents, c.beta.shape[1]
        mix = np.kron(c.W, np.eye(d))
        H = np.zeros((n * d, n * d))
        for i in range(n):
            H[i * d : (i + 1) * d, i * d : (i + 1) * d] = c.hessians[i]
        pull, one = a * c.beta.ravel(), np.eye(n * d)
        if self.name == "ATC":
            e = np.linalg.solve(one - mix + a * mix @ H, mix @ pull)
        elif self.name == "consensus":
            e = np.linalg.solve(one - mix + a * H, pull)
        else:
            e = np.linalg.solve(one - mix + a * H @ mix, pull)
        return float(e @ e) / n


def expanded(c: Constants, al: float) -> float:
    """r(2 + r) of `DSGDSmallStep` at αL = al, ∞ where the expansion says nothing."""
    grow, gap = (1 + (c.L / c.mean_mu) ** 2) ** 0.5, float(1 - c.lam[1])
    room = gap - al * grow
    r = grow**2 * al / room if room > 0 else np.inf
    return float(r * (2 + r))


class DSGDSmallStep(AbstractDSGDMoment):
    """bias = α²[(1/n)Σ‖D_i‖² + ‖m‖²](1 + O(α)), D = (I − W)⁺Wβ (ATC) or (I − W)⁺β (consensus,
    CTA), m = −H̄⁻¹(1/n)Σ H_i M_i with M = D (ATC, consensus) or WD (CTA). T = 1/(αL).

    The O(α) is at most r(2 + r), r = αL(1 + κ²)/(1 − λ₂ − αL√(1 + κ²)), κ = L/λ_min(H̄).

    Proof. At the fixed point E = E⊥ + 1mᵀ the mean of ℋE (CTA: of ℋ𝕎E) is 0: ‖m‖ ≤ κ‖E⊥‖, norms
    being root mean squares, so ‖E‖ ≤ √(1 + κ²)‖E⊥‖. E⊥ = α(I − W)⁺𝕎(β − ℋE), or alike, differs
    from αD by αL‖E‖/(1 − λ₂) at most, a share x = αL√(1 + κ²)/(1 − λ₂) of ‖E⊥‖ ≤ α‖D‖/(1 − x); and
    E is √(1 + κ²)-Lipschitz in E⊥. ∎
    """

    statement = "bias = α²[(1/n)Σ‖D_i‖² + ‖m‖²](1 + O(α)), a stable step"
    tolerance = 0.01
    settled = 0.0

    @varies
    def assumes(self) -> Any:
        return (SYMMETRIC, Within("a small step", self, "remainder", 0.0, 1.0))

    def remainder(self, c: Constants, T: int) -> float:
        """The O(α)."""
        return expanded(c, 1 / T)

    def scale(self, c: Constants, T: int) -> float:
        """What is granted beyond `tolerance`: the remainder."""
        return max(super().scale(c, T), self.bound(c, T) * self.remainder(c, T) / self.tolerance)

    def alpha(self, c: Constants, T: int) -> float:
        return 1 / (c.L * T)

    def bound(self, c: Constants, T: int) -> float:
        a = self.alpha(c, T)
        beta = c.W @ c.beta if self.name == "ATC" else c.beta
        D = c.U[:, 1:] @ ((c.U[:, 1:].T @ beta) / (1 - c.lam[1:, None]))
        seen = c.W @ D if self.name == "CTA" else D
        pull = np.einsum("kij,kj->ki", c.hessians, seen).mean(axis=0)
        m = -np.linalg.solve(c.hessians.mean(axis=0), pull)
        return a**2 * float(np.mean(np.sum(D**2, axis=1)) + m @ m)


class AbstractVanishingBias(AbstractDSGDMoment):
    """DSGD at a constant step leaves no bias."""

    tolerance = 1e-18

    def bound(self, c: Constants, T: int) -> float:
        return 0.0


class ConstantStep(AbstractVanishingBias):
    """FALSE AS TOLD: "DSGD converges exactly at a constant step without noise".

    True if the agents share a minimizer (`SharedMinimizer`); `ModeBias` is what happens otherwise.
    """

    source = Source("koloskova2020", "a folklore reading of DSGD with constant steps")
    statement = "folklore: (1/n) Σ ‖x_i − x*‖² → 0 for DSGD at a small constant step"


class SharedMinimizer(AbstractVanishingBias):
    """(1/n) Σ ‖x_i − x*‖² → 0 for DSGD at a stable constant step if every ∇f_i(x*) = 0.

    Proof. β = 0 in `FixedPoint`. ∎
    """

    source = SOURCE
    settled = 0.0

    @varies
    def assumes(self) -> Any:
        return (SYMMETRIC, Within("one minimizer for all", self, "apart", 0.0, 1e-12))

    def apart(self, c: Constants, T: int) -> float:
        """ζ/(μ(1 − λ₂)) against the way of the copies to x*."""
        far = c.zeta / (c.mean_mu * (1 - float(c.lam[1])))
        return far / c.R_rms if c.R_rms > 0 else (np.inf if far > 0 else 0.0)

    statement = (
        "(1/n) Σ ‖x_i − x*‖² → 0 for DSGD at a small constant step if ∇f_i(x*) = 0 for all i"
    )


class AnyRowStochastic(AbstractDSGDMoment):
    """FALSE AS TOLD: "DGD with small steps minimizes (1/n)Σf_i for every row-stochastic W".

    It minimizes the mean weighted by the left Perron vector of W. T = L/α; a right statement would
    make the bias O(α²).
    """

    kind = Kind.RATE
    source = Source("koloskova2020", "a folklore reading of DSGD on directed graphs")
    statement = "folklore: bias = O(α²) for DSGD with any row-stochastic W"

    name: str = eqx.field(static=True, default="consensus")

    def alpha(self, c: Constants, T: int) -> float:
        return 1 / (c.L * T)

    def bound(self, c: Constants, T: int) -> float:
        return self.alpha(c, T) ** 2


class DSGDRate(AbstractDSGDMoment):
    """(1/T) Σ_{t<T} E‖∇J(x̄_t)‖² = O(1/√(nT)) with α = √(n/T)/L.

    The other terms of the bound fall faster; read where the step is stable and the start is
    forgotten, T(1 − ρ) ≥ 16, and some noise is left; and where agents of unequal curvatures are
    past the transient of their network, before which copies apart bias the mean: by the expansion
    of `DSGDSmallStep`. The mean of equal ones sees none."""

    kind = Kind.RATE
    quantity = Moment.EXPECTED
    settled = 16.0
    source = Source("koloskova2020", "Theorem 2, nonconvex case, leading term")
    provenance = Provenance.RECALLED
    statement = "(1/T) Σ E‖∇J(x̄_t)‖² = O(1/√(nT)),  α = √(n/T)/L"

    @varies
    def assumes(self) -> Any:
        past = Within("past the network's transient", self, "lags", 0.0, 0.2)
        return (SYMMETRIC, Positive("sigma"), past)

    def lags(self, c: Constants, T: int) -> float:
        """What the expansion leaves, 0 for agents of one curvature."""
        return 0.0 if c.common else expanded(c, float((c.agents / T) ** 0.5))

    def alpha(self, c: Constants, T: int) -> float:
        return float((c.agents / T) ** 0.5 / c.L)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(CenterGradSq())

    def bound(self, c: Constants, T: int) -> float:
        return float((c.agents * T) ** -0.5)
