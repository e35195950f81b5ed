"""DIMAT (Saadati et al. 2024): what merging by matched units keeps, and what it decreases.

The paper's theorems could not be read: these statements are ours. Its rate as recalled, O(1/√(nK) +
1/K), is that of `DSGDSpeedUp` in aligned coordinates as long as every round finds the same
permutations. It is not claimed: noise without a bound finds others at times, and a bound of the
noise alone certifies no margin of the matching.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized.dimat import DIMAT
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.units import (
    AlignedGradSq,
    LargestDeviation,
    LargestQuotient,
    QuotientEnergy,
)
from convergence.parts.graphs import mixing_rate, sums_missed
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.decentralized.koloskova2020_nonconvex import (
    DoublyStochastic,
    longest_step,
)
from convergence.theorems.domains import number

SOURCE = Source("saadati2024", "DIMAT; these statements are ours")
EPS = float(np.finfo(float).eps)
FOLKLORE = Source("saadati2024", "a folklore reading of merging")


class AbstractMerge(AbstractTheorem):
    """A statement about merges alone, α = 0, on every run."""

    kind = Kind.PATHWISE
    source = SOURCE
    provenance = Provenance.DERIVED

    match = "weights"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return DIMAT(c.W, 0.0, self.match)


class MergeKeepsFunction(AbstractMerge):
    """Copies of one network in different orders compute the same function after any number of
    merges matched by activations: max_i MSE_i/S ≤ 1e-20, which is rounding, S the mean square of
    Σ_u |a_u|(⟨|w_u|, |z|⟩ + |b_u|) over the probes z. No unit is constant on them, and no two have
    the correlation 1.

    Proof. A unit's correlation with its own copy is 1 and with every other unit less, so that the
    assignment finds P_iᵀP_j; each merged row is w_ii + Σ_j w_ij = 1 times the unit itself. ∎
    """

    match = "activations"
    statement = "max_i MSE(N(x_i), N)/S ≤ 1e-20 for permuted copies, merged by matched activations"
    assumes = (
        Is("copies"),
        Positive("unit_spread"),
        Has("unit_correlation", -1.0, 1 - 1e-6),
        DoublyStochastic(),
    )

    def metric(self, c: Constants, T: int) -> Any:
        return LargestDeviation()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 0.0, 1e-20


class AveragingKeepsFunction(MergeKeepsFunction):
    """FALSE AS TOLD: "averaging copies of one network changes nothing".

    It does where their units stand in different orders; `MergeKeepsFunction` matches them.
    """

    source = FOLKLORE
    match = "none"
    statement = "folklore: max_i MSE(N(x_i), N)/S ≤ 1e-20 for permuted copies, averaged as they are"


class AnyOrderKeepsFunction(MergeKeepsFunction):
    """FALSE AS TOLD: "any permutation of a neighbor's units will do, for a network has many".

    The right one is needed; `MergeKeepsFunction` finds it.
    """

    source = FOLKLORE
    match = "shift"
    statement = "folklore: max_i MSE(N(x_i), N)/S ≤ 1e-20 for permuted copies, merged in any order"


class MatchedAveragingDescends(AbstractMerge):
    """V_W(x_{t+1}) ≤ V_W(x_t) − ½ min_i w_ii Σ_i‖∇_i V_W(x_t)‖² for all t, V_W = Σ_{i<j} w_ij
    min_P ‖x_i − P x_j‖², ∇_i V_W = 2 Σ_k w_ik(x_i − P_ik x_k), for merges matched by weights; W
    symmetric with weights w_ij ≥ 0, the P_ij = P_jiᵀ need not be consistent.

    Proof. A merge is x − ½∇V_W(x). With the P_ij held, V is a quadratic with the Hessian
    2(diag(1 − w_ii) − [w_ij P_ij]_{i≠j}) ≤ 4 max(1 − w_ii), V_W is at most it, as no weight is
    negative, and equal at x: the descent lemma at the step ½ leaves ½ − ½ max(1 − w_ii) =
    ½ min w_ii. ∎  An equality for two.
    """

    statement = "V_W(x_{t+1}) ≤ V_W(x_t) − ½ min w_ii Σ‖∇_i V_W‖², merges matched by weights"

    @varies
    def assumes(self) -> Any:
        positive = Within("no negative weight", self, "lightest", 0.0)
        return (DoublyStochastic(), Is("symmetric_W"), positive)

    def lightest(self, c: Constants, T: int) -> float:
        """min w_ij."""
        return float(np.min(c.W))

    def metric(self, c: Constants, T: int) -> Any:
        return QuotientEnergy(kept=True)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 0.0, 1.0


class TwoAgentsAgree(AbstractMerge):
    """V_W = 0 after one merge of two agents with w = ½, whatever they start from: at most 1e-20 of
    the start, which is rounding.

    Proof. x_1⁺ = ½(x_1 + Px_2) and x_2⁺ = ½(x_2 + Pᵀx_1) = Pᵀx_1⁺. ∎
    """

    statement = "min_P ‖x_1 − P x_2‖² ≤ 1e-20 of the start after one merge of two agents, w = ½"

    @varies
    def assumes(self) -> Any:
        two = Within("two agents", self, "crowd", 2.0, 2.0)
        half = Within("w = ½", self, "weight", 0.5, 0.5)
        return (two, half, DoublyStochastic(), Is("symmetric_W"))

    def crowd(self, c: Constants, T: int) -> float:
        """n."""
        return float(c.agents)

    def weight(self, c: Constants, T: int) -> float:
        """w_11."""
        return float(c.W[0, 0])

    def metric(self, c: Constants, T: int) -> Any:
        return QuotientEnergy()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 0.0, 1e-20


class LargestDistanceFalls(AbstractMerge):
    """FALSE AS TOLD: "matched averaging brings no pair of agents farther apart than the farthest
    pair was".

    Pairwise optimal matchings need not be consistent; `MatchedAveragingDescends` has the sum that
    does fall.
    """

    source = FOLKLORE
    statement = "folklore: max_ij min_P ‖x_i − P x_j‖² never rises, merges matched by weights"
    assumes = (DoublyStochastic(), Is("symmetric_W"))

    def metric(self, c: Constants, T: int) -> Any:
        return LargestQuotient()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 0.0, 1.0


class AbstractAligned(AbstractTheorem):
    """DIMAT with the P_ij of the first round, which weight matching finds right for every pair: for
    y_i = P_i x_i it is y_i⁺ = m_i − α∇f_i(m_i), m_i = Σ_j w_ij y_j.

    Proof. f_i does not see an order: ∇f_i(P_iᵀy) = P_iᵀ∇f_i(y), and P_ij = P_iᵀP_j. ∎
    """

    source = SOURCE
    provenance = Provenance.DERIVED
    assumes = (DoublyStochastic(), Is("aligns"), NoNoise())


class AlignedMeanIsKept(AbstractAligned):
    """‖∇J(ȳ_T)‖ = ‖∇J(ȳ_0)‖ after any number of merges alone, ȳ the mean of the ALIGNED copies: not
    of the plain ones, which only P_ij = I for all pairs preserves (`PlainMeanIsLost`).

    Proof. `AbstractAligned` at α = 0, and W is doubly stochastic. ∎
    """

    kind = Kind.PATHWISE
    statement = "‖∇J(ȳ_T)‖² = ‖∇J(ȳ_0)‖² under merges, ȳ the mean of the aligned copies"

    @varies
    def assumes(self) -> Any:
        # A merge multiplies the mean by what rows and columns sum to.
        exact = Within("sums of W to the last digit", self, "grown", 0.0, 2 * EPS)
        return (*AbstractAligned.assumes, exact)

    def grown(self, c: Constants, T: int) -> float:
        """By how much rows and columns of W miss 1."""
        return sums_missed(np.asarray(c.W))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return DIMAT(c.W, 0.0, once=True)

    def metric(self, c: Constants, T: int) -> Any:
        return AlignedGradSq()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return c.grad0_aligned**2, c.grad0_aligned**2


class AlignedNonconvex(AbstractAligned):
    """(1/T) Σ_{t<T} ‖∇J(ȳ_t)‖² ≤ 2F₀/(αT) + 2L²ρ²Ξ₀/((1−ρ)T) + 4L²ρ²α²ζ²/(1−ρ)², αL = share ·
    min{1, (1−ρ)/(2ρ)}: `DSGDNonconvex` in aligned coordinates, F₀ and Ξ₀ those of the aligned
    start.

    Proof. The points m where gradients are taken follow DSGD, adapt then combine, from m_i = Σ w_ij
    y_j; they have the mean of the y and at most ρ² times their spread. ∎
    """

    kind = Kind.EXPECTATION
    statement = (
        "(1/T) Σ ‖∇J(ȳ_t)‖² ≤ 2F₀/(αT) + 2L²ρ²Ξ₀/((1−ρ)T) + 4L²ρ²α²ζ²/(1−ρ)²,  aligned copies"
    )
    domain = {"share": number("(0, 1]")}

    share: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        return (*AbstractAligned.assumes, Smooth())

    def alpha(self, c: Constants) -> float:
        """The step."""
        return float(self.share) * longest_step(c) / c.L

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return DIMAT(c.W, self.alpha(c), once=True)

    def metric(self, c: Constants, T: int) -> Any:
        return Average(AlignedGradSq())

    def bound(self, c: Constants, T: int) -> float:
        a, rho = self.alpha(c), mixing_rate(c.W)
        spread = 2 * (c.L * rho) ** 2 * c.Xi0_aligned / ((1 - rho) * T)
        bias = (2 * c.L * rho * a * c.zeta_all / (1 - rho)) ** 2
        return float(2 * c.risk0_aligned / (a * T) + spread + bias)
