"""Sign descent: the two ways in which it fails, and what error feedback makes of one of them."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import from_optax
from convergence.constants import Constants
from convergence.metrics.attention import Along
from convergence.metrics.folds import Extremes
from convergence.metrics.points import Above
from convergence.metrics.pointwise import Value
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import number


class TwoSigns(AbstractAssumption):
    """One dimension, g > 0, and g + ξ is positive with the chance of the rarest sample alone."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        found, positive = signs(noise, c), float(np.ravel(c.g)[0]) > 0
        rare = positive and found is not None and abs(found - (2 * c.q - 1)) <= 1e-12
        return Checked("two signs", rare, found, "g > 0, and the rarer of two samples is positive")


def signs(noise: AbstractNoise, c: Constants) -> float | None:
    """P(g + ξ > 0) − P(g + ξ < 0), or None where that is not known."""
    law = noise.atoms((1,))
    if law is None or c.d != 1:
        return None
    chances, values = (np.asarray(v, float).ravel() for v in law)
    drawn = float(np.ravel(c.g)[0]) + values[chances > 0]
    return float(np.sum(chances[chances > 0] * np.sign(drawn))) if np.all(drawn != 0) else None


class AbstractSkewed(AbstractTheorem):
    """Sign descent on f(x) = gx in one dimension, samples positive with one chance."""

    provenance = Provenance.DERIVED
    assumes = (Has("L", 0.0, 0.0), Has("d", 1, 1), Positive("q"), TwoSigns())
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=1.0)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("sign_sgd", learning_rate=float(self.eta))


class SignOfSkewed(AbstractSkewed):
    """E f(x_T) − f(x_0) = −ηTg(2p − 1) for sign descent on f(x) = gx in one dimension, where a
    sample is positive with chance p: here g > 0 and p = q, the rarest chance, is below ½, so f
    grows.

    Proof. A step is −η with chance p and η otherwise, whatever x. ∎ With 4 (¼) and −1 (¾) f = x/4
    grows by η/8 a step (Karimireddy et al., Counterexample 1).
    """

    kind = Kind.EXACT
    source = Source("karimireddy2019", "Counterexample 1, with its law derived")
    statement = "E f(x_T) − f(x_0) = ηTg(1 − 2p),  sign descent where P(sample > 0) = p"

    def metric(self, c: Constants, T: int) -> Any:
        return Value()

    def bound(self, c: Constants, T: int) -> float:
        g = float(np.ravel(c.g)[0])
        return g * float(np.ravel(c.x0)[0]) + float(self.eta) * T * g * (1 - 2 * c.q)

    def second_moment(self, c: Constants, T: int) -> float:
        """|f(x_T)| ≤ |gx_0| + ηTg."""
        g = float(np.ravel(c.g)[0])
        return (g * abs(float(np.ravel(c.x0)[0])) + float(self.eta) * T * g) ** 2


class SignDescends(AbstractSkewed):
    """E f(x_T) ≤ f(x_0) for sign descent with unbiased samples of a linear function.

    FALSE: the sign of a sample is that of its median (`SignOfSkewed`).
    """

    kind = Kind.EXPECTATION
    source = Source("karimireddy2019", "Counterexample 1, what it refutes")
    statement = "E f(x_T) ≤ f(x_0),  sign descent with unbiased samples (false)"

    def most(self, c: Constants, T: int) -> float:
        """ηTg, by which f changes at most: the metric is f(x_T) − f(x_0) + ηTg ≥ 0."""
        return float(self.eta) * T * float(np.ravel(c.g)[0])

    def metric(self, c: Constants, T: int) -> Any:
        return Above(-self.most(c, T))

    def bound(self, c: Constants, T: int) -> float:
        return self.most(c, T)

    def ceiling(self, c: Constants, T: int) -> float:
        return 2 * self.most(c, T)


class AbstractInAValley(AbstractTheorem):
    """Sign descent on f(x) = ε|x_1 + x_2| + |x_1 − x_2| from an odd start."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    assumes = (NoNoise(), Is("valley"))
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=2.0**-7)

    def check(self, problem: Any, noise: Any, c: Constants, T: int) -> tuple[Checked, ...]:
        x0 = np.ravel(c.x0) if "x0" in c else np.zeros(2)  # of another shape there is no valley
        with np.errstate(over="ignore"):  # an infinite one is no multiple
            odd = float((x0[0] - x0[-1]) / float(self.eta))
        holds = odd % 2 == 1
        found = Checked("odd start", bool(holds), odd, "x_1 − x_2 must be an odd multiple of η")
        return (*super().check(problem, noise, c, T), found)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("sign_sgd", learning_rate=float(self.eta))


class SignInAValley(AbstractInAValley):
    """⟨(1, 1), x_t⟩ = ⟨(1, 1), x_0⟩ for all t, of sign descent with a step η on f(x) = ε|x_1 + x_2|
    + |x_1 − x_2|, 0 < ε < 1, where x_1 − x_2 is an odd multiple of η at the start.

    Proof. The gradient is (ε + 1, ε − 1) or (ε − 1, ε + 1) up to its sign, where x_1 ≠ x_2: its
    signs are opposite. A step changes x_1 − x_2 by 2η and leaves it an odd multiple of η. ∎
    (Karimireddy et al., Counterexample 2.)
    """

    source = Source("karimireddy2019", "Counterexample 2; derived")
    statement = "x_{t,1} + x_{t,2} = x_{0,1} + x_{0,2} for all t,  sign descent in a valley"

    def metric(self, c: Constants, T: int) -> Any:
        return Extremes(Along(np.ones(2)))

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        total = float(np.sum(c.x0))
        return total, total


class SignValleyDescends(AbstractInAValley):
    """f(x_T) − f* ≤ (f(x_0) − f*)/2 after T ≥ 2R/η steps of sign descent on a convex function of
    bounded gradients.

    FALSE: in a valley it steps from side to side for ever (`SignInAValley`).
    """

    source = Source("karimireddy2019", "Counterexample 2, what it refutes")
    statement = "f(x_T) − f* ≤ Δ/2 for T ≥ 2R/η,  sign descent, convex f (false)"

    def metric(self, c: Constants, T: int) -> Any:
        return Above(c.f_star)

    def bound(self, c: Constants, T: int) -> Any:
        return c.Delta / 2 if 2 * c.R / float(self.eta) <= T else c.Delta
