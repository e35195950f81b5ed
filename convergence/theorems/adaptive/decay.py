"""Weight decay: what it does alone, where it ends, the box that it draws around sign methods."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.shipped import TINY, choose, from_optax, from_torch
from convergence.constants import Constants
from convergence.metrics.points import Distance, Farthest
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    Has,
    Is,
    NoNoise,
    ShortStep,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import code_of, number

BOTH = code_of("optax", "torch")


def coupled_sgd(learning_rate: Any, weight_decay: Any) -> Any:
    """Gradient descent on f + (λ/2)‖x‖², as optax chains it."""
    import optax

    return optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(learning_rate))


class AbstractDecay(AbstractTheorem):
    """A method with step η and decay λ, ηλ < 1."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    domain = {"eta": number("(0, inf)"), "decay": number("(0, inf)"), "code": BOTH}

    eta: Reals = eqx.field(converter=real, default=0.0625)
    decay: Reals = eqx.field(converter=real, default=0.25)  # λ
    code: str = "optax"

    @varies
    def assumes(self) -> Any:
        """ηλ < 1."""
        return (Within("ηλ < 1", self, "product", 0.0, 1 - 1e-12),)

    def product(self, c: Constants, T: int) -> float:
        """ηλ."""
        return float(self.eta) * float(self.decay)

    def kept(self, c: Constants, T: int) -> float:
        """(1 − ηλ)^T."""
        return (1 - self.product(c, T)) ** T

    def options(self) -> tuple[float, float]:
        """η, λ."""
        return float(self.eta), float(self.decay)


class DecayAlone(AbstractDecay):
    """‖x_T‖ = (1 − ηλ)^T ‖x_0‖ for AdamW where every gradient is 0.

    Proof. Decoupled decay multiplies by 1 − ηλ and adds ηm/(√v + ε) = 0. ∎ Decay that goes through
    the normalizer moves by about η a step instead, whatever λ.
    """

    source = Source("loshchilov2019", "Algorithm 2; derived")
    statement = "‖x_T‖ = (1−ηλ)^T ‖x_0‖,  AdamW where ∇f = 0"

    @varies
    def assumes(self) -> Any:
        """∇f(x_0) = 0, and so along the line to the minimizer 0 of a smooth f; ηλ < 1."""
        flat = Has("grad0", 0.0, 0.0), Is("convex"), Smooth(), Origin()
        return (*super().assumes, NoNoise(), *flat)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        eta, decay = self.options()
        return choose(
            self.code,
            optax=lambda: from_optax("adamw", learning_rate=eta, weight_decay=decay),
            torch=lambda: from_torch("AdamW", lr=eta, weight_decay=decay),
        )

    def metric(self, c: Constants, T: int) -> Distance:
        return Distance(0.0)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return self.kept(c, T) * c.R, self.kept(c, T) * c.R


