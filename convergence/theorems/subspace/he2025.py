"""He, Li, Hu, Chen and Yuan 2025 (GoLore, arXiv 2410.11289): where subspace methods converge.

δ = r/m. The rates of the paper's Theorems 2–4 are recalled; every constant here is derived.
"""

from __future__ import annotations

import math

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.subspace.projected import Subspace
from convergence.constants import Constants
from convergence.metrics.folds import AverageEvery
from convergence.metrics.pointwise import GradNormSq
from convergence.parts.momenta import EMA
from convergence.parts.projectors import AbstractProjector, Haar, TopSVD
from convergence.shapes import Reals, Whole, real, whole
from convergence.theorems.assumptions import (
    ExactVariance,
    FiniteVariance,
    Improvable,
    Is,
    IsotropicNoise,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import Kind, Source
from convergence.theorems.domains import count, number
from convergence.theorems.shrinking import averaged, left, summed
from convergence.theorems.subspace.corner import CornerFits
from convergence.theorems.subspace.shared import FRESH, AbstractSubspaceLaw, AbstractSubspaceTheorem


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


class AbstractGoLoreSGD(AbstractSubspaceTheorem):
    """GoLore with a fresh P at every step, E PPᵀ = δI, η = scale · min{1/L, √(2Δ/(δLσ²T))}."""

    source = Source("he2025", "Theorem 4 without momentum, τ = 1, sharp constants")
    domain = {"projector": FRESH, "scale": number("(0, 2)")}

    projector: AbstractProjector = Haar()
    scale: Reals = eqx.field(converter=real, default=1.0)

    def eta(self, c: Constants, T: int) -> float:
        noise = self.delta(c) * c.L * c.sigma**2 * T
        tuned = (2 * c.Delta / noise) ** 0.5 if noise > 0 else math.inf
        return float(self.scale) * min(1 / c.L, tuned)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Subspace(self.projector, self.eta(c, T), r=self.r, tau=1)


class GoLoreSGD(AbstractGoLoreSGD):
    """(1/T) Σ E‖∇f(X_t)‖² ≤ Δ/(δη(1−Lη/2)T) + Lησ²/(2−Lη) for fresh P with E PPᵀ = δI, 0<η<2/L.

    Proof. P_t is independent of G_t: E⟨g, ΠG⟩ = δ‖g‖² and E‖ΠG‖² = δE‖G‖² ≤ δ(‖g‖² + σ²); descent
    lemma; telescope. Only PᵀP = I and E PPᵀ = δI are used. On (L/2)‖X‖² with noise of exact total
    variance σ² it is an equality up to f(X_T) ≥ f*.

    The step is η = scale · min{1/L, √(2Δ/(δLσ²T))}.
    """

    statement = "(1/T) Σ E‖∇f(X_t)‖² ≤ Δ/(δη(1−Lη/2)T) + Lησ²/(2−Lη),  η = min{1/L, √(2Δ/(δLσ²T))}"
    needs = (Smooth(), FiniteVariance(), Improvable())

    def bound(self, c: Constants, T: int) -> float:
        eta, d = self.eta(c, T), self.delta(c)
        noise = c.L * eta * c.sigma**2 / (2 - c.L * eta)
        return c.Delta / (d * eta * (1 - c.L * eta / 2) * T) + noise


class GoLoreIsotropicLaw(AbstractGoLoreSGD):
    """The same average on (L/2)‖X‖², exactly: u_{t+1} = (1 − 2ηLδ + η²L²δ)u_t + L²η²δσ² for
    u_t = E‖∇f(X_t)‖².

    Proof. E‖X − ηΠ(LX + ξ)‖² = ‖X‖²(1 − 2ηLδ + η²L²δ) + η²δσ², times L².
    """

    kind = Kind.EXACT
    statement = "(1/T) Σ_{t<T} u_t,  u_{t+1} = (1 − 2ηLδ + η²L²δ)u_t + L²η²δσ²,  f = (L/2)‖X‖²"
    needs = (Is("isotropic"), ExactVariance(), Improvable())

    def bound(self, c: Constants, T: int) -> float:
        eta, d = self.eta(c, T), self.delta(c)
        less = eta * c.L * (2 - eta * c.L)  # 1 − q is δ times this
        floor = (c.L * eta) ** 2 * c.sigma**2 / less
        return float(summed(d * less, T) / T * c.grad0**2 + averaged(d * less, T) * floor)


class GoLoreCounterexampleLaw(AbstractSubspaceLaw):
    """E‖∇f(X_T)‖² = a_T on the counterexample, GoLore-SGD, τ = 1, Haar P (left, rank r):

    a_{t+1} = [1 − 2ηδ + η²(k₁ + k₂ + k₂(n−r))] a_t + η² k₂ (n−r) r σ²,
    k₂ = r(m−r)/(m(m−1)(m+2)), k₁ = r²/m² − 2r(m−r)/(m²(m−1)(m+2)).

    Proof. E[ΠMΠ] = (k₁+k₂)M + k₂ tr(M) I for symmetric M (traces of M = I and of a rank-one M);
    apply it to E = AᵀA, the projection on the n−r visible rows, with Eg = g and EC = 0.
    """

    source = Source("he2025", "Section 4, the counterexample")
    kind = Kind.EXACT
    statement = "E‖∇f(X_T)‖² = a_T,  a_{t+1} = [1−2ηδ+η²(k₁+k₂+k₂(n−r))]a_t + η²k₂(n−r)rσ²"
    needs = (ExactVariance(), CornerFits(0))

    eta: Reals = eqx.field(converter=real, default=0.1)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(Haar(), self.eta, r=self.r, tau=1)

    def bound(self, c: Constants, T: int) -> float:
        m, r, eta, k = c.m, self.r, float(self.eta), c.visible
        spread = r * (m - r) / ((m - 1) * (m + 2))
        k1, k2 = r**2 / m**2 - 2 * spread / m**2, spread / m
        less = 2 * eta * r / m - eta**2 * (k1 + k2 + k2 * k)  # 1 − q
        kick = eta**2 * k2 * k * c.sigma**2
        return float(left(less, T) * c.grad0**2 + kick * summed(less, T))


class GoLoreRowLaw(GoLoreCounterexampleLaw):
    """E‖∇f(X_T)‖² = tr(H Q_T H) on f = ½ tr(XᵀHX), H = diag(h), for a fresh P at every step:

    Q_{t+1} = Q_t − ηδ(HQ_t + Q_tH) + η² E[Π(HQ_tH + (σ²/m)I)Π], Q_0 = X_0X_0ᵀ, σ² isotropic.

    Proof. X⁺ = X − ηΠ(HX + ξ) with E Π = δI independent of ξ, E ξξᵀ = (σ²/m)I; expand E X⁺X⁺ᵀ. ∎
    E[ΠMΠ] tells laws apart that share E Π: the projector gives it.
    """

    statement = "E‖∇f(X_T)‖² = tr(HQ_TH), Q ← Q − ηδ(HQ+QH) + η²E[Π(HQH+(σ²/m)I)Π]"
    needs = (Is("by_rows"), IsotropicNoise(), ExactVariance())
    domain = {"projector": FRESH}

    projector: AbstractProjector = Haar()
    eta: Reals = eqx.field(converter=real, default=0.4)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(self.projector, self.eta, r=self.r, tau=1)

    def bound(self, c: Constants, T: int) -> float:
        H, eta, Q = np.diag(c.h), float(self.eta), c.gram
        for _ in range(T):
            seen = H @ Q @ H + c.sigma**2 / c.m * np.eye(c.m)
            pull = eta * self.delta(c) * (H @ Q + Q @ H)
            Q = Q - pull + eta**2 * self.projector.squeeze(seen, self.r)
        return float(np.trace(H @ Q @ H))


class GoLoreLazy(AbstractSubspaceTheorem):
    """(1/K) Σ_k E‖∇f(X_{kτ})‖² ≤ 8Δ/(δηT) + 4Lησ² + 2L²η²τσ² for P held τ steps, Lητ ≤ 1.

    Needs a noise whose law does not depend on X (so that E‖Pᵀξ‖² = δσ² within a block).
    Proof. In-block descent on S_k = Σ_j E‖Pᵀg_j‖²; ‖Pᵀg_j‖² ≥ ½‖Pᵀg_0‖² − L²‖x_j − x_0‖²;
    Σ_j L²‖x_j − x_0‖² ≤ L²η²τ²(S_k + δσ²). A last block that T cuts short may go on with the same
    η, which only lowers Δ/(ηT). The step is η = min{1/(Lτ), √(2Δ/(δLσ²T))}.
    """

    source = Source("he2025", "Theorem 4 without momentum, lazy refresh")
    statement = "(1/K) Σ_k E‖∇f(X_{kτ})‖² ≤ 8Δ/(δηT) + 4Lησ² + 2L²η²τσ²,  Lητ ≤ 1"
    needs = (Smooth(), FiniteVariance(), Is("additive"), Improvable())
    domain = {"tau": count()}

    tau: Whole = eqx.field(converter=whole, default=10)

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
    statement = (
        "(1/T) Σ E‖∇f(X_t)‖² ≤ [12.8(1−δ/4)Δ/(δηT) + 6.4β₁σ²/δ]⌈T/τ⌉τ/T,  β₁, τ, η of the paper"
    )
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


class GoLoreMSGDLaw(AbstractSubspaceLaw):
    """E‖∇f(X_T)‖² on f = (L/2)‖X‖² for GoLore-MSGD with momentum projection, τ = 1, exactly.

    With M̃ = PM, A = E‖X‖², B = E⟨X, M̃⟩, C = E‖M̃‖² and β = β₁:
    C′ = δ[(1−β)²C + 2β(1−β)LB + β²(L²A + σ²)], Y = δ[(1−β)B + βLA],
    A′ = A − 2ηY + η²C′, B′ = Y − ηC′, from B = C = 0.

    Proof. M̃′ = Π((1−β)M̃ + β(LX + ξ)) because PᵀP_old M = PᵀM̃, with Π independent of the past
    and EΠ = δI; X′ = X − ηM̃′.
    """

    source = Source("he2025", "Algorithm 1 with momentum projection")
    kind = Kind.EXACT
    statement = "E‖∇f(X_T)‖² = L²A_T with the three-number recursion of (A, B, C),  f = (L/2)‖X‖²"
    needs = (Is("isotropic"), ExactVariance())
    domain = {"beta1": number("(0, 1]")}

    eta: Reals = eqx.field(converter=real, default=0.2)
    beta1: Reals = eqx.field(converter=real, default=0.5)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(
            Haar(), self.eta, r=self.r, tau=1, inner=EMA(self.beta1), momentum="project"
        )

    def bound(self, c: Constants, T: int) -> float:
        d, eta, b, L = self.delta(c), float(self.eta), float(self.beta1), c.L
        A, B, C = (c.grad0 / L) ** 2, 0.0, 0.0
        for _ in range(T):
            old = (1 - b) ** 2 * C + 2 * b * (1 - b) * L * B
            C, Y = d * (old + b**2 * (L**2 * A + c.sigma**2)), d * ((1 - b) * B + b * L * A)
            A, B = A - 2 * eta * Y + eta**2 * C, Y - eta * C
        return L**2 * A
