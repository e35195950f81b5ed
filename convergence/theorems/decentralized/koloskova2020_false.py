"""DSGD on nonconvex functions, told too well: no network, no transient, one sample for all."""

from __future__ import annotations

from typing import Any

from convergence.constants import Constants
from convergence.parts.graphs import mixing_rate
from convergence.theorems.assumptions import ExactVariance, Is
from convergence.theorems.base import Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.decentralized.koloskova2020_nonconvex import (
    AbstractNonconvexDSGD,
    DoublyStochastic,
    DSGDCenterLaw,
    DSGDNonconvex,
    DSGDSpeedUp,
    leading_terms,
    longest_step,
)

FOLKLORE = Source("koloskova2020", "a folklore reading of DSGD")


class NetworkIsFree(DSGDNonconvex):
    """FALSE AS TOLD: "DSGD behaves as SGD of n agents", 2F₀/(αT) + Lαs²/n + 2L²Ξ₀/((1−ρ)T).

    Heterogeneity moves the fixed point away from the minimizer; `DSGDNonconvex` says how far.
    """

    source = FOLKLORE
    statement = "folklore: (1/T) Σ E‖∇J(x̄_t)‖² ≤ 2F₀/(αT) + Lαs²/n + 2L²Ξ₀/((1−ρ)T)"

    def bound(self, c: Constants, T: int) -> float:
        start = 2 * c.L**2 * c.Xi0 / ((1 - mixing_rate(c.W)) * T)
        return leading_terms(c, T, self.alpha(c, T)) + start


class SpeedUpAtOnce(DSGDSpeedUp):
    """FALSE AS TOLD: "the speed-up holds as soon as the step is short enough".

    The third maximum of T* is missing; `DSGDSpeedUp` waits for it.
    """

    source = FOLKLORE
    statement = (
        "folklore: (1/T) Σ E‖∇J(x̄_t)‖² ≤ 4√(2LF₀s²/(nT)) + 2L²Ξ₀/((1−ρ)T) "
        "wherever the step is short enough"
    )

    @varies
    def assumes(self) -> Any:
        short = Within("a short step", self, "length", 0.0, 1.0)
        return (*AbstractNonconvexDSGD.assumes, Positive("risk0"), Positive("sigma"), short)

    def length(self, c: Constants, T: int) -> float:
        """αL over the largest of the theorem."""
        return self.alpha(c, T) * c.L / max(longest_step(c), 1e-300)


class SpeedUpWithOneSample(DSGDCenterLaw):
    """FALSE AS TOLD: "the floor falls as 1/n", even where all agents share one sample.

    Then E‖ξ̄‖² = s², and the floor is hαs²/(2 − αh) for every n; `DSGDCenterLaw` asks for
    independent samples.
    """

    source = FOLKLORE
    statement = "folklore: E‖∇J(x̄_t)‖² has the floor hαs²/(n(2 − αh)) however the agents sample"

    @varies
    def assumes(self) -> Any:
        round_ = Within("one Hessian hI", self, "oval", 0.0, 1e-12)
        return (DoublyStochastic(), Is("common"), round_, ExactVariance())