class Origin(AbstractAssumption):
    """0 is a minimizer."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        far = float(np.max(np.abs(c.x_star)))
        return Checked("minimizer at 0", far == 0, far, "x* must be 0")


class CoupledDecay(AbstractDecay):
    """‖x_T − Lx*/(L + λ)‖ = |1 − η(L + λ)|^T ‖x_0 − Lx*/(L + λ)‖ for SGD with weight decay on
    (L/2)‖x − x*‖².

    Proof. It is gradient descent on f + (λ/2)‖x‖², (L + λ)-isotropic around Lx*/(L + λ). ∎
    """

    source = Source("loshchilov2019", "L2 regularization of SGD; derived")
    statement = "‖x_T − Lx*/(L+λ)‖ = |1−η(L+λ)|^T ‖x_0 − Lx*/(L+λ)‖,  SGD with weight decay"

    @varies
    def assumes(self) -> Any:
        """An isotropic quadratic, of which x_0 and x* are certified."""
        return (NoNoise(), Is("isotropic"), Has("grad_max"), ShortStep(float(self.eta)))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        eta, decay = self.options()
        return choose(
            self.code,
            optax=lambda: FromOptax(coupled_sgd, learning_rate=eta, weight_decay=decay),
            torch=lambda: from_torch("SGD", lr=eta, weight_decay=decay),
        )

    def rest(self, c: Constants) -> Any:
        """Lx*/(L + λ)."""
        return c.L * np.asarray(c.x_star) / (c.L + float(self.decay)) + 0 * np.asarray(c.x0)

    def metric(self, c: Constants, T: int) -> Distance:
        return Distance(self.rest(c))

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        first = float(np.linalg.norm(np.asarray(c.x0) - self.rest(c)))
        left = abs(1 - float(self.eta) * (c.L + float(self.decay))) ** T * first
        # Once at rest an iterate is known to about a unit in the last place of its own size.
        rounding = 2.0**-46 * (first + float(np.linalg.norm(self.rest(c))))
        return max(0.0, left - rounding), left + rounding


class AdamWBox(AbstractDecay):
    """max_i |x_{T,i}| ≤ (1 − ηλ)^T max_i |x_{0,i}| + (1 − (1 − ηλ)^T)/λ for AdamW with β₁ = β₂ = β,
    whatever the gradients: it ends in the box |x| ≤ 1/λ.

    Proof. m_t/(1−β^t) and v_t/(1−β^t) are averages of g and g² with the same weights, so the step
    beside the decay is at most η; ε only shortens it, and makes those 0 that would be 0/0. ∎
    Attained where gradients keep pointing outward.
    """

    source = Source("xie2024", "AdamW and the box of radius 1/λ; derived for β₁ = β₂")
    statement = "|x_T|_∞ ≤ (1−ηλ)^T |x_0|_∞ + (1 − (1−ηλ)^T)/λ,  AdamW with β₁ = β₂"
    domain = {"beta": number("(0, 1)")}

    beta: Reals = eqx.field(converter=real, default=0.95)

    @varies
    def assumes(self) -> Any:
        """ηλ < 1, and x_0 certified."""
        return (*super().assumes, Has("grad_max"))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        (eta, decay), b = self.options(), float(self.beta)
        return choose(
            self.code,
            optax=lambda: from_optax(
                "adamw", learning_rate=eta, b1=b, b2=b, eps=TINY, weight_decay=decay
            ),
            torch=lambda: from_torch("AdamW", lr=eta, betas=(b, b), eps=TINY, weight_decay=decay),
        )

    def metric(self, c: Constants, T: int) -> Farthest:
        return Farthest()

    def bound(self, c: Constants, T: int) -> float:
        kept = self.kept(c, T)
        gone = -math.expm1(T * math.log1p(-self.product(c, T)))  # 1 − kept, of small λ as well
        return kept * float(np.max(np.abs(c.x0))) + gone / float(self.decay)


class LionBox(AdamWBox):
    """max_i |x_{T,i}| ≤ (1 − ηλ)^T max_i |x_{0,i}| + (1 − (1 − ηλ)^T)/λ for Lion with decay λ,
    whatever the gradients.

    Proof. The step beside the decay is η times signs. ∎ Attained where signs keep pointing outward.
    """

    source = Source("chen2024lion", "Section 3, phase 1; derived")
    statement = "|x_T|_∞ ≤ (1−ηλ)^T |x_0|_∞ + (1 − (1−ηλ)^T)/λ,  Lion"
    domain = {"code": code_of("optax")}

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        (eta, decay), b = self.options(), float(self.beta)
        return from_optax("lion", learning_rate=eta, b1=b, b2=b, weight_decay=decay)


class SignDecayRest(AbstractDecay):
    """max_i |x_{T,i} − x*_i| ≤ η(1 + λA), A = max |x*_i| < 1/λ, for sign descent with decoupled
    decay (Lion without averages) on (L/2)‖x − x*‖², once ηT(1 − λA) ≥ max |x_{0,i} − x*_i|; within
    the box the decay moves no minimizer.

    Proof. From x > a = x*_i a step leads to (1 − ηλ)x − η, which increases with x, lies above a −
    η(1 + λa), and is shorter by η(1 + λx) ≥ η(1 − λA); likewise from below. So an entry comes to
    within η(1 + λA) in the time named and stays. ∎ Attained by starts just beyond x*.
    """

    source = Source("xie2024", "sign descent in the interior of the box; derived")
    statement = "|x_T − x*|_∞ ≤ η(1 + λA),  sign descent with decay, A = |x*|_∞ < 1/λ"
    domain = {"code": code_of("optax")}

    @varies
    def assumes(self) -> Any:
        """ηλ < 1, x* within the box, time to come there."""
        return (
            *super().assumes,
            NoNoise(),
            Is("isotropic"),
            Has("grad_max"),
            Within("λ|x*| < 1", self, "depth", 0.0, 1 - 1e-9),
            Within("ηT(1 − λA) ≥ |x_0 − x*|", self, "time", 1.0),
        )

    def depth(self, c: Constants, T: int) -> float:
        """λA."""
        return float(self.decay) * float(np.max(np.abs(c.x_star)))

    def time(self, c: Constants, T: int) -> float:
        """The time there is, in units of the time that it takes."""
        far = float(np.max(np.abs(np.asarray(c.x0) - np.asarray(c.x_star))))
        return float(self.eta) * T * (1 - self.depth(c, T)) / max(far, 1e-300)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        eta, decay = self.options()
        return from_optax("lion", learning_rate=eta, b1=0.0, b2=0.0, weight_decay=decay)

    def metric(self, c: Constants, T: int) -> Farthest:
        return Farthest(c.x_star)

    def bound(self, c: Constants, T: int) -> float:
        return float(self.eta) * (1 + self.depth(c, T))
