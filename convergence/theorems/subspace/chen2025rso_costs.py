"""Chen, Zhang, Liu, Yuan and Wen 2025 (arXiv 2502.07222): what RSO's subproblems cost, and why.

The paper's table of oracle complexities is unknown here; these are derived, for K subproblems to
the accuracy ε = eps·Δ/K, in calls of the oracle.
"""

from __future__ import annotations

import dataclasses
import math
from abc import abstractmethod
from typing import Any

from convergence.algorithms.subspace.rso import WIDTH
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.metrics.effort import Calls
from convergence.parts.solvers import (
    AGD,
    GD,
    KAPPA,
    ZO,
    AbstractDescent,
    Adam,
    MomentumGD,
)
from convergence.theorems.assumptions import FiniteVariance, Has, Improvable, Is, NoNoise, Smooth
from convergence.theorems.base import Kind, Source, varies
from convergence.theorems.conditions import Resolved, Within
from convergence.theorems.domains import a
from convergence.theorems.subspace.chen2025rso import PAPER, AbstractRSOInexact, RSOSteps


class AbstractRSOBudget(AbstractRSOInexact):
    """What K subproblems to accuracy ε = eps·Δ/K cost."""

    domain = {"inner": a(GD, such=lambda inner: float(inner.scale) == 1, that="with scale 1")}

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Calls()

    @abstractmethod
    def each(self, c: Constants, T: int) -> float:
        """The calls of one subproblem."""

    def bound(self, c: Constants, T: int) -> float:
        return T * self.each(c, T)

    def trivial(self, c: Constants, T: int) -> float | None:
        return None


class RSOBudget(AbstractRSOBudget):
    """K subproblems to accuracy ε cost at most K⌈ln(Δ/ε)/(2 ln 1.5)⌉ gradients by GD.

    Proof. A step 1/(3L̂) contracts ∇g by 2/3, so ‖∇g(B_j)‖²/(2L̂) ≤ (4/9)^j‖Pᵀ∇f(W_k)‖²/(2L̂) ≤
    (4/9)^j Δ, as ‖Pᵀ∇f‖² ≤ (m/r)·2L(f(W_k) − f*) and f(W_k) never increases.
    """

    kind = Kind.PATHWISE
    source = Source(PAPER, "oracle complexity of GD, derived")
    statement = "K subproblems to accuracy ε cost ≤ K⌈ln(Δ/ε)/(2 ln 1.5)⌉ gradients by GD"

    def each(self, c: Constants, T: int) -> float:
        ratio = T / float(self.eps)  # Δ/ε
        return max(0, math.ceil(math.log(ratio) / (2 * math.log(1.5))))


class RSOBudgetAGD(RSOBudget):
    """K subproblems to accuracy ε cost at most K⌈ln(6(1 + eps)Δ/ε)/(−ln(1 − 1/√3))⌉ gradients by
    AGD.

    Proof. g(B_j) − min g ≤ 2(1 − 1/√3)^j(g(0) − min g), and ‖∇g‖²/(2L̂) ≤ 3(g − min g) by
    3L̂-smoothness; g(0) − min g ≤ f(W_k) − f*, since g ≥ f along the subspace, and f(W_{k+1}) ≤
    g(B) ≤ g(0) + ε leaves f(W_k) − f* ≤ Δ + kε ≤ (1 + eps)Δ.
    """

    source = Source(PAPER, "oracle complexity of AGD, derived")
    statement = "K subproblems to accuracy ε cost ≤ K⌈ln(6(1+eps)Δ/ε)/−ln(1−1/√3)⌉ by AGD"
    domain = {"inner": a(AGD)}
    inner: AbstractDescent = AGD(10**5)

    def each(self, c: Constants, T: int) -> float:
        # ρ = aq^N
        a, q = (float(dataclasses.replace(self.inner, N=N).rho(1)) for N in (0, 1))
        ratio = KAPPA * a * (1 + float(self.eps)) * T / float(self.eps)
        return max(0, math.ceil(math.log(ratio) / -math.log(q / a)))


class RSOBudgetMSGD(RSOBudgetAGD):
    """K subproblems to accuracy ε cost at most K⌈ln(3a(1 + eps)Δ/ε)/(−ln(1 − s/3))⌉ gradients by
    MSGD, a = 1 + 2s(1 − β₁)²/β₁, s = scale ≤ min{½, β₁/(2(1 − β₁))}.

    Proof. That for AGD with g(B_j) − min g ≤ a(1 − s/3)^j(g(0) − min g), which stands in
    `parts.solvers.MomentumGD`.
    """

    source = Source(PAPER, "oracle complexity of MSGD, derived")
    statement = "K subproblems to accuracy ε cost ≤ K⌈ln(3a(1+eps)Δ/ε)/−ln(1−s/3)⌉ by MSGD"
    domain = {"inner": a(MomentumGD, such=lambda inner: inner.short(), that="of short steps")}
    inner: AbstractDescent = MomentumGD(10**5, scale=0.5)


class RSOBudgetAdam(RSOBudget):
    """The budget of GD for Adam's lr/√j: FALSE. Its steps know no scale (`RSOAdamFloor`)."""

    statement = "K subproblems to accuracy ε cost ≤ K⌈ln(Δ/ε)/(2 ln 1.5)⌉ gradients by Adam (false)"
    domain = {"inner": a(Adam)}
    inner: AbstractDescent = Adam(10**5)


