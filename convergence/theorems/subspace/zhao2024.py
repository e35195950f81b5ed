"""Zhao, Zhang, Chen, Wang, Anandkumar and Tian 2024 (GaLore, arXiv 2403.03507): statements as
printed, and their corrections.

G_t = −∇f(W_t) is of the gradient form A − BWC; W_{t+1} = W_t + η P R_t Qᵀ with R_t = PᵀG_tQ.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.subspace.two_sided import TwoSidedSGD
from convergence.constants import Constants
from convergence.metrics.pointwise import AbstractPointwise
from convergence.metrics.projected import ProjectedGradNorm, StableRank, WorstRatio
from convergence.problems.quadratic import rounding
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import number


class StepOfThePath(AbstractAssumption):
    """The instance's suprema D, B̄ and C̄ are those of a path with the step η, not a shorter one."""

    eta: float = eqx.field(static=True)

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        known, steps = float(c.get("eta", self.eta)), c.get("steps", np.inf)
        holds = known == self.eta and steps > c.T
        detail = f"must be η = {self.eta:g}, over more than {c.T} steps"
        return Checked("step of the path", bool(holds), known, detail)


class ResolvedSpectrum(AbstractAssumption):
    """|1−ηλ₁|^T ‖G_∥‖₂ is 10⁶ roundings of BWC above 0, |1−ηλ₁|^T is known to nine digits from
    rounded eigenvalues, and nothing overflows: the stable rank of G_T is not that of its rounding
    errors."""

    eta: float = eqx.field(static=True)

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        factors = np.abs(1 - self.eta * np.asarray(c.eigenvalues))
        with np.errstate(over="ignore"):
            left = float(factors[0] ** c.T * c.par2)
        floor = 1e6 * np.finfo(float).eps * (c.B_sup * c.C_sup * c.W_norm + c.grad0)
        tame = c.T * np.log(max(float(factors.max()), 1.0)) < 300
        spread = c.T * self.eta * rounding(c.d) * float(c.eigenvalues[-1])
        if spread > 1e-9 * factors[0]:
            detail = f"|1−ηλ₁| = {factors[0]:.2g} must be above {1e9 * spread:.2g}"
            return Checked("resolved gradient", False, float(factors[0]), detail)
        return Checked("resolved gradient", bool(left > floor and tame), left, f"above {floor:.2g}")


class ResolvedBound(AbstractAssumption):
    """The stated bound on ‖R_T‖ is above the rounding of BWC, from which a run can be told."""

    theorem: Any

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        size = c.T * np.log(max(self.theorem.factor(c), 1e-300)) + np.log(max(c.R0, 1e-300))
        bound = float(np.exp(min(size, 700.0)))
        floor = 1e3 * np.finfo(float).eps * c.B_sup * c.C_sup * c.W_norm
        holds = floor < bound < 1e150
        return Checked("resolved bound", bool(holds), bound, f"between {floor:.2g} and 1e150")


class StepCondition(AbstractAssumption):
    """η(λ_max + λ₂) ≤ 2, where λ₂ is the second least of at least two eigenvalues."""

    eta: float = eqx.field(static=True)

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        found = (
            self.eta * float(c.eigenvalues[-1] + c.eigenvalues[1])
            if len(c.eigenvalues) > 1
            else np.inf
        )
        return Checked("step condition", bool(found <= 2), found, "η(λ_max + λ₂) must be at most 2")


