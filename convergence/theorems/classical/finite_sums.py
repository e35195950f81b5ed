"""Averages of iterates under noise that stays, and Polyak's step along one function of a sum that
all have one minimizer."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.polyak import AveragedSGD, StochasticPolyak
from convergence.constants import Constants
from convergence.metrics.points import DistanceSquare, MeanIterateGradSq
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem, start_shape
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    ExactVariance,
    Has,
    Is,
    NoNoise,
)
from convergence.theorems.base import AbstractTheorem, Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number
from convergence.theorems.exact_moments import AbstractMoment


class AbstractAveraged(AbstractMoment):
    """SGD with η = a/L on (L/2)‖x‖² with noise of variance σ², which averages its iterates."""

    quantity = Moment.EXPECTED
    provenance = Provenance.DERIVED
    assumes = (Is("isotropic"), ExactVariance(), Has("R"))
    domain = {"a": number("(0, 2)")}

    a: Reals = eqx.field(converter=real, default=0.5)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AveragedSGD(float(self.a) / c.L)

    def bound(self, c: Constants, T: int) -> float:
        # Term by term: of the brackets, nothing is left where a is small.
        powers = (1 - float(self.a)) ** np.arange(T)
        gone = float(self.a) * (np.cumsum(powers) - powers)  # 1 − q^j, j < T
        start = np.sum(powers) * c.L * c.R / T
        return float(start**2 + c.sigma**2 * np.sum(gone**2) / T**2)


class AveragedLaw(AbstractAveraged):
    """E‖∇f((1/T) Σ_{t<T} x_t)‖² = ((1 − q^T)LR/(aT))² + (σ²/T²)[T − 2(1 − q^T)/a +
    (1 − q^{2T})/(a(2 − a))] for SGD with η = a/L on (L/2)‖x‖², q = 1 − a: σ²/T in the end, whatever
    the step.

    Proof. x_t = q^t x_0 − η Σ_{s<t} q^{t−1−s}ξ_s; L times the sum over t < T is (L/a)(1 − q^T)x_0 −
    Σ_s (1 − q^{T−1−s})ξ_s, and Σ_{j<T}(1 − q^j)² is the bracket. ∎
    """

    kind = Kind.EXACT
    source = Source("polyak1992", "averaging at a constant step, on (L/2)‖x‖²; derived")
    statement = (
        "E‖∇f(x̄_T)‖² = ((1−q^T)LR/(aT))² + (σ²/T²)[T − 2(1−q^T)/a + (1−q^{2T})/(a(2−a))],  q = 1−a"
    )

    def metric(self, c: Constants, T: int) -> Any:
        return MeanIterateGradSq(float(T))


class LastLikeAverage(AbstractAveraged):
    """E‖∇f(x_T)‖² is at most what the average has: FALSE. At a constant step the last iterate keeps
    aσ²/(2 − a), where the average has σ²/T."""

    kind = Kind.EXPECTATION
    source = Source("polyak1992", "why to average; control")
    statement = "E‖∇f(x_T)‖² of the last iterate ≤ that of the average (false)"

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()


class AbstractStochasticPolyak(AbstractTheorem):
    """x⁺ = x − γ∇f_i(x), i uniform, γ = (f_i(x) − f_i(x*))/(c‖∇f_i(x)‖²), on convex quadratics f_i
    that all have their minimum at x*; L_max the largest smoothness constant of an f_i."""

    provenance = Provenance.DERIVED
    domain = {"c": number("(0.25, inf)")}

    c: Reals = eqx.field(converter=real, default=0.5)

    @varies
    def assumes(self) -> Any:
        """f_i have no slope at x*, which is 0, where the metric measures from."""
        origin = Within("x*", self, "off", 0.0, 0.0)
        shape = Is("all_quadratic"), Is("all_convex"), Has("zeta", 0.0, 0.0), Has("L_max")
        return NoNoise(), *shape, origin

    def off(self, c: Constants, T: int) -> float:
        """max |x*_i|."""
        return float(np.max(np.abs(c.x_star)))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return StochasticPolyak(float(self.c), int(c.agents))

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSquare()

    def share(self) -> float:
        """(1/c)(1 − 1/(4c))."""
        c = float(self.c)
        return (1 - 1 / (4 * c)) / c

    def ceiling(self, c: Constants, T: int) -> float:
        """No step leads away from x* for c ≥ ¼."""
        return float(c.R**2)


class StochasticPolyakRate(AbstractStochasticPolyak):
    """E‖x_T − x*‖² ≤ (1 − (1/c)(1 − 1/(4c))μ/L_max)^T R², c > ¼, μ the strong convexity of the
    mean: 1 − μ/L_max at c = ½, where a step projects if f_i has rank one.

    Proof. With Δ = f_i(x) − f_i(x*), ⟨∇f_i, x − x*⟩ = 2Δ, so ‖x⁺ − x*‖² = ‖x − x*‖² − γΔ(4 − 1/c),
    and ‖∇f_i‖² ≤ 2L_maxΔ makes γ ≥ 1/(2cL_max). The mean of 2Δ is at least μ‖x − x*‖². ∎

    An equality where `StochasticPolyakLaw` holds.
    """

    kind = Kind.EXPECTATION
    source = Source("loizou2021", "SPS under interpolation, on quadratics; constants derived")
    statement = "E‖x_T−x*‖² ≤ (1 − (1/c)(1−1/(4c))μ/L_max)^T R²,  Polyak's step, interpolation"

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.R**2)

    def bound(self, c: Constants, T: int) -> float:
        return float((1 - self.share() * c.mu / c.L_max) ** T * c.R**2)


@plainly
def _each_slope(problem: Any, x: Any) -> Any:
    return problem.grads(x)


def hessians(problem: AbstractProblem, star: Any) -> np.ndarray:
    """(n, d, d) those of quadratics f_i, as their gradients show them around a minimizer of all."""
    x = np.broadcast_to(np.asarray(star, float), start_shape(problem))
    size = 2.0 ** np.ceil(np.log2(max(1.0, float(np.abs(x).max()))))  # it divides exactly
    shown = [np.asarray(_each_slope(problem, x + way)) for way in (0, *size * np.eye(len(x)))]
    return np.stack([moved - shown[0] for moved in shown[1:]], axis=2) / size


class Frame(AbstractAssumption):
    """f_i of rank one, all with the same smoothness constant, and an isotropic mean."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        H = hessians(problem, c.x_star)
        curved = np.linalg.eigvalsh(H)
        most, mean = curved[:, -1], H.mean(axis=0)
        off = (np.abs(curved[:, :-1]), np.ptp(most), np.abs(mean - most.mean() / c.d * np.eye(c.d)))
        found = max(float(np.max(part, initial=0.0)) for part in off) / float(most.max())
        return Checked("a tight frame", found <= 1e-12, found, "of f_i″ that project on a line")


