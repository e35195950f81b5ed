"""He, Li, Hu, Chen and Yuan 2025 (GoLore, arXiv 2410.11289): second moments of GoLore, exactly.

δ = r/m. Equalities on (L/2)‖X‖², on quadratics by rows, and on the counterexample; all derived.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.subspace.projected import Subspace
from convergence.constants import Constants
from convergence.metrics.pointwise import GradNormSq
from convergence.parts.momenta import EMA
from convergence.parts.projectors import AbstractProjector, Haar
from convergence.shapes import real
from convergence.theorems.assumptions import ExactVariance, Improvable, Is, Matrix, ShortStep
from convergence.theorems.base import Kind, Source, varies
from convergence.theorems.domains import number
from convergence.theorems.subspace.corner import CornerFits
from convergence.theorems.subspace.he2025 import FRESH, AbstractSubspaceTheorem, GoLoreSGD


class GoLoreIsotropicLaw(GoLoreSGD):
    """The same average on (L/2)‖X‖², exactly: u_{t+1} = (1 − 2ηLδ + η²L²δ)u_t + L²η²δσ² for
    u_t = E‖∇f(X_t)‖².

    Proof. E‖X − ηΠ(LX + ξ)‖² = ‖X‖²(1 − 2ηLδ + η²L²δ) + η²δσ², times L².
    """

    kind = Kind.EXACT
    statement = "(1/T) Σ_{t<T} u_t,  u_{t+1} = (1 − 2ηLδ + η²L²δ)u_t + L²η²δσ²,  f = (L/2)‖X‖²"
    needs = (Is("isotropic"), ExactVariance(), Improvable())

    def bound(self, c: Constants, T: int) -> float:
        eta, d = self.eta(c, T), self.delta(c)
        q = 1 - 2 * eta * c.L * d + (eta * c.L) ** 2 * d
        floor = (c.L * eta) ** 2 * d * c.sigma**2 / (1 - q)
        return floor + (c.grad0**2 - floor) * (1 - q**T) / ((1 - q) * T)


class GoLoreCounterexampleLaw(AbstractSubspaceTheorem):
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
    domain = {"eta": number("(0, 2)")}

    eta: Any = eqx.field(converter=real, default=0.1)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(Haar(), self.eta, r=self.r, tau=1)

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        m, r, eta, k = c.m, self.r, float(self.eta), c.visible
        spread = r * (m - r) / ((m - 1) * (m + 2))
        k1, k2 = r**2 / m**2 - 2 * spread / m**2, spread / m
        q = 1 - 2 * eta * r / m + eta**2 * (k1 + k2 + k2 * k)
        kick = eta**2 * k2 * k * c.sigma**2
        return q**T * c.grad0**2 + kick * (1 - q**T) / (1 - q)


class GoLoreRowLaw(GoLoreCounterexampleLaw):
    """E‖∇f(X_T)‖² = tr(H Q_T H) on f = ½ tr(XᵀHX), H = diag(h), for a fresh P at every step:

    Q_{t+1} = Q_t − ηδ(HQ_t + Q_tH) + η² E[Π(HQ_tH + (σ²/m)I)Π], Q_0 = X_0X_0ᵀ, σ² isotropic.

    Proof. X⁺ = X − ηΠ(HX + ξ) with E Π = δI independent of ξ, E ξξᵀ = (σ²/m)I; expand E X⁺X⁺ᵀ. ∎
    E[ΠMΠ] tells laws apart that share E Π: the projector gives it.
    """

    statement = "E‖∇f(X_T)‖² = tr(HQ_TH), Q ← Q − ηδ(HQ+QH) + η²E[Π(HQH+(σ²/m)I)Π]"
    needs = (Is("by_rows"), Is("isotropic_noise"), ExactVariance())
    domain = {"projector": FRESH, "eta": number("(0, inf)")}

    projector: AbstractProjector = Haar()
    eta: Any = eqx.field(converter=real, default=0.4)

    @varies
    def assumes(self) -> Any:
        return (*self.needs, Matrix(self.r), ShortStep(float(self.eta)))

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(self.projector, self.eta, r=self.r, tau=1)

    def bound(self, c: Constants, T: int) -> float:
        H, eta, Q = np.diag(c.h), float(self.eta), c.gram
        for _ in range(T):
            seen = H @ Q @ H + c.sigma**2 / c.m * np.eye(c.m)
            pull = eta * self.delta(c) * (H @ Q + Q @ H)
            Q = Q - pull + eta**2 * self.projector.squeeze(seen, self.r)
        return float(np.trace(H @ Q @ H))


class GoLoreMSGDLaw(AbstractSubspaceTheorem):
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
    domain = {"eta": number("(0, inf)"), "beta1": number("(0, 1]")}

    eta: Any = eqx.field(converter=real, default=0.2)
    beta1: Any = eqx.field(converter=real, default=0.5)

    @varies
    def assumes(self) -> Any:
        return (*self.needs, Matrix(self.r), ShortStep(float(self.eta)))

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(
            Haar(), self.eta, r=self.r, tau=1, inner=EMA(self.beta1), momentum="project"
        )

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        d, eta, b, L = self.delta(c), float(self.eta), float(self.beta1), c.L
        A, B, C = (c.grad0 / L) ** 2, 0.0, 0.0
        for _ in range(T):
            old = (1 - b) ** 2 * C + 2 * b * (1 - b) * L * B
            C, Y = d * (old + b**2 * (L**2 * A + c.sigma**2)), d * ((1 - b) * B + b * L * A)
            A, B = A - 2 * eta * Y + eta**2 * C, Y - eta * C
        return L**2 * A
