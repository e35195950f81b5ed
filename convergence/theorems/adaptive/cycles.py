"""Exact paths on (L/2)‖x‖²: methods whose steps do not shrink go round, others by known factors."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.shipped import adam, from_optax
from convergence.constants import Constants
from convergence.metrics.folds import Extremes
from convergence.metrics.points import Distance
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Centered, Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import code_of, count, number


class AbstractBowl(AbstractTheorem):
    """‖x‖ of a method on (L/2)‖x‖², known exactly."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    assumes = (NoNoise(), Is("isotropic"), Positive("L"), Positive("R"), Centered())
    domain = {"code": code_of("optax")}

    code: str = "optax"

    def metric(self, c: Constants, T: int) -> Any:
        return Distance(0.0)

    def factor(self, c: Constants, T: int) -> float:
        """‖x_T‖/‖x_0‖."""
        raise NotImplementedError

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        exact = self.factor(c, T) * c.R
        return exact, exact


class AdamCycle(AbstractBowl):
    """|x_t| = η/2 for all t, of Adam with β₁ = 0 and any β₂ on (L/2)x² from |x_0| = η/2, η = 2R.

    Proof. The gradient has one size on ±η/2, so the corrected second moment is its square and the
    step is η sign(x): from η/2 to −η/2 and back. ∎ So is sign descent, and Adam with β₂ = 0.
    """

    source = Source("bock2019", "2-limit cycles of Adam; derived for β₁ = 0")
    statement = "|x_t| = η/2 for all t ≤ T,  Adam with β₁ = 0 on (L/2)x² from η/2"
    domain = {"b2": number("[0, 1)"), "code": code_of("optax", "torch")}

    b2: Reals = eqx.field(converter=real, default=0.99)

    @varies
    def assumes(self) -> Any:
        """One dimension."""
        return (*AbstractBowl.assumes, Has("d", 1, 1))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return adam(2 * c.R, 0.0, self.b2, self.code)

    def metric(self, c: Constants, T: int) -> Any:
        return Extremes(Distance(0.0))

    def factor(self, c: Constants, T: int) -> float:
        return 1.0


class SignCycle(AdamCycle):
    """|x_t| = η/2 for all t, of sign descent on (L/2)x² from |x_0| = η/2, η = 2R.

    Proof. From η/2 to −η/2 and back. ∎ The floor of a constant step: no horizon helps.
    """

    source = Source("bernstein2018", "a constant step; derived")
    statement = "|x_t| = η/2 for all t ≤ T,  sign descent on (L/2)x² from η/2"
    domain = {"code": code_of("optax")}

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("sign_sgd", learning_rate=2 * c.R)


class LARSFactor(AbstractBowl):
    """‖x_T‖ = (1 − ηκ)^T ‖x_0‖ for LARS without momentum or decay on (L/2)‖x‖², whatever L; κ is
    the trust coefficient.

    Proof. The step is ηκ‖x‖ along g/‖g‖ = x/‖x‖. ∎
    """

    source = Source("you2017", "the layer-wise rate; derived")
    statement = "‖x_T‖ = (1−ηκ)^T ‖x_0‖,  LARS on (L/2)‖x‖² for every L"
    domain = {"step": number("(0, 1)")}

    step: Reals = eqx.field(converter=real, default=0.1)  # ηκ

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax(
            "lars", learning_rate=float(self.step), trust_coefficient=1.0, momentum=0.0
        )

    def factor(self, c: Constants, T: int) -> float:
        return (1 - float(self.step)) ** T


class FromageFactor(AbstractBowl):
    """‖x_T‖ = [(1 − η)/√(1 + η²)]^T ‖x_0‖ for Fromage without its floor under norms (optax: 1e-6)
    on (L/2)‖x‖², whatever L.

    Proof. x − η‖x‖g/‖g‖ = (1 − η)x, divided by √(1 + η²). ∎
    """

    source = Source("bernstein2020", "Algorithm 1; derived")
    statement = "‖x_T‖ = [(1−η)/√(1+η²)]^T ‖x_0‖,  Fromage on (L/2)‖x‖² for every L"
    domain = {"step": number("(0, 1)")}

    step: Reals = eqx.field(converter=real, default=0.1)  # η

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("fromage", learning_rate=float(self.step), min_norm=0.0)

    def factor(self, c: Constants, T: int) -> float:
        eta = float(self.step)
        return ((1 - eta) / (1 + eta**2) ** 0.5) ** T


def lookahead(learning_rate: Any, k: int, slow: Any) -> Any:
    """Gradient descent under Lookahead."""
    import optax

    return optax.lookahead(optax.sgd(learning_rate), sync_period=k, slow_step_size=slow)


class LookaheadFactor(AbstractBowl):
    """‖x_T‖ = |1 − α + α(1 − ηL)^k|^{T/k} ‖x_0‖ for the slow weights of Lookahead over gradient
    descent on (L/2)‖x‖², k ∣ T.

    Proof. k fast steps multiply by (1 − ηL)^k, and the slow weights go the fraction α there. ∎
    """

    source = Source("zhang2019", "Algorithm 1; derived")
    statement = "‖x_T‖ = |1−α+α(1−ηL)^k|^{T/k} ‖x_0‖,  Lookahead over gradient descent, k ∣ T"
    domain = {"scale": number("(0, 2)"), "slow": number("(0, 1]"), "k": count()}

    scale: Reals = eqx.field(converter=real, default=0.5)  # ηL
    slow: Reals = eqx.field(converter=real, default=0.4)  # α
    k: int = 5

    @varies
    def assumes(self) -> Any:
        """k ∣ T."""
        return (*AbstractBowl.assumes, Within("T mod k", self, "left", 0.0, 0.0))

    def left(self, c: Constants, T: int) -> float:
        """T mod k."""
        return T % self.k

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return FromOptax(
            lookahead, learning_rate=float(self.scale) / c.L, slow=float(self.slow), k=self.k
        )

    def factor(self, c: Constants, T: int) -> float:
        slow = float(self.slow)
        return abs(1 - slow + slow * (1 - float(self.scale)) ** self.k) ** (T // self.k)


def sam(learning_rate: Any, rho: Any) -> Any:
    """Sharpness-aware descent in one call a step."""
    import optax
    import optax.contrib as contrib

    up = optax.chain(contrib.normalize(), optax.sgd(rho))
    return contrib.sam(optax.sgd(learning_rate), up, sync_period=2)


class SAMCycle(AbstractBowl):
    """‖x_t‖ = R for all t, of sharpness-aware descent on (L/2)‖x‖² with ρ = (2 − ηL)R/(ηL): it goes
    round and does not converge, for every 0 < ηL < 2.

    Proof. The gradient is taken at x + ρx/‖x‖: x⁺ = x(1 − ηL − ηLρ/R) = −x. ∎
    """

    source = Source("foret2021", "Algorithm 1, a constant ρ; derived")
    statement = "‖x_t‖ = ηLρ/(2−ηL) for all t ≤ T,  SAM on (L/2)‖x‖² from there"
    domain = {"scale": number("(0, 2)")}

    scale: Reals = eqx.field(converter=real, default=0.5)  # ηL

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        a = float(self.scale)
        return FromOptax(sam, learning_rate=a / c.L, rho=(2 - a) * c.R / a, every=2)

    def metric(self, c: Constants, T: int) -> Any:
        return Extremes(Distance(0.0))

    def factor(self, c: Constants, T: int) -> float:
        return 1.0
