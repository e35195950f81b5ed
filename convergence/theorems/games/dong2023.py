"""AdaWAC (Dong, Xie and Ward 2023): the duality gap with constants, exact instances, its weights.

The paper's own constants could not be read: these statements are ours. θ stays in the ball of
radius r, G² ≥ (1/n) Σ max(‖∇l_i‖, ‖∇c_i‖)², D² ≥ (1/n) Σ δ_i², δ_i = l_i − c_i, on it.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np
import scipy

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.games.adawac import ORDERS, AdaWAC
from convergence.constants import Constants
from convergence.metrics.folds import Smallest
from convergence.metrics.games import AverageGap, LeastLogOdds, SaddleEnergy
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import number, one_of

SOURCE = Source("dong2023", "AdaWAC as mirror descent on a saddle; these constants are ours")
TINY = 1e-12  # G of losses that do not depend on θ: any positive number bounds them


class AbstractAdaWAC(AbstractTheorem):
    """A statement about AdaWAC at η_θ = u r/(G√T) and η_b = v√(8m log 2/T)/D, with m samples a step
    of one weight: n where one is drawn, 1 where all are taken. u = v = 1 minimize the bound."""

    source = SOURCE
    provenance = Provenance.DERIVED
    assumes = (Has("samples", 1), Positive("D_pair"), Positive("ball"), NoNoise())
    domain = {"u": number("(0, inf)"), "v": number("(0, inf)")}

    u: Reals = eqx.field(converter=real, default=1.0)
    v: Reals = eqx.field(converter=real, default=1.0)

    def theta_step(self, c: Constants, T: int) -> float:
        """η_θ."""
        return float(self.u) * c.ball / (max(c.G_pair, TINY) * T**0.5)

    def per_weight(self, c: Constants) -> int:
        """m."""
        return c.samples

    def weight_step(self, c: Constants, T: int) -> float:
        """η_b."""
        m = self.per_weight(c)
        return float(float(self.v) * (8 * m * np.log(2) / T) ** 0.5 / c.D_pair)

    def metric(self, c: Constants, T: int) -> Any:
        return AverageGap()


class AdaWACGap(AbstractAdaWAC):
    """E[max_b ℒ(θ̄, b) − min_θ ℒ(θ, b̄)] ≤ r²/(η_θT) + η_θG² + 2n log 2/(η_bT) + η_bD²/4, the means
    over t < T, from b = ½: (2rG + D√(2n log 2))/√T at u = v = 1. In the order "gauss-seidel", where
    θ steps with the new weight, (rη_b/2) E_pair more.

    Proof. By convexity in θ and linearity in b the gap is at most max_u (1/T) Σ ⟨F_t, z_t − u⟩, F =
    (∇_θℒ, −∇_bℒ). With estimates g_t, ξ_t = F_t − g_t and a ghost sequence y_t of mirror steps
    driven by ξ_t, Σ⟨F_t, z_t − u⟩ = Σ⟨g_t, z_t − u⟩ + Σ⟨ξ_t, z_t − y_t⟩ + Σ⟨ξ_t, y_t − u⟩; the
    middle sum has mean 0, for z_t and y_t are known before the sample. θ: each of the two others is
    at most r²/(2η) + (η/2) Σ‖·‖², and E‖ξ‖² ≤ E‖g‖² ≤ G². b: one entropic step of one weight costs
    log(b e^{ηg} + 1 − b) − ηbg ≤ η²g²/8 (Hoeffding), KL(· ‖ ½) ≤ log 2, and E Σ_j ξ_j² ≤ E δ_i² ≤
    D². Add. Gauss–Seidel: the step in θ changes by (b⁺ − b)(∇l − ∇c), |b⁺ − b| ≤ η_b|δ|/4, times
    2r. ∎
    """

    kind = Kind.EXPECTATION
    statement = "E gap(θ̄, b̄) ≤ r²/(η_θT) + η_θG² + 2n log 2/(η_bT) + η_bD²/4  (+ ½rη_b E|δ|‖∇δ‖)"
    domain = {"order": one_of(*ORDERS)}

    order: str = eqx.field(static=True, default="jacobi")

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AdaWAC(self.theta_step(c, T), self.weight_step(c, T), c.ball, self.order)

    def bound(self, c: Constants, T: int) -> float:
        a, b, G = self.theta_step(c, T), self.weight_step(c, T), max(c.G_pair, TINY)
        found = c.ball**2 / (a * T) + a * G**2
        found += 2 * c.samples * np.log(2) / (b * T) + b * c.D_pair**2 / 4
        late = self.order == "gauss-seidel"
        return float(found + (0.5 * c.ball * b * c.E_pair if late else 0.0))

    def ceiling(self, c: Constants, T: int) -> float | None:
        """D + 2rG: (1/n) Σ|δ_i| over b, and a slope of G over the ball's diameter."""
        return c.D_pair + 2 * c.ball * c.G_pair


class AbstractWholeAdaWAC(AbstractAdaWAC):
    """AdaWAC that takes all samples at every step."""

    kind = Kind.PATHWISE

    def per_weight(self, c: Constants) -> int:
        return 1

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AdaWAC(self.theta_step(c, T), self.weight_step(c, T), c.ball, whole=True)


