"""Methods on boxes and simplices: FISTA, conditional gradients, mirror descent."""

from __future__ import annotations

import math

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.constrained import (
    FISTA,
    ConditionalGradient,
    EntropicDescent,
)
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.points import Above
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem, started
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    Has,
    Is,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import number


class AbstractBoxed(AbstractTheorem):
    """A statement about the least value on a box."""

    kind = Kind.PATHWISE
    assumes = (Smooth(), NoNoise(), Is("convex"), Has("box_R"))

    def metric(self, c: Constants, T: int) -> Above:
        return Above(c.box_least)

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.box_Delta)


class FISTAConvex(AbstractBoxed):
    """f(x_T) − min_C f ≤ 2LR²/(T + 1)² for convex L-smooth f on a box C, FISTA with inertia
    (t−1)/(t+2) and η = 1/L, R = ‖x_0 − x_C‖.

    Proof. As for `AcceleratedConvex`, with the step of length 1/L from y_t replaced by the
    projected one: for all u in C, f(x_{t+1}) ≤ f(u) + L⟨y_t − x_{t+1}, y_t − u⟩ − (L/2)‖y_t −
    x_{t+1}‖². ∎ A slope down which the method comes R/2 in T steps has LR²/(4S), S ~ T²/8 the sum
    of its steps: the ratio tends to 1.
    """

    provenance = Provenance.DERIVED
    source = Source("beck2009", "Theorem 4.4, with Nesterov's inertia; derived")
    statement = "f(x_T) − min_C f ≤ 2LR²/(T + 1)²,  FISTA with inertia (t−1)/(t+2), η = 1/L"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return FISTA(1 / c.L, c.box_low, c.box_high)

    def bound(self, c: Constants, T: int) -> float:
        return float(2 * c.L * c.box_R**2 / (T + 1) ** 2)


class ConditionalGradientConvex(AbstractBoxed):
    """f(x_T) − min_C f ≤ 2LD²/(T + 2) for convex L-smooth f on a box C of diameter D, steps
    2/(t+2).

    Proof. With γ = 2/(t+2), h_{t+1} ≤ (1 − γ)h_t + γ²LD²/2 for h = f − min f, and h_{t+1} ≤
    2LD²/(t+3) follows from h_t ≤ 2LD²/(t+2), since (t+1)(t+3) ≤ (t+2)²; h_1 ≤ LD²/2. ∎
    No instance of slack below 4/3 is known: h_1 ≤ LD²/2 is attained, 2/3 is stated.
    """

    provenance = Provenance.DERIVED
    source = Source("jaggi2013", "Theorem 1, exact subproblems; proof textbook")
    statement = "f(x_T) − min_C f ≤ 2LD²/(T + 2),  conditional gradients, steps 2/(t+2)"
    assumes = (*AbstractBoxed.assumes, Positive("box_D"))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return ConditionalGradient(c.box_low, c.box_high)

    def bound(self, c: Constants, T: int) -> float:
        return float(2 * c.L * c.box_D**2 / (T + 2))


class UniformStart(AbstractAssumption):
    """x_0 = (1, …, 1)/d."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        x0 = started(problem).astype(float)
        off = float(np.max(np.abs(x0 * x0.size - 1)))
        return Checked("uniform start", off <= 1e-12, off, "x_0 = (1, …, 1)/d is needed")


class EntropicLinear(AbstractTheorem):
    """(1/T) Σ_{t<T} ⟨g, x_t⟩ − min_i g_i ≤ ln d/(ηT) + η(max g − min g)²/8 for mirror descent with
    the entropy on the simplex, from (1, …, 1)/d; η = a/(max g − min g).

    Proof. W_t = Σ_i exp(−ηt g_i)/d has W_{t+1}/W_t = E_{x_t} e^{−ηg}, of logarithm at most
    −η⟨g, x_t⟩ + η²(max g − min g)²/8 (Hoeffding's lemma), and ln W_T ≥ −ηT min g − ln d. ∎ For
    small a and large aT the first term is what it costs two unequal entries, up to exp(−aT).
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("freund1997", "Hedge, for one linear function; proof textbook")
    statement = "(1/T) Σ ⟨g, x_t⟩ − min g ≤ ln d/(ηT) + η(max g − min g)²/8,  entropic descent"
    assumes = (NoNoise(), Has("L", 0.0, 0.0), UniformStart())
    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=0.02)  # a

    def spread(self, c: Constants) -> float:
        """max g − min g, or 1 where all are equal."""
        return float(np.ptp(c.g)) or 1.0

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return EntropicDescent(float(self.scale) / self.spread(c))

    def metric(self, c: Constants, T: int) -> Average:
        return Average(Above(float(np.min(c.g))))

    def bound(self, c: Constants, T: int) -> float:
        a = float(self.scale)
        return self.spread(c) * (math.log(c.d) / (a * T) + a / 8)
