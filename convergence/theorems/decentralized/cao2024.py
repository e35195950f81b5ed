"""Cao, Wu, Yuan and Sayed 2024: flatness against optimization in distributed learning.

Near a minimum with a common Hessian the excess risk of the three strategies is exact. With λ_m
and u_m the network's eigenpairs, h_j and e_j those of the Hessian, β̂_mj the mode of −∇J_k(w*),
s²_mj = Σ_k u²_mk e_jᵀ R_k e_j and ratio p = λ(1 − αh) (diffusion), λ − αh (consensus):

    ER = (1/2K) Σ_mj h_j [ g² α² s²_mj (1 − p^{2n})/(1 − p²) + (g α β̂_mj (1 − pⁿ)/(1 − p))² ],

with g = λ (diffusion) or 1 (consensus) after n steps from w*, and the powers gone for n → ∞; the
centralized strategy has λ₁ = 1 alone. Proof: each mode is a scalar AR(1) with drift; unequal noise
correlates modes with different m, which the sum of squares does not see. ∎
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized import single_level as dec
from convergence.constants import Constants
from convergence.metrics.agents import EscapeTime, ExcessRisk
from convergence.parts.graphs import complete
from convergence.shapes import real
from convergence.theorems.assumptions import Has, Is
from convergence.theorems.base import AbstractSeparation, Kind, Moment, Provenance, Source, varies
from convergence.theorems.exact_moments import AbstractMoment

SOURCE = Source("cao2024", "excess risk near a minimum; the exact formulas are ours")


def strategy_of(name: str, c: Constants, alpha: float) -> AbstractAlgorithm:
    """Centralized, diffusion or consensus at the step α."""
    if name == "centralized":
        return dec.Diffusion(complete(c.agents), alpha)
    return {"diffusion": dec.Diffusion, "consensus": dec.ConsensusDescent}[name](c.W, alpha)


def excess_risk(name: str, c: Constants, alpha: float, n: int | None = None) -> float:
    """ER of a strategy at step α, after n steps from w* or in steady state (None)."""
    K, d = c.agents, len(c.h)
    if "covariances" in c:
        R = np.einsum("ji,kjl,li->ki", c.E, c.covariances, c.E)
    else:
        R = np.full((K, d), c.sigma**2 / (K * d))
    s2 = (c.U.T**2) @ R
    lam, h = np.meshgrid(c.lam, c.h, indexing="ij")
    if name == "centralized":
        lam = np.where(np.arange(K)[:, None] == 0, 1.0, 0.0)
    g = np.ones_like(lam) if name == "consensus" else lam
    p = lam - alpha * h if name == "consensus" else lam * (1 - alpha * h)
    grown, drawn = (1.0, 1.0) if n is None else (1 - p ** (2 * n), 1 - p**n)
    spread = g**2 * alpha**2 * s2 * grown / (1 - p**2)
    drift = (g * alpha * c.modes * drawn / (1 - p)) ** 2
    return float(np.sum(h * (spread + drift))) / (2 * K)


class AbstractFlat(AbstractMoment):
    """A statement about one strategy at the step α = ah/L; steady, or at T steps from w*."""

    assumes = (Is("common"),)
    source = SOURCE
    provenance = Provenance.DERIVED

    name: str = eqx.field(static=True, default="diffusion")
    ah: Any = eqx.field(converter=real, default=0.05)
    finite: bool = eqx.field(static=True, default=False)

    @varies
    def quantity(self) -> Moment:
        return Moment.EXPECTED if self.finite else Moment.STEADY

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.ah) / c.L

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return strategy_of(self.name, c, self.alpha(c, T))

    def metric(self, c: Constants, T: int) -> ExcessRisk:
        return ExcessRisk()


class DiffusionExcessRisk(AbstractFlat):
    """ER of the strategy is the closed form of this module, steady or after T steps from w*."""

    statement = "ER = (1/2K)Σ h[g²α²s²(1−p^{2n})/(1−p²) + (gαβ(1−pⁿ)/(1−p))²]"

    @varies
    def settled(self) -> float | None:
        return None if self.finite else 0.0

    @varies
    def assumes(self) -> Any:
        start = (Has("R_rms", 0.0, 1e-9),) if self.finite else ()
        return (*AbstractFlat.assumes, *start)

    def bound(self, c: Constants, T: int) -> float:
        return excess_risk(self.name, c, self.alpha(c, T), T if self.finite else None)


class SmallStepGap(AbstractFlat):
    """ER_dif → ER_cen + (α²/2K)Σ_{m≥2} h[λ²/(1−λ²)s² + (λ/(1−λ))²β̂²] and ER_con → ER_dif +
    (α²/2K)Σ_{m≥2} h[s² + (1+λ)/(1−λ)β̂²] as α → 0; ER_cen → (α/4K) Tr R. T = 1/(αL).

    The relative error is at most 2y/(1 − y), y = 2αL(1 + αL)/(1 − max_{m≥2} λ²). Proof. Term by
    term: 1 − p² differs from 1 − λ² by at most (2αL + α²L²), and (1 − p)² from (1 − λ)² by a
    share of at most 2y, since 1 − λ² ≤ 2(1 − λ); the mean's term is off by αh/2. ∎
    """

    statement = "ER_dif − ER_cen, ER_con − ER_dif = O(α²) with the constants of the limit"
    tolerance = 0.02
    settled = 0.0
    assumes = (*AbstractFlat.assumes, Is("isotropic_noise"))

    def alpha(self, c: Constants, T: int) -> float:
        return 1 / (c.L * T)

    def bound(self, c: Constants, T: int) -> float:
        a, s2 = self.alpha(c, T), c.sigma**2 / (c.agents * len(c.h))
        lam, h = np.meshgrid(c.lam[1:], c.h, indexing="ij")
        b2 = c.modes[1:] ** 2
        total = a * s2 * len(c.h) / (4 * c.agents)
        scale = a**2 / (2 * c.agents)
        if self.name != "centralized":
            gap = lam**2 / (1 - lam**2) * s2 + (lam / (1 - lam)) ** 2 * b2
            total += scale * np.sum(h * gap)
        if self.name == "consensus":
            total += scale * np.sum(h * (s2 + (1 + lam) / (1 - lam) * b2))
        return float(total)

    def scale(self, c: Constants, T: int) -> float:
        """What is granted beyond `tolerance`: the relative error."""
        room = 1 - float(np.max(c.lam[1:] ** 2))
        y = 2 * (1 + 1 / T) / T / room if room > 0 else np.inf
        return self.bound(c, T) * (2 * y / (1 - y) if y < 1 else np.inf) / self.tolerance


class Crossover(SmallStepGap):
    """Diffusion doubles the centralized risk at the batch B = Tr R₁/(2α Σ_{m≥2} h(λ/(1−λ))²β̂²),
    R₁ the covariance of one sample: decentralization matters from B ~ 1/α on. T = L/α.

    Proof. ER_cen = (α/4BK)Tr R₁ against the batch-free term of the gap; the rest is O(α²/B). ∎
    """

    statement = "ER_dif = 2 ER_cen (1 + O(α)) at the batch B = Tr R₁/(2αΣh(λ/(1−λ))²β̂²)"

    def bound(self, c: Constants, T: int) -> float:
        return 2 * excess_risk("centralized", c, self.alpha(c, T))

    def scale(self, c: Constants, T: int) -> float:
        return 0.0


class Ordering(AbstractFlat):
    """ER_con ≥ ER_dif ≥ ER_cen in steady state for every stable α, with a common Hessian.

    Proof, mode by mode, 0 < αh < 1 + λ: the variances order because (1−αh)² − (λ−αh)² ≤ 1 − λ² ≤
    1/λ² − 1, the biases because λ(1 − λ + αh) ≤ 1 − λ(1 − αh) in absolute value. ∎
    `name` is the strategy with the smaller risk, `worse` the other. ah is a multiple of the
    largest step that is stable for all modes and strategies, (1 + λ_min)/L.
    """

    kind = Kind.SEPARATION
    statement = "ER_con ≥ ER_dif ≥ ER_cen in steady state, common Hessian, every stable step"
    worse: str = eqx.field(static=True, default="consensus")

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.ah) * float(1 + c.lam[-1]) / c.L

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return strategy_of(self.worse, c, self.alpha(c, T))

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class Overgeneralized(Ordering):
    """FALSE IN GENERAL: the ordering after every finite number of steps from w*, or with unequal
    Hessians, or the reverse ordering.

    From w* the bias part orders at every n only if 0 < αh ≤ λ for all modes; with unequal Hessians
    not even the steady state orders.
    """

    source = Source("cao2024", "the ordering of excess risks, over-generalized")
    statement = "over-generalized: ER_con ≥ ER_dif ≥ ER_cen for all n, or all Hessians"
    assumes = ()

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.ah) / c.L


class Escape(AbstractSeparation):
    """E min{τ, T} of consensus ≤ that of diffusion ≤ that of the centralized strategy, τ the first
    step at which the mean has left the sharp well."""

    source = Source("cao2024", "abstract: decentralized strategies escape faster, consensus most")
    provenance = Provenance.PRINTED
    statement = "E min{τ, T}: consensus ≤ diffusion ≤ centralized, τ the escape time"

    name: str = eqx.field(static=True, default="consensus")
    slower: str = eqx.field(static=True, default="diffusion")
    mu: Any = eqx.field(converter=real, default=0.02)
    factor: Any = eqx.field(converter=real, default=1.0)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return strategy_of(self.name, c, float(self.mu))

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return strategy_of(self.slower, c, float(self.mu))

    def metric(self, c: Constants, T: int) -> EscapeTime:
        return EscapeTime(never=float(T))

    def bound(self, c: Constants, T: int) -> float:
        return float(self.factor)

    def ceiling(self, c: Constants, T: int) -> float:
        return float(T)
