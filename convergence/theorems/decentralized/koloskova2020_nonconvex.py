"""DSGD on nonconvex functions with every constant: its bound, its linear speed-up and the transient
before it, and the exact law of the mean."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized.single_level import Diffusion
from convergence.constants import Constants
from convergence.metrics.agents import CenterExcess, CenterGradLessSpread, CenterGradSq
from convergence.metrics.folds import Average, AverageAndLast
from convergence.noise.base import AbstractNoise
from convergence.parts.graphs import ROUNDING, mixing_rate, summed, sums_missed
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    ExactVariance,
    FiniteVariance,
    Has,
    Is,
    Smooth,
)
from convergence.theorems.base import Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import number
from convergence.theorems.exact_moments import AbstractMoment

SOURCE = Source("koloskova2020", "DSGD, nonconvex case; these constants are ours")


class DoublyStochastic(AbstractAssumption):
    """W1 = Wᵀ1 = 1, and ρ = ‖W − 11ᵀ/n‖₂ < 1; W need not be symmetric."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        W = np.asarray(c.W)
        miss, rho = sums_missed(W), mixing_rate(W)
        detail = f"rows and columns must sum to 1, and ρ = {rho:.6g} be below 1"
        holds = miss <= summed(len(W)) and rho < 1 - ROUNDING
        return Checked("doubly stochastic W", holds, miss, detail)


