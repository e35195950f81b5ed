"""Error feedback as the repair of sign descent, on each of its three counterexamples."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.adaptive.sign_feedback import SampledSign, SignFeedback
from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import from_optax
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap, Value
from convergence.shapes import Reals, real
from convergence.theorems.adaptive.sign import AbstractSkewed
from convergence.theorems.assumptions import ExactVariance, Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import number


class FeedbackOfSkewed(AbstractSkewed):
    """E f(x_T) − f(x_0) = −ηTg² for sign descent with error feedback on f(x) = gx in one dimension,
    where sign descent climbs (`SignOfSkewed`).

    Proof. In one dimension (‖p‖₁/d) sign(p) = p: nothing is left out, and a step is η times the
    sample, whose mean is g. ∎
    """

    kind = Kind.EXACT
    source = Source("karimireddy2019", "Counterexample 1, repaired; derived")
    statement = "E f(x_T) − f(x_0) = −ηTg²,  sign descent with error feedback, samples of any law"
    assumes = (*AbstractSkewed.assumes, ExactVariance())

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SignFeedback(self.eta)

    def metric(self, c: Constants, T: int) -> Any:
        return Value()

    def bound(self, c: Constants, T: int) -> float:
        g = float(np.ravel(c.g)[0])
        return g * float(np.ravel(c.x0)[0]) - float(self.eta) * T * g**2

    def second_moment(self, c: Constants, T: int) -> float:
        """Mean² + (ηg)²Tσ²."""
        g = float(np.ravel(c.g)[0])
        return self.bound(c, T) ** 2 + (float(self.eta) * g * c.sigma) ** 2 * T


class FeedbackConvex(AbstractTheorem):
    """(1/T) Σ_{t<T} f(x_t) − f* ≤ GR √((1 + 2κ)/T), κ = √(1−δ)/(1 − √(1−δ)), δ = 1/d, for convex f
    with subgradients of at most G and sign descent with error feedback, η = R/(G√((1 + 2κ)T)).

    Proof. x̃ = x − e has x̃⁺ = x̃ − ηg, so that ‖x̃⁺ − x*‖² = ‖x̃ − x*‖² − 2η⟨g, x − x*⟩ + 2η⟨g, e⟩ +
    η²‖g‖². A scaled sign leaves out ‖p − s‖² ≤ ‖p‖² − ‖p‖₁²/d ≤ (1 − δ)‖p‖², so ‖e⁺‖ ≤ √(1−δ)(‖e‖ +
    ηG) and ‖e‖ ≤ κηG. Sum: R²/(2ηT) + ηG²(½ + κ). ∎ In one dimension κ = 0 and it is the bound of
    the subgradient method. No instance of slack below 1.5 is known for d > 1 and T > 1: signs that
    make ‖e‖ large undo each other.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("karimireddy2019", "Theorem III without noise; constants derived")
    statement = "(1/T) Σ f(x_t) − f* ≤ GR√((1+2κ)/T),  sign descent with error feedback, δ = 1/d"
    assumes = (NoNoise(), Is("convex"), Positive("R"), Positive("G"), Has("f_star"), Has("d", 1))

    def inflation(self, c: Constants) -> float:
        """1 + 2κ."""
        left = math.sqrt(1 - 1 / c.d)
        return 1 + 2 * left / (1 - left)

    def eta(self, c: Constants, T: int) -> float:
        """The step."""
        return float(c.R / (c.G * math.sqrt(self.inflation(c) * T)))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SignFeedback(self.eta(c, T))

    def metric(self, c: Constants, T: int) -> Any:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        return float(c.G * c.R * math.sqrt(self.inflation(c) / T))

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)


class SignConvex(FeedbackConvex):
    """FALSE. The same without error feedback: in a valley it steps from side to side for ever
    (`SignInAValley`)."""

    source = Source("karimireddy2019", "Counterexample 2, what it refutes")
    statement = "(1/T) Σ f(x_t) − f* ≤ GR√((1+2κ)/T),  sign descent without feedback (false)"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("sign_sgd", learning_rate=self.eta(c, T))


class FeedbackInterpolation(AbstractTheorem):
    """(1/T) Σ_{t<T} E[f(x_t) − f*] ≤ R²/(wηT), w = 3 − 2ηL_max − 8η²LL_max(1 − δ)(2 − δ)/δ² ≥ 1,
    for convex quadratics f_i with one minimizer, of which one is drawn a step, and sign descent
    with error feedback, δ = 1/d, η = aδ/(4L_max), a ≤ 1.

    Proof. With x̃ = x − e and D = f(x) − f*: E‖x̃⁺ − x*‖² ≤ ‖x̃ − x*‖² − 4ηD + 2η⟨∇f, e⟩ + 2η²L_maxD,
    for ⟨∇f, x − x*⟩ = 2D and ‖∇f_i‖² ≤ 2L_max(f_i − f_i*); and ⟨∇f, e⟩ ≤ √(2LD)‖e‖ ≤ D/2 + L‖e‖².
    The sign leaves out E‖e⁺‖² ≤ (1 − δ/2)‖e‖² + (1 − δ)(2 − δ)/δ · 2η²L_maxD. So ‖x̃ − x*‖² +
    (4ηL/δ)‖e‖² falls by wηD on average; sum. ∎ With f_i for f and L_max for L the same holds of
    every run: ‖x̃ − x*‖² + a‖e‖² ≤ R², and f ≤ ½L(1 + a^{−½})²R² + f* always. No instance of slack
    below 4/3 is known: for small η the sum falls by 4ηD, a quarter of which is granted to ⟨∇f, e⟩.
    """

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    source = Source("karimireddy2019", "Counterexample 3, repaired; derived")
    statement = "(1/T) Σ E[f(x_t) − f*] ≤ R²/(wηT),  signs with error feedback, interpolation"
    assumes = (NoNoise(), Is("all_quadratic"), Is("all_convex"), Has("zeta", 0.0, 0.0),
               Positive("L_max"), Positive("R"))  # fmt: skip
    domain = {"scale": number("(0, 1]")}

    scale: Reals = eqx.field(converter=real, default=1.0)  # a

    def eta(self, c: Constants) -> float:
        """The step."""
        return float(self.scale) / (4 * c.d * c.L_max)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SignFeedback(self.eta(c), int(c.agents))

    def metric(self, c: Constants, T: int) -> Any:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        eta, delta = self.eta(c), 1 / c.d
        lost = 8 * eta**2 * c.L * c.L_max * (1 - delta) * (2 - delta) / delta**2
        return float(c.R**2 / ((3 - 2 * eta * c.L_max - lost) * eta * T))

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)

    def ceiling(self, c: Constants, T: int) -> float | None:
        """What f − f* never exceeds."""
        return float(c.L / 2 * (1 + float(self.scale) ** -0.5) ** 2 * c.R**2)


class SignInterpolation(FeedbackInterpolation):
    """FALSE. The same without error feedback: on f_i = ½⟨a_i, x⟩² with a_i = ±(1, −1) + ε(1, 1)
    every sign is that of (1, −1), and x_1 + x_2 stays."""

    source = Source("karimireddy2019", "Counterexample 3, what it refutes")
    statement = "(1/T) Σ E[f(x_t) − f*] ≤ R²/(wηT),  signs without feedback (false)"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SampledSign(self.eta(c), int(c.agents))

    def ceiling(self, c: Constants, T: int) -> float | None:
        """None is known."""
        return None