class StochasticPolyakLaw(AbstractStochasticPolyak):
    """E‖x_T − x*‖² = (1 − (1/c)(1 − 1/(4c))/d)^T R² for f_i = ½⟨a_i, x − x*⟩² with vectors a_i of
    one length that make a tight frame of ℝᵈ.

    Proof. Both inequalities of `StochasticPolyakRate` are equalities, with μ = ‖f_i″‖/d. ∎
    """

    kind = Kind.EXACT
    source = Source("loizou2021", "SPS on a tight frame: the projections of Kaczmarz; derived")
    statement = "E‖x_T−x*‖² = (1 − (1/c)(1−1/(4c))/d)^T R²,  Polyak's step on a tight frame"

    @varies
    def assumes(self) -> Any:
        return (*AbstractStochasticPolyak.assumes.fget(self), Frame())

    def bound(self, c: Constants, T: int) -> float:
        return float((1 - self.share() / c.d) ** T * c.R**2)


class StochasticPolyakAnyScale(StochasticPolyakRate):
    """The rate of c = ½ for every c ≥ ¼: FALSE. At c = ¼ a step along a function of rank one is a
    reflection, and no distance falls."""

    statement = "E‖x_T−x*‖² ≤ (1 − μ/L_max)^T R² for Polyak's step with any c ≥ ¼ (false)"
    domain = {"c": number("[0.25, inf)")}

    c: Reals = eqx.field(converter=real, default=0.25)

    def share(self) -> float:
        return 1.0