class RSOAdamFloor(AbstractRSOInexact):
    """K subproblems with r = m to accuracy ε cost at least (‖∇f(W_0)‖ − √(2Lε))₊²/(36d(L·lr·R)²)
    gradients by Adam, or all N; R = (1 − b1)/√((1 − b2)(1 − b1²/b2)).

    Proof, of the first subproblem. N steps move an entry by at most Σ lr R/√j ≤ 2 lr R√N, and ∇g by
    3L·2 lr R√(dN). It has to fall from ‖Pᵀ∇f(W_0)‖ to √(2Lε), and P is orthogonal. ∎

    No bound in ln(Δ/ε) alone can hold: this one grows with the square of the distance.
    """

    kind = Kind.PATHWISE
    source = Source(PAPER, "Adam as inner solver; derived")
    statement = "K subproblems to accuracy ε cost ≥ (‖∇f(W_0)‖ − √(2Lε))₊²/(36d(L·lr·R)²) by Adam"
    domain = {"inner": a(Adam, such=lambda inner: inner.reach() < math.inf, that="with b1² < b2")}
    inner: AbstractDescent = Adam(10**5)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Calls()

    def trivial(self, c: Constants, T: int) -> float | None:
        return None

    @varies
    def assumes(self) -> Any:
        whole = Within("frames of all rows", self, "spare", 0, 0)
        return (*AbstractRSOInexact.assumes.fget(self), whole)

    def spare(self, c: Constants, T: int) -> int:
        """m − r."""
        return c.m - self.r

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        assert isinstance(self.inner, Adam)
        left = max(0.0, c.grad0 - (2 * c.L * self.accuracy(c, T)) ** 0.5)
        longest = 6 * c.L * float(self.inner.lr) * self.inner.reach()
        return min((left / longest) ** 2 / c.d, float(self.inner.N)), math.inf


class RSOBudgetZO(AbstractRSOBudget):
    """K subproblems to accuracy ε cost at most K[3(p + 2)(ln(1 + 3(1 + eps)Δ/ε) + 1) + 1] slopes by
    ZO on a quadratic, in expectation; p = rn.

    Proof. E[g(B_j) − min g] ≤ ρ^j G, G = g(0) − min g, ρ = 1 − 1/(3(p + 2)), and ‖∇g‖²/(2L̂) ≤
    3(g − min g): by Markov the run is unfinished after j steps with a chance of at most
    min{1, 3ρ^j G/ε}. Summed over j: at most 1 + j₀ + 1/(1 − ρ), j₀ = ln(1 + 3G/ε)/(−ln ρ) ≤
    ln(1 + 3G/ε)/(1 − ρ), which is concave in G, and E G ≤ (1 + eps)Δ as for AGD.
    """

    kind = Kind.EXPECTATION
    source = Source(PAPER, "oracle complexity of ZO, derived")
    statement = (
        "K subproblems to accuracy ε cost ≤ K(3(p+2)(ln(1+3(1+eps)Δ/ε) + 1) + 1) slopes by ZO"
    )
    needs = (Smooth(), NoNoise(), Is("quadratic"))
    domain = {"inner": a(ZO)}
    inner: AbstractDescent = ZO(10**5)

    @varies
    def assumes(self) -> Any:
        return (*AbstractRSOBudget.assumes.fget(self), Resolved(self, found=True))

    def faintest(self, c: Constants, T: int) -> float:
        """√(2L̂ε), the slope at which a subproblem ends."""
        return (2 * self.lam(c) * self.accuracy(c, T)) ** 0.5

    def stride(self, c: Constants, T: int) -> float:
        """The width of the subproblem's differences of values."""
        return WIDTH

    def each(self, c: Constants, T: int) -> float:
        ratio = 3 * (1 + float(self.eps)) * T / float(self.eps)
        return KAPPA * (self.r * c.n + 2) * (math.log(1 + ratio) + 1) + 1


class RSOBudgetSGD(RSOSteps):
    """(1/K) Σ_{k<K} E‖∇f(W_k)‖² ≤ 24L̂Δ/K =: ε₀ for N = ⌈ln 2/(−ln(1 − s/3))⌉ steps of SGD a
    subproblem, γ = s/(3L̂), s = min{1, 4L̂Δ/(σ²K)}: KN = O(K + σ²K²/(L̂Δ)) = O(L̂Δ/ε₀ + L̂Δσ²/ε₀²)
    gradients.

    Proof. `RSOSteps` with ρ ≤ ½: 12L̂Δ/K, and 9L̂γσ² = 3sσ² ≤ 12L̂Δ/K.
    """

    source = Source(PAPER, "oracle complexity of SGD, derived")
    statement = "KN gradients of SGD, N = O(1 + σ²K/(L̂Δ)): (1/K) Σ E‖∇f(W_k)‖² ≤ 24L̂Δ/K"
    needs = (Smooth(), FiniteVariance(), Is("additive"), Has("sigma", 1e-12), Improvable())

    def solver(self, c: Constants, T: int) -> GD:
        s = min(1.0, 4 * self.lam(c) * c.Delta / (c.sigma**2 * T))
        return GD(math.ceil(math.log(2) / -math.log(1 - s / KAPPA)), scale=s)

    def bound(self, c: Constants, T: int) -> float:
        return 24 * self.lam(c) * c.Delta / T