class SecondEigenvalue(AbstractAssumption):
    """S has a second eigenvalue λ₂ > λ₁."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        found = len(c.eigenvalues)
        return Checked("a second eigenvalue", found > 1, float(found), "S must not be λ₁I")


class AbstractPrinted(AbstractTheorem):
    """What the statements share: kind, step η."""

    kind = Kind.PATHWISE
    assumes = (NoNoise(),)
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=0.9)


class AbstractFixedProjection(AbstractPrinted):
    """R_t = PᵀG_tQ for fixed P and Q."""

    def prescribe(self, c: Constants, T: int) -> TwoSidedSGD:
        return TwoSidedSGD(self.eta, c.P, c.Q)

    def metric(self, c: Constants, T: int) -> Any:
        return ProjectedGradNorm(c.P, c.Q)


class FixedProjection(AbstractFixedProjection):
    """‖R_T‖ ≤ [1 − η(κ − L_A − L_B L_C D²)]^T ‖R_0‖: Theorem 3.8, eq. (11), iterated, as printed.

    κ = min_t (1/N) Σ λ_min(PᵀB_iP) λ_min(QᵀC_iQ), ‖W_t‖ ≤ D. It lacks a step condition (η = 2 on
    constant factors keeps ‖R_t‖ away from 0), a factor 2 (eq. (70) of its own proof has it), and
    the assumption ‖B‖ ≤ L_B D, ‖C‖ ≤ L_C D that the proof uses.
    """

    source = Source("zhao2024", "Theorem 3.8, eq. (11)")
    provenance = Provenance.PRINTED
    statement = "‖R_T‖_F ≤ [1 − η(κ − L_A − L_B L_C D²)]^T ‖R_0‖_F (as printed)"
    assumes = (NoNoise(), Has("kappa", 0.0))

    def factor(self, c: Constants) -> float:
        return 1 - float(self.eta) * (c.kappa - c.L_A - c.L_B * c.L_C * c.D**2)

    def bound(self, c: Constants, T: int) -> float:
        return self.factor(c) ** T * c.R0


class FixedProjectionCorrected(AbstractFixedProjection):
    """‖R_T‖ ≤ [‖I − ηŜ‖ + η(L_A + (L_B C̄ + L_C B̄)D)]^T ‖R_0‖, B̄ = sup‖B(W_t)‖, C̄ = sup‖C(W_t)‖.

    Proof. B_tW_tC_t − B_{t−1}W_{t−1}C_{t−1} = ΔB W_tC_t + B_{t−1}W_tΔC + B_{t−1}ΔW C_{t−1} with
    ΔW = ηPR_{t−1}Qᵀ; the last term gives (I − ηŜ)R_{t−1}, ‖I − ηŜ‖ = max(|1−ηλ_min|, |1−ηλ_max|),
    the others at most η‖R_{t−1}‖(L_B D C̄ + B̄ D L_C), and ΔA at most ηL_A‖R_{t−1}‖.
    """

    provenance = Provenance.DERIVED
    source = Source("zhao2024", "Theorem 3.8, corrected")
    statement = "‖R_T‖_F ≤ [‖I − ηŜ‖ + η(L_A + (L_B C̄ + L_C B̄)D)]^T ‖R_0‖_F"

    def factor(self, c: Constants) -> float:
        eta = float(self.eta)
        operator = max(abs(1 - eta * c.low), abs(1 - eta * c.high))
        return operator + eta * (c.L_A + (c.L_B * c.C_sup + c.L_C * c.B_sup) * c.D)

    @varies
    def assumes(self) -> Any:
        path = StepOfThePath(float(self.eta)), ResolvedBound(self)
        return (*FixedProjection.assumes, *path)

    def bound(self, c: Constants, T: int) -> float:
        return self.factor(c) ** T * c.R0


class FixedProjectionRate(AbstractFixedProjection):
    """max_{t<T} ‖R_{t+1}‖/‖R_t‖ ≤ 1 − ηκ for constant A, B, C and η λ_max(Ŝ) ≤ 1.

    Attained asymptotically when N = 1. The step is η = 1/λ_max(Ŝ). Ratios are read where ‖R_t‖ >
    10⁻⁶‖R_0‖: beyond, rounding decides.
    """

    provenance = Provenance.DERIVED
    source = Source("zhao2024", "Theorem 3.8 for constant factors, with its step condition")
    statement = "‖R_{t+1}‖_F ≤ (1 − ηκ)‖R_t‖_F for every t,  ηλ_max(Ŝ) ≤ 1"
    assumes = (
        *FixedProjection.assumes,
        *(Has(name, 0.0, 0.0) for name in ("L_A", "L_B", "L_C")),
        Has("high", 1e-300),
    )

    def step(self, c: Constants) -> float:
        return 1 / c.high

    def prescribe(self, c: Constants, T: int) -> TwoSidedSGD:
        return TwoSidedSGD(self.step(c), c.P, c.Q)

    def metric(self, c: Constants, T: int) -> WorstRatio:
        return WorstRatio(ProjectedGradNorm(c.P, c.Q), 1e-6 * c.R0)

    def bound(self, c: Constants, T: int) -> float:
        return 1 - self.step(c) * c.kappa


class AbstractLowRank(AbstractPrinted):
    """The stable rank of the gradients of SGD on a linear form."""

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(self.eta)

    def metric(self, c: Constants, T: int) -> AbstractPointwise:
        return StableRank()

    def ratio(self, c: Constants) -> float:
        eta = float(self.eta)
        return abs((1 - eta * c.eigenvalues[1]) / (1 - eta * c.eigenvalues[0]))

    def bound(self, c: Constants, T: int) -> float:
        return (c.par**2 + self.ratio(c) ** (2 * T) * c.perp**2) / c.par2**2


class LowRank(AbstractLowRank):
    """sr(G_t) ≤ sr(G_∥) + ((1−ηλ₂)/(1−ηλ₁))^{2t} ‖G_0 − G_∥‖_F²/‖G_∥‖₂²: Lemma 3.3 as printed.

    False when the minimal eigenspace of S is no product subspace, and without the step condition
    η(λ_max + λ₂) ≤ 2.
    """

    source = Source("zhao2024", "Lemma 3.3 (= B.3)")
    provenance = Provenance.PRINTED
    statement = "sr(G_t) ≤ sr(G_∥) + ((1−ηλ₂)/(1−ηλ₁))^{2t} ‖G_0−G_∥‖_F²/‖G_∥‖₂² (as printed)"
    assumes = (*AbstractLowRank.assumes, SecondEigenvalue(), Positive("par2"))


class LowRankWithConditions(AbstractLowRank):
    """Lemma 3.3 where the eigenspace of λ₁ is a product and η(λ_max + λ₂) ≤ 2.

    Proof. The component of G_t on the eigenspace of λ is (1−ηλ)^t times that of G_0, and |1−ηλ| ≤
    1−ηλ₂ for λ ≥ λ₂ by the condition; so ‖G_t‖_F² ≤ (1−ηλ₁)^{2t}‖G_∥‖_F² + (1−ηλ₂)^{2t}‖G_⊥‖_F².
    With the product U ⊗ V, G_∥ = P_U G_0 P_V and ‖G_t‖₂ ≥ ‖P_U G_t P_V‖₂ = |1−ηλ₁|^t ‖G_∥‖₂.
    """

    provenance = Provenance.DERIVED
    source = Source("zhao2024", "Lemma 3.3 with the conditions that its proof needs")
    statement = (
        "sr(G_t) ≤ sr(G_∥) + ((1−ηλ₂)/(1−ηλ₁))^{2t} ‖G_0−G_∥‖_F²/‖G_∥‖₂²,  "
        "product eigenspace, η(λ_max+λ₂) ≤ 2"
    )

    @varies
    def assumes(self) -> Any:
        return (*LowRank.assumes, Is("product"), *self.conditions())

    def conditions(self) -> Any:
        """On the step and the horizon."""
        return StepCondition(float(self.eta)), ResolvedSpectrum(float(self.eta))


class LowRankCorrected(AbstractLowRank):
    """sr(G_t) ≤ (‖G_∥‖_F² + q^{2t}‖G_⊥‖_F²)/(‖G_∥‖₂ − q^t‖G_⊥‖_F)₊²,
    q = max_{λ≠λ₁} |1−ηλ|/|1−ηλ₁|.

    Proof. G_t = (1−ηλ₁)^t(G_∥ + E_t) with ‖E_t‖_F ≤ q^t‖G_⊥‖_F and E_t ⊥ G_∥; the numerator adds
    the squares, the denominator is the triangle inequality for ‖·‖₂.
    """

    provenance = Provenance.DERIVED
    source = Source("zhao2024", "Lemma 3.3, corrected")
    statement = "sr(G_t) ≤ (‖G_∥‖_F² + q^{2t}‖G_⊥‖_F²)/(‖G_∥‖₂ − q^t‖G_⊥‖_F)₊²"

    @varies
    def assumes(self) -> Any:
        return (*AbstractLowRank.assumes, ResolvedSpectrum(float(self.eta)))

    def ratio(self, c: Constants) -> float:
        eta = float(self.eta)
        if len(c.eigenvalues) == 1:
            return 0.0
        return float(np.max(np.abs(1 - eta * c.eigenvalues[1:])) / abs(1 - eta * c.eigenvalues[0]))

    def bound(self, c: Constants, T: int) -> float:
        q = self.ratio(c) ** T
        norm = max(c.par2 - q * c.perp, 0.0)
        return float("inf") if norm == 0 else (c.par**2 + q**2 * c.perp**2) / norm**2