class IndependentAgents(AbstractAssumption):
    """The samples of different agents are independent; without noise they are."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = c.get("sigma") == 0 or c.get("independent") is True
        return Checked("independent agents", holds, None, "must be certified by the noise")


def agent_variance(c: Constants) -> float:
    """s² = (1/n) Σ E‖ξ_i‖²: the variance of one agent."""
    return float(c.sigma**2 / c.agents)


def longest_step(c: Constants) -> float:
    """min{1, (1 − ρ)/(2ρ)}: the largest αL of the theorem."""
    rho = mixing_rate(c.W)
    return min(1.0, (1 - rho) / (2 * rho)) if rho > 0 else 1.0


def balanced_step(c: Constants, T: int) -> float:
    """√(2nF₀/(L s² T)), which balances the first two terms; ∞ without noise."""
    noise = c.L * agent_variance(c) * T
    return float(np.sqrt(2 * c.agents * c.risk0 / noise)) if noise > 0 else np.inf


def leading_terms(c: Constants, T: int, a: float) -> float:
    """2F₀/(αT) + Lαs²/n."""
    return 2 * c.risk0 / (a * T) + c.L * a * agent_variance(c) / c.agents


class AbstractNonconvexDSGD(AbstractMoment):
    """The mean of ‖∇J(x̄_t)‖² over a run of DSGD, adapt then combine."""

    kind = Kind.EXPECTATION
    quantity = Moment.EXPECTED
    source = SOURCE
    provenance = Provenance.DERIVED
    assumes = (DoublyStochastic(), Smooth(), FiniteVariance(), IndependentAgents())

    def alpha(self, c: Constants, T: int) -> float:
        """The step."""
        return float(balanced_step(c, T))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Diffusion(c.W, self.alpha(c, T))

    def metric(self, c: Constants, T: int) -> Any:
        return Average(CenterGradSq())

    def ceiling(self, c: Constants, T: int) -> float | None:
        """‖∇J‖² where it is bounded."""
        return float(c.G_mean) ** 2 if "G_mean" in c else None


class AbstractDSGDNonconvex(AbstractNonconvexDSGD):
    """DSGD at αL = `share` times min{1, (1−ρ)/(2ρ)}."""

    domain = {"share": number("(0, 1]")}

    share: Reals = eqx.field(converter=real, default=1.0)

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.share) * longest_step(c) / c.L

    def rest(self, c: Constants, T: int) -> float:
        """All terms but that of ζ."""
        a, rho = self.alpha(c, T), mixing_rate(c.W)
        spread = c.Xi0 / T + rho**2 * a**2 * agent_variance(c)
        return leading_terms(c, T, a) + 2 * c.L**2 * spread / (1 - rho)

    def weight(self, c: Constants, T: int) -> float:
        """4L²ρ²α²/(1 − ρ)²: what multiplies ζ²."""
        rho = mixing_rate(c.W)
        return float((2 * c.L * rho * self.alpha(c, T) / (1 - rho)) ** 2)


class DSGDNonconvex(AbstractDSGDNonconvex):
    """(1/T) Σ_{t<T} E‖∇J(x̄_t)‖² ≤ 2F₀/(αT) + Lαs²/n + 2L²Ξ₀/((1−ρ)T)
    + 2L²ρ²α²[s²/(1−ρ) + 2ζ²/(1−ρ)²] for every αL ≤ min{1, (1−ρ)/(2ρ)}: here αL is `share` times
    that.

    f_i L-smooth, W doubly stochastic and not necessarily symmetric, ρ = ‖W − 11ᵀ/n‖₂ < 1; F₀ =
    J(x̄_0) − inf J, Ξ₀ = (1/n) Σ‖x_i − x̄_0‖², s² = (1/n) Σ E‖ξ_i‖², and (1/n) Σ‖∇f_i − ∇J‖² ≤ ζ²
    at every x.

    Proof. Write h = (1/n) Σ ∇f_i(x_i), Ξ = (1/n) Σ‖x_i − x̄‖². (i) x̄⁺ = x̄ − α(h + ξ̄), E‖ξ̄‖² ≤
    s²/n by independence, and ‖∇J(x̄) − h‖² ≤ L²Ξ. With −⟨u, h⟩ = ½‖u − h‖² − ½‖u‖² − ½‖h‖² and
    αL ≤ 1, E J(x̄⁺) ≤ J(x̄) − (α/2)‖∇J(x̄)‖² + (αL²/2)Ξ + Lα²s²/(2n). (ii) X⊥⁺ = (W − 11ᵀ/n)(X⊥ −
    αD∇F(X) − αξ), D = I − 11ᵀ/n, and ‖D(∇F(X) − ∇F(1x̄))‖ ≤ L‖X⊥‖. Noise is conditionally centered
    and Minkowski's inequality holds in L₂, so v² = E Ξ has v₊² ≤ ρ²(v + α(Lv + ζ))² + ρ²α²s². As
    ρ(1 + αL) ≤ q = (1 + ρ)/2 and (A + B)² ≤ A²/q + B²/(1 − q), v₊² ≤ qv² + 2ρ²α²ζ²/(1−ρ) +
    ρ²α²s²: the mean of v² over t < T is at most 2Ξ₀/((1−ρ)T) + 4ρ²α²ζ²/(1−ρ)² + 2ρ²α²s²/(1−ρ).
    (iii) Sum (i) over t < T, divide by αT/2, and insert (ii). ∎

    Attained in the limit of T by J = (L/2)‖x‖², αL = 1, W = 11ᵀ/n.
    """

    statement = (
        "(1/T) Σ E‖∇J(x̄_t)‖² ≤ 2F₀/(αT) + Lαs²/n + 2L²Ξ₀/((1−ρ)T)"
        " + 2L²ρ²α²[s²/(1−ρ) + 2ζ²/(1−ρ)²],  αL ≤ min{1, (1−ρ)/(2ρ)}"
    )

    def bound(self, c: Constants, T: int) -> float:
        return self.rest(c, T) + self.weight(c, T) * c.zeta_all**2


class DSGDTuned(DSGDNonconvex):
    """`DSGDNonconvex` at α = min{√(2nF₀/(Ls²T)), 1/L, (1−ρ)/(2ρL)}."""

    assumes = (*AbstractNonconvexDSGD.assumes, Positive("risk0"))

    def alpha(self, c: Constants, T: int) -> float:
        return min(balanced_step(c, T), super().alpha(c, T))


class AbstractDSGDAlong(AbstractDSGDNonconvex):
    """‖∇J(x̄_t)‖² less κζ_t², κ = 4L²ρ²α²/(1 − ρ)² and ζ_t² the heterogeneity at x̄_t."""

    def metric(self, c: Constants, T: int) -> Any:
        return Average(CenterGradLessSpread(self.weight(c, T)))

    def ceiling(self, c: Constants, T: int) -> float | None:
        return None  # what is measured may be negative

    def bound(self, c: Constants, T: int) -> float:
        return self.rest(c, T)


class DSGDNonconvexAlong(AbstractDSGDAlong):
    """(1/T) Σ_{t<T} E[‖∇J(x̄_t)‖² − κ (1/n) Σ_i‖∇f_i(x̄_t) − ∇J(x̄_t)‖²] ≤ 2F₀/(αT) + Lαs²/n +
    2L²Ξ₀/((1−ρ)T) + 2L²ρ²α²s²/(1−ρ), κ = 4L²ρ²α²/(1−ρ)²: no bound of the heterogeneity is needed.

    Proof. That of `DSGDNonconvex`: v₊² ≤ qv² + 2ρ²α² E ζ_t²/(1−ρ) + ρ²α²s² with ζ_t² the
    heterogeneity at x̄_t, linear in it, so that summing over t puts its mean where ζ² stood. ∎
    """

    statement = (
        "(1/T) Σ E[‖∇J(x̄_t)‖² − κζ_t²] ≤ 2F₀/(αT) + Lαs²/n + 2L²Ξ₀/((1−ρ)T)"
        " + 2L²ρ²α²s²/(1−ρ),  κ = 4L²ρ²α²/(1−ρ)²"
    )


class DSGDDescent(AbstractDSGDAlong):
    """(1/T) Σ_{t<T} E[‖∇J(x̄_t)‖² − κζ_t²] ≤ 2(J(x̄_0) − E J(x̄_T))/(αT) + Lαs²/n + 2L²Ξ₀/((1−ρ)T) +
    2L²ρ²α²s²/(1−ρ): J(x̄_T) stands where inf J stood, and none is needed. Measured
    with 2(J(x̄_T) − inf J)/(αT) on the left.

    Proof. That of `DSGDNonconvexAlong`: the sum over (i) leaves E J(x̄_T). ∎

    An equality at every T on J = (L/2)‖x‖², αL = 1, W = 11ᵀ/n.
    """

    statement = (
        "(1/T) Σ E[‖∇J(x̄_t)‖² − κζ_t²] + 2E[J(x̄_T) − inf J]/(αT) ≤ 2F₀/(αT) + Lαs²/n"
        " + 2L²Ξ₀/((1−ρ)T) + 2L²ρ²α²s²/(1−ρ)"
    )
    assumes = (*AbstractNonconvexDSGD.assumes, Positive("risk0"))

    def metric(self, c: Constants, T: int) -> Any:
        return AverageAndLast(super().metric(c, T), CenterExcess(2 / (self.alpha(c, T) * T)))


class DSGDSpeedUp(AbstractNonconvexDSGD):
    """(1/T) Σ_{t<T} E‖∇J(x̄_t)‖² ≤ 4√(2LF₀s²/(nT)) + 2L²Ξ₀/((1−ρ)T) for every T ≥ T*, α =
    √(2nF₀/(Ls²T)); T* = (2nLF₀/s²) max{1, 4ρ²/(1−ρ)², ρ⁴n²B²}, B = 1/(1−ρ) + 2ζ²/(s²(1−ρ)²).

    Proof. The first two maxima are the step condition of `DSGDNonconvex`. Its first two terms are
    √(2LF₀s²/(nT)) each, and its last one, 4Lρ²nF₀B/T, is at most their sum where the third holds.
    ∎
    """

    statement = (
        "(1/T) Σ E‖∇J(x̄_t)‖² ≤ 4√(2LF₀s²/(nT)) + 2L²Ξ₀/((1−ρ)T) for T ≥ T*,  α = √(2nF₀/(Ls²T))"
    )

    @varies
    def assumes(self) -> Any:
        past = Within("past the transient", self, "waited", 1.0)
        return (*AbstractNonconvexDSGD.assumes, Positive("risk0"), Positive("sigma"), past)

    def transient(self, c: Constants) -> float:
        """T*."""
        rho = mixing_rate(c.W)
        B = 1 / (1 - rho) + 2 * c.zeta_all**2 / (agent_variance(c) * (1 - rho) ** 2)
        most = max(1.0, (2 * rho / (1 - rho)) ** 2, (rho**2 * c.agents * B) ** 2)
        return float(2 * c.agents * c.L * c.risk0 / agent_variance(c) * most)

    def waited(self, c: Constants, T: int) -> float:
        """T/T*; 0 where T* is infinite."""
        finite = c.sigma > 0 and mixing_rate(c.W) < 1
        return T / self.transient(c) if finite else 0.0

    def bound(self, c: Constants, T: int) -> float:
        lead = 4 * (2 * c.L * c.risk0 * agent_variance(c) / (c.agents * T)) ** 0.5
        return float(lead + 2 * c.L**2 * c.Xi0 / ((1 - mixing_rate(c.W)) * T))


class DSGDCenterLaw(AbstractNonconvexDSGD):
    """E‖∇J(x̄_t)‖² = q^{2t}‖∇J(x̄_0)‖² + hαs²(1 − q^{2t})/(n(2 − αh)), q = 1 − αh, at every t: the
    floor hαs²/(n(2 − αh)) is exactly 1/n of that of one agent, and sees neither ζ nor W.

    One Hessian hI for all agents, 0 < αh < 2 (αh is `ah`), noise that does not depend on x,
    independent between agents, of total variance ns² exactly.

    Proof. The mean of the copies is x̄⁺ = x̄ − α(h(x̄ − x*) + ξ̄) for any doubly stochastic W: SGD
    with E‖ξ̄‖² = s²/n. So E‖x̄ − x*‖² → q²E‖x̄ − x*‖² + α²s²/n, and ‖∇J‖ = h‖x̄ − x*‖. ∎
    """

    kind = Kind.EXACT
    statement = "E‖∇J(x̄_t)‖² = q^{2t}‖∇J(x̄_0)‖² + hαs²(1 − q^{2t})/(n(2 − αh)),  q = 1 − αh"
    domain = {"ah": number("(0, 2)")}

    @varies
    def assumes(self) -> Any:
        round_ = Within("one Hessian hI", self, "oval", 0.0, 1e-12)
        exact = (Is("common"), round_, ExactVariance())
        return (*AbstractNonconvexDSGD.assumes, *exact, Has("zeta_all"))

    ah: Reals = eqx.field(converter=real, default=0.1)

    def oval(self, c: Constants, T: int) -> float:
        """How far from a multiple of the identity the common Hessian is."""
        return float(np.ptp(c.h) / c.L)

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.ah) / c.L

    def metric(self, c: Constants, T: int) -> Any:
        return CenterGradSq()

    def bound(self, c: Constants, T: int) -> float:
        ah = float(self.ah)
        left = (1 - ah) ** (2 * T)
        floor = ah * agent_variance(c) / (c.agents * (2 - ah))
        return float(left * 2 * c.L * c.risk0 + (1 - left) * floor)
