"""He, Li, Hu, Chen and Yuan 2025 (GoLore, arXiv 2410.11289): where subspace methods converge.

δ = r/m. The rates of the paper's Theorems 2–4 are recalled; every constant here is derived.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.subspace.projected import Subspace
from convergence.constants import Constants
from convergence.metrics.folds import Average, AverageEvery
from convergence.metrics.pointwise import GradNormSq
from convergence.parts.momenta import EMA
from convergence.parts.projectors import AbstractProjector, Coordinates, Haar, TopSVD
from convergence.shapes import real, whole
from convergence.theorems.assumptions import (
    AbstractAssumption,
    FiniteVariance,
    Improvable,
    Is,
    Matrix,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.domains import a, count, number


class AbstractSubspaceTheorem(AbstractTheorem):
    """What the statements share: rank r ≤ min(m, n), the metric and its trivial value.

    `needs`: what the proof assumes besides.
    """

    provenance = Provenance.DERIVED
    kind = Kind.EXPECTATION
    domain = {"r": count()}
    needs: ClassVar[tuple[AbstractAssumption, ...]] = ()

    r: int = eqx.field(static=True, default=2)

    @varies
    def assumes(self) -> Any:
        return (*self.needs, Matrix(self.r))

    def delta(self, c: Constants) -> float:
        """δ = r/m."""
        return self.r / c.m

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2


class GaLoreDeterministic(AbstractSubspaceTheorem):
    """(1/T) Σ ‖∇f(X_t)‖² ≤ 2LΔ/(δT) for GaLore-SGD with exact gradients, τ = 1, η = 1/L.

    Proof. −η⟨g, Πg⟩ + (Lη²/2)‖Πg‖² ≤ (η/2)(‖(I−Π)g‖² − ‖g‖²), and the r leading directions leave
    ‖(I−Π)g‖² ≤ (1−δ)‖g‖²; telescope. On (L/2)‖X‖² from X_0 = cI_m the method ends after m/r steps,
    with ratio (1+δ)/2 at T = m/r when r divides m.
    """

    source = Source("he2025", "Theorem 2 without momentum, sharper constants")
    kind = Kind.PATHWISE
    statement = "(1/T) Σ ‖∇f(X_t)‖² ≤ 2LΔ/(δT),  GaLore-SGD, exact gradients, τ = 1, η = 1/L"
    needs = (Smooth(), NoNoise())

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(TopSVD(), 1 / c.L, r=self.r, tau=1)

    def bound(self, c: Constants, T: int) -> float:
        return 2 * c.L * c.Delta / (self.delta(c) * T)


class GaLoreLargeBatch(AbstractSubspaceTheorem):
    """(1/T) Σ E‖∇f(X_t)‖² ≤ 4LΔ/(δT) + (4/δ²−1)σ²/B for GaLore-SGD, τ = 1, η = 1/L, batch B(T).

    Proof. At η = 1/L: f_{t+1} ≤ f_t + (η/2)(‖ΠG − g‖² − ‖g‖²), and with G = g + ξ
    ‖ΠG − g‖² = ‖Πξ‖² + ‖(I−Π)g‖². Young with θ = δ/(2(1−δ)) and ‖(I−Π)G‖² ≤ (1−δ)‖G‖² give
    E‖(I−Π)g‖² ≤ (1−δ/2)(‖g‖² + s²) + (2/δ−1)E‖(I−Π)ξ‖² with s² = σ²/B. Hence
    (η/2)(δ/2)E‖g‖² ≤ f_t − E f_{t+1} + (η/2)(2/δ − δ/2)s²; telescope.
    The batch B = ⌈√T⌉ is fresh at every step.
    """

    source = Source("he2025", "Theorem 3 without momentum, batch at every step")
    statement = "(1/T) Σ E‖∇f(X_t)‖² ≤ 4LΔ/(δT) + (4/δ²−1)σ²/B,  B = ⌈√T⌉, τ = 1, η = 1/L"
    needs = (Smooth(), FiniteVariance())

    def batch(self, T: int) -> int:
        return math.isqrt(T - 1) + 1

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(TopSVD(), 1 / c.L, r=self.r, tau=1, refresh_batch=self.batch(T))

    def bound(self, c: Constants, T: int) -> float:
        d = self.delta(c)
        return 4 * c.L * c.Delta / (d * T) + (4 / d**2 - 1) * c.sigma**2 / self.batch(T)


# Drawn afresh, independent of the gradient, with PᵀP = I and E PPᵀ = δI.
FRESH = a(Haar, Coordinates)


class GoLoreSGD(AbstractSubspaceTheorem):
    """(1/T) Σ E‖∇f(X_t)‖² ≤ Δ/(δη(1−Lη/2)T) + Lησ²/(2−Lη) for fresh P with E PPᵀ = δI, 0<η<2/L.

    Proof. P_t is independent of G_t: E⟨g, ΠG⟩ = δ‖g‖² and E‖ΠG‖² = δE‖G‖² ≤ δ(‖g‖² + σ²); descent
    lemma; telescope. Only PᵀP = I and E PPᵀ = δI are used. On (L/2)‖X‖² with noise of exact total
    variance σ² it is an equality up to f(X_T) ≥ f*.

    The step is η = scale · min{1/L, √(2Δ/(δLσ²T))}.
    """

    source = Source("he2025", "Theorem 4 without momentum, τ = 1, sharp constants")
    statement = "(1/T) Σ E‖∇f(X_t)‖² ≤ Δ/(δη(1−Lη/2)T) + Lησ²/(2−Lη),  η = min{1/L, √(2Δ/(δLσ²T))}"
    needs = (Smooth(), FiniteVariance(), Improvable())
    domain = {"projector": FRESH, "scale": number("(0, 2)")}

    projector: AbstractProjector = Haar()
    scale: Any = eqx.field(converter=real, default=1.0)

    def eta(self, c: Constants, T: int) -> float:
        noise = self.delta(c) * c.L * c.sigma**2 * T
        tuned = (2 * c.Delta / noise) ** 0.5 if noise > 0 else math.inf
        return float(self.scale) * min(1 / c.L, tuned)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Subspace(self.projector, self.eta(c, T), r=self.r, tau=1)

    def bound(self, c: Constants, T: int) -> float:
        eta, d = self.eta(c, T), self.delta(c)
        noise = c.L * eta * c.sigma**2 / (2 - c.L * eta)
        return c.Delta / (d * eta * (1 - c.L * eta / 2) * T) + noise


class GoLoreLazy(AbstractSubspaceTheorem):
    """(1/K) Σ_k E‖∇f(X_{kτ})‖² ≤ 8Δ/(δηT) + 4Lησ² + 2L²η²τσ² for P held τ steps, Lητ ≤ 1.

    Needs a noise whose law does not depend on X (so that E‖Pᵀξ‖² = δσ² within a block).
    Proof. In-block descent on S_k = Σ_j E‖Pᵀg_j‖²; ‖Pᵀg_j‖² ≥ ½‖Pᵀg_0‖² − L²‖x_j − x_0‖²;
    Σ_j L²‖x_j − x_0‖² ≤ L²η²τ²(S_k + δσ²). The step is η = min{1/(Lτ), √(2Δ/(δLσ²T))}.
    """

    source = Source("he2025", "Theorem 4 without momentum, lazy refresh")
    statement = "(1/K) Σ_k E‖∇f(X_{kτ})‖² ≤ 8Δ/(δηT) + 4Lησ² + 2L²η²τσ²,  Lητ ≤ 1"
    needs = (Smooth(), FiniteVariance(), Is("additive"), Improvable())
    domain = {"tau": count()}

    tau: Any = eqx.field(converter=whole, default=10)

    def eta(self, c: Constants, T: int) -> float:
        noise = self.delta(c) * c.L * c.sigma**2 * T
        tuned = (2 * c.Delta / noise) ** 0.5 if noise > 0 else math.inf
        return min(1 / (c.L * int(self.tau)), tuned)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(Haar(), self.eta(c, T), r=self.r, tau=self.tau)

    def metric(self, c: Constants, T: int) -> AverageEvery:
        return AverageEvery(GradNormSq(), self.tau)

    def bound(self, c: Constants, T: int) -> float:
        eta, tau = self.eta(c, T), int(self.tau)
        noise = (4 * c.L * eta + 2 * (c.L * eta) ** 2 * tau) * c.sigma**2
        return 8 * c.Delta / (self.delta(c) * eta * T) + noise


class GoLoreMSGD(AbstractSubspaceTheorem):
    """(1/T) Σ E‖∇f(X_t)‖² ≤ 12.8(1−δ/4)Δ/(δηT) + 6.4β₁σ²/δ with momentum projection.

    β₁, τ and η are the paper's (recalled, and recovered by the proof); the constants are derived:
    unrolling E‖P_tM_t − g_t‖² over the blocks and absorbing the drift into the descent lemma. For T
    no multiple of τ the right side is multiplied by ⌈T/τ⌉τ/T. At δ = ½ and small σ non-vacuous
    horizons begin near 10⁴.
    """

    source = Source("he2025", "Theorem 4 (β₁, τ, η recalled)")
    statement = "(1/T) Σ E‖∇f(X_t)‖² ≤ 12.8(1−δ/4)Δ/(δηT) + 6.4β₁σ²/δ,  β₁, τ, η of the paper"
    needs = (Smooth(), FiniteVariance(), Improvable())

    def settings(self, c: Constants, T: int) -> tuple[float, int, float]:
        """(β₁, τ, η)."""
        d = self.delta(c)
        b = 1 / (1 + math.sqrt(d**1.5 * c.sigma**2 * T / (c.L * c.Delta)))
        tau = math.ceil(64 / (3 * d * b))
        root = (
            4
            + math.sqrt(80 / (3 * d * b**2))
            + math.sqrt(80 * tau**2 / (3 * d))
            + math.sqrt(16 * tau / (3 * b))
        )
        return b, tau, 1 / (c.L * root)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        b, tau, eta = self.settings(c, T)
        return Subspace(Haar(), eta, r=self.r, tau=tau, inner=EMA(b), momentum="project")

    def bound(self, c: Constants, T: int) -> float:
        d = self.delta(c)
        b, tau, eta = self.settings(c, T)
        value = 12.8 * (1 - d / 4) * c.Delta / (d * eta * T) + 6.4 * b * c.sigma**2 / d
        return value * (-(-T // tau) * tau / T)
