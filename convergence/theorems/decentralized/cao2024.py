"""Cao, Wu, Yuan and Sayed 2024: flatness against optimization in distributed learning.

Near a minimum with a common Hessian the excess risk of the three strategies is exact:
`cao2024_risk`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.agents import EscapeTime, ExcessRisk
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Is
from convergence.theorems.base import AbstractSeparation, Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.decentralized.alghunaim2022 import SYMMETRIC
from convergence.theorems.decentralized.cao2024_instances import Covariances, TiltedWell
from convergence.theorems.decentralized.cao2024_risk import excess_risk, strategy_of
from convergence.theorems.domains import number, one_of
from convergence.theorems.exact_moments import AbstractMoment

NAMES = ("centralized", "diffusion", "consensus")  # by their risk, the least first
SOURCE = Source("cao2024", "excess risk near a minimum; the exact formulas are ours")


class AbstractFlat(AbstractMoment):
    """A statement about one strategy at the step α = ah/L; steady, or at T steps from w*."""

    assumes = (Is("common"), SYMMETRIC, Is("additive"))
    domain = {"name": one_of(*NAMES), "ah": number("(0, inf)"), "finite": one_of(False)}
    source = SOURCE
    provenance = Provenance.DERIVED

    name: str = eqx.field(static=True, default="diffusion")
    ah: Reals = eqx.field(converter=real, default=0.05)
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
    domain = {"finite": one_of(True, False)}

    @varies
    def settled(self) -> float | None:
        return None if self.finite else 0.0

    @varies
    def assumes(self) -> Any:
        start = (Within("a start at w*", self, "start", 0.0, 1e-10),) if self.finite else ()
        return (*AbstractFlat.assumes, Covariances(), *start)

    def start(self, c: Constants, T: int) -> float:
        """The distance of the agents from w* in units of a first step, α(ζ² + σ²/K)^{1/2}; ∞ where
        a power of 1 or −1 has no sum of its own."""
        if not np.isfinite(self.bound(c, T)):
            return float("inf")
        one = self.alpha(c, T) * (c.zeta**2 + c.sigma**2 / c.agents) ** 0.5
        return (c.R_rms / one if one > 0 else float("inf")) if c.R_rms > 0 else 0.0

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

    @varies
    def assumes(self) -> Any:
        small = Within("a small step", self, "error", 0.0, 0.5)
        return (*AbstractFlat.assumes, Is("isotropic_noise"), small)

    def error(self, c: Constants, T: int) -> float:
        """2y/(1 − y), ∞ where the expansion says nothing."""
        room = 1 - float(np.max(c.lam[1:] ** 2))
        y = 2 * (1 + 1 / T) / T / room if room > 0 else np.inf
        return 2 * y / (1 - y) if y < 1 else np.inf

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
        return self.bound(c, T) * self.error(c, T) / self.tolerance


class Crossover(SmallStepGap):
    """Diffusion doubles the centralized risk at the batch B = Tr R₁/(2α Σ_{m≥2} h(λ/(1−λ))²β̂²),
    R₁ the covariance of one sample: decentralization matters from B ~ 1/α on. T = L/α.

    Proof. ER_cen = (α/4BK)Tr R₁ against the batch-free term of the gap, which is off by a share of
    2y/(1 − y) as in `SmallStepGap`. The noise of the gap is at most (α²/2K)Σ_{m≥2} hλ²s²/(1 − λ²),
    of 2ER_cen a share of αL Σ_{m≥2} λ²/(1 − λ²), which grows with the agents. ∎
    The noise is that of a batch: Tr R₁/B = σ²/K.
    """

    statement = "ER_dif = 2 ER_cen (1 + O(α)) at the batch B = Tr R₁/(2αΣh(λ/(1−λ))²β̂²)"
    domain = {"name": one_of("diffusion")}

    @varies
    def assumes(self) -> Any:
        batch = Within("the noise of that batch", self, "batch", 1 - 1e-9, 1 + 1e-9)
        return (*super().assumes, batch, Within("a small step", self, "lower", 0.0, 0.02))

    def batch(self, c: Constants, T: int) -> float:
        """Tr R₁/B over 2αΣh(λ/(1−λ))²β̂²."""
        lam, h = np.meshgrid(c.lam[1:], c.h, indexing="ij")
        pull = float(np.sum(h * (lam / (1 - lam)) ** 2 * c.modes[1:] ** 2))
        return c.sigma**2 / c.agents / (2 * self.alpha(c, T) * pull) if pull > 0 else np.inf

    def lower(self, c: Constants, T: int) -> float:
        """2y/(1 − y) + αL Σ_{m≥2} λ²/(1 − λ²)."""
        return self.error(c, T) + float(np.sum(c.lam[1:] ** 2 / (1 - c.lam[1:] ** 2))) / T

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
    domain = {"ah": number("(0, 1)"), "worse": one_of(*NAMES)}
    pairs: ClassVar[tuple[tuple[str, str], ...]] = (
        ("diffusion", "consensus"), ("centralized", "diffusion"), ("centralized", "consensus"),
    )  # fmt: skip

    worse: str = eqx.field(static=True, default="consensus")

    def __check_init__(self) -> None:
        require(
            (self.name, self.worse) in self.pairs,
            f"{self.name!r} before {self.worse!r}",
            f"one of {self.pairs}",
            "`Overgeneralized` is for what is not so",
        )

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.ah) * float(1 + c.lam[-1]) / c.L

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return strategy_of(self.worse, c, self.alpha(c, T))

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class Overgeneralized(AbstractFlat):
    """FALSE IN GENERAL: the ordering after every finite number of steps from w*, or with unequal
    Hessians, or the reverse ordering.

    From w* the bias part orders at every n only if 0 < αh ≤ λ for all modes; with unequal Hessians
    not even the steady state orders.
    """

    source = Source("cao2024", "the ordering of excess risks, over-generalized")
    statement = "over-generalized: ER_con ≥ ER_dif ≥ ER_cen for all n, or all Hessians"
    kind = Kind.SEPARATION
    assumes = ()
    domain = {"finite": one_of(True, False), "worse": one_of(*NAMES)}

    worse: str = eqx.field(static=True, default="consensus")

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return strategy_of(self.worse, c, self.alpha(c, T))

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class Escape(AbstractSeparation):
    """E min{τ, T} of consensus ≤ that of diffusion ≤ that of the centralized strategy, τ the first
    step at which the mean has left the sharp well.

    Printed without a proof, of small steps near a minimum; put to the test where a tilt or a noise
    drives the agents apart, μL ≤ 1 with L = sharp, and the well is left now and then.
    """

    source = Source("cao2024", "abstract: decentralized strategies escape faster, consensus most")
    provenance = Provenance.PRINTED
    statement = "E min{τ, T}: consensus ≤ diffusion ≤ centralized, τ the escape time"

    domain = {
        "name": one_of("consensus", "diffusion"),
        "slower": one_of("diffusion", "centralized"),
        "mu": number("[0.02, 0.02]"),
        "factor": number("[1, inf)"),
    }

    name: str = eqx.field(static=True, default="consensus")
    slower: str = eqx.field(static=True, default="diffusion")
    mu: Reals = eqx.field(converter=real, default=0.02)
    factor: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        require(
            NAMES.index(self.name) > NAMES.index(self.slower),
            f"{self.name!r} before {self.slower!r}",
            f"the opposite of the order of {NAMES}",
            "exchange them, or use `EscapeExchanged`",
        )

    assumes = (TiltedWell(),)

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