class AdaWACWholeGap(AbstractWholeAdaWAC):
    """gap(θ̄, b̄) ≤ r²/(2η_θT) + η_θG²/2 + log 2/(η_bT) + η_bD²/8 where every step takes all samples.

    Proof. As for `AdaWACGap`, without ξ: no ghost is needed, and the weights' part is the mean over
    i of n games with gains δ_i. ∎  For one sample and constant losses its last two terms are
    attained in the limit of T and small v.
    """

    statement = "gap(θ̄, b̄) ≤ r²/(2η_θT) + η_θG²/2 + log 2/(η_bT) + η_bD²/8, all samples a step"

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        a, b, G = self.theta_step(c, T), self.weight_step(c, T), max(c.G_pair, TINY)
        theta = c.ball**2 / (2 * a * T) + a * G**2 / 2
        return 0.0, float(theta + np.log(2) / (b * T) + b * c.D_pair**2 / 8)


class AdaWACGapLaw(AbstractAdaWAC):
    """E gap(θ̄, b̄) = (δ/T) Σ_{t<T} Σ_k C(t, k) n^{−k}(1 − 1/n)^{t−k}/(1 + e^{η_bδk}) for constant
    losses with |l_i − c_i| = δ for all i.

    Proof. A weight that was drawn k times has log-odds ±η_bδk, k is binomial, and the gap is δ
    times the mean of min over t of what the weights still give to the smaller loss. The time that
    a weight has been drawn k times is geometric: Σ_{t<T} P(k_t = k) = n P(k_T > k). ∎
    """

    kind = Kind.EXACT
    statement = "E gap = (δ/T) Σ_t Σ_k C(t,k) n^{−k}(1−1/n)^{t−k}/(1 + e^{η_bδk}), constant losses"

    @varies
    def assumes(self) -> Any:
        flat = Within("losses that θ does not move", self, "slope", 0.0, 0.0)
        alike = Within("one |l − c| for all", self, "unlike", 0.0, 1e-12)
        return (*AbstractAdaWAC.assumes, flat, alike)

    def ceiling(self, c: Constants, T: int) -> float | None:
        """δ."""
        return c.D_pair

    def slope(self, c: Constants, T: int) -> float:
        """G."""
        return c.G_pair

    def unlike(self, c: Constants, T: int) -> float:
        """1 − min|δ_i|/D."""
        return 1 - c.delta_least / c.D_pair

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AdaWAC(self.theta_step(c, T), self.weight_step(c, T), c.ball)

    def bound(self, c: Constants, T: int) -> float:
        k = np.arange(T)
        times = c.samples * scipy.stats.binom.sf(k, T, 1 / c.samples)
        step = self.weight_step(c, T) * c.D_pair
        return float(c.D_pair / T * np.sum(times / (1 + np.exp(np.minimum(step * k, 700.0)))))


class AdaWACWeightsSettle(AbstractWholeAdaWAC):
    """min_i |log b_i/(1 − b_i)| ≥ η_bkT after T steps with all samples, if |l_i − c_i| ≥ k on the
    ball for all i: every weight is within e^{−η_bkT} of 0 or 1.

    Proof. δ_i keeps its sign on the ball, which is connected, and the log-odds are η_b Σ_t
    δ_i(θ_t). ∎
    """

    statement = (
        "min_i |log b_i/(1 − b_i)| ≥ η_bkT if |l_i − c_i| ≥ k on the ball, all samples a step"
    )
    assumes = (*AbstractAdaWAC.assumes, Positive("delta_least"))

    def metric(self, c: Constants, T: int) -> Any:
        return LeastLogOdds()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return self.weight_step(c, T) * c.delta_least * T, np.inf


class AbstractSeesaw(AbstractTheorem):
    """One sample with l = θ, c = −θ, order "jacobi" and η_θ = η_b = η."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=0.1)

    @varies
    def assumes(self) -> Any:
        free = Within("no projection", self, "reach", 0.0, 1.0)
        return (Is("seesaw"), NoNoise(), free)

    def reach(self, c: Constants, T: int) -> float:
        """ηT/r: |θ_t − θ_0| ≤ ηT."""
        return float(self.eta) * T / c.ball

    def start(self, c: Constants) -> float:
        """V_0, from |δ(θ_0)| = 2|θ_0|."""
        return float((c.delta_here / 2) ** 2 / (2 * float(self.eta)))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AdaWAC(self.eta, self.eta, c.ball)


class AdaWACEnergy(AbstractSeesaw):
    """V_t = θ²/(2η) + KL(½ ‖ b)/η never falls below V_0 for one sample with l = θ, c = −θ, order
    "jacobi" and η_θ = η_b = η: the last iterate goes away from the saddle (0, ½), the means do not.

    Proof. θ⁺ = θ − η(2b − 1) and s⁺ = s + 2ηθ, and KL(½ ‖ b) = log cosh(s/2) is convex with the
    slope ½(2b − 1): V⁺ − V ≥ −θ(2b − 1) + (η/2)(2b − 1)² + θ(2b − 1) ≥ 0. The ball must not be
    reached. ∎
    """

    source = SOURCE
    statement = "V_t = θ²/(2η) + KL(½ ‖ b)/η ≥ V_0 for all t on l = θ, c = −θ"

    def metric(self, c: Constants, T: int) -> Any:
        return Smallest(SaddleEnergy(self.eta, self.eta))

    def bound(self, c: Constants, T: int) -> Any:
        return self.start(c), np.inf
