"""Vaswani et al. 2019: SGD with a line search on each function, where all have one minimizer."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.line_search import ArmijoSGD
from convergence.constants import Constants
from convergence.metrics.pointwise import DistanceSq
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.classical.finite_sums import hessians
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import number


class Round(AbstractAssumption):
    """Every f_i is (h_i/2)‖x − x*‖² up to a constant, with h_i ≥ `least` L_max."""

    least: float = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        H = hessians(problem, c.x_star)
        h = H[:, :1, :1]
        off, size = (np.abs(A).max(axis=(1, 2)) for A in (H - h * np.eye(H.shape[-1]), H))
        round_ = bool(np.all(off <= 1e-12 * size))  # they are differences of gradients
        found = float(h.min() / c.L_max)
        return Checked("round functions", round_ and found >= self.least, found,
                       f"H_i = h_i I with h_i ≥ {self.least:g} L_max is needed")  # fmt: skip


class AbstractArmijo(AbstractTheorem):
    """SGD with backtracking from η_max = a/L_max, η ← γη until f_i falls by cη‖∇f_i‖²."""

    provenance = Provenance.DERIVED
    # Above 1e6 or .999 the search could come near its shortest step, of which no proof knows.
    domain = {"al": number("(0, 1e6]"), "c": number("[0.5, 0.999]"), "gamma": number("(0, 1)")}

    al: Reals = eqx.field(converter=real, default=1.0)
    c: Reals = eqx.field(converter=real, default=0.6)
    gamma: Reals = eqx.field(converter=real, default=0.5)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return ArmijoSGD(float(self.al) / c.L_max, self.c, self.gamma, int(c.agents))

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSq()


class ArmijoInterpolation(AbstractArmijo):
    """E‖x_T − x*‖² ≤ (1 − (2 − 1/(2c))ημ)^T R² for convex quadratics f_i with one minimizer, μ the
    strong convexity of their mean, c ≥ ½, η = η_max if η_max ≤ 2(1 − c)/L_max and else 2γ(1 −
    c)/L_max: the shortest step that backtracking can end with. The method is not told L_max.

    Proof. f_i(x − ηg) = f_i(x) − η‖g‖² + (η²/2)gᵀH_ig falls enough if η ≤ 2(1 − c)/L_max. With D =
    f_i(x) − f_i*, ‖x⁺ − x*‖² = ‖x − x*‖² − 4ηD + η²‖g‖², and η‖g‖² ≤ (D − D⁺)/c ≤ D/c: every step
    gains (4 − 1/c)ηD ≥ 0, of mean at least (2 − 1/(2c))ημ‖x − x*‖². ∎
    """

    kind = Kind.EXPECTATION
    source = Source("vaswani2019", "Theorem 1, on quadratics; constants derived")
    statement = "E‖x_T−x*‖² ≤ (1 − (2−1/(2c))ημ)^T R²,  Armijo's search on f_i, interpolation"

    @varies
    def assumes(self) -> Any:
        return (NoNoise(), Is("all_quadratic"), Is("all_convex"), Has("zeta", 0.0, 0.0),
                Positive("L_max"), Positive("mu"))  # fmt: skip

    def shortest(self, c: Constants) -> float:
        """η."""
        first, longest = float(self.al) / c.L_max, 2 * (1 - float(self.c)) / c.L_max
        return first if first <= longest else float(self.gamma) * longest

    def bound(self, c: Constants, T: int) -> float:
        gain = (2 - 1 / (2 * float(self.c))) * self.shortest(c) * c.mu
        return float((1 - gain) ** T * c.R**2)

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.R**2)

    def ceiling(self, c: Constants, T: int) -> float | None:
        """No step leads away from x*."""
        return float(c.R**2)


class ArmijoRound(AbstractArmijo):
    """(2c − 1)^{2T}R² ≤ ‖x_T − x*‖² ≤ (1 − 2γ(1 − c))^{2T}R² on every run, for f_i = (h_i/2)
    ‖x − x*‖² with any h_i ≥ 2γ(1 − c)/η_max, c ≥ ½: no condition number.

    Proof. x⁺ − x* = (1 − ηh_i)(x − x*), and f_i falls enough if and only if ηh_i ≤ 2(1 − c). The
    step before it was refused, or was none: ηh_i ≥ 2γ(1 − c). ∎ Attained as h_iη_max approaches
    2(1 − c) from below and from above.
    """

    kind = Kind.PATHWISE
    source = Source("vaswani2019", "Armijo's condition on round quadratics; derived")
    statement = "(2c−1)^{2T}R² ≤ ‖x_T−x*‖² ≤ (1−2γ(1−c))^{2T}R²,  Armijo's search, round f_i"

    @varies
    def assumes(self) -> Any:
        least = 2 * float(self.gamma) * (1 - float(self.c)) / float(self.al)
        quadratics = Is("all_quadratic"), Has("zeta", 0.0, 0.0)
        return NoNoise(), *quadratics, Positive("L_max"), Round(least)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        low, high = 2 * float(self.c) - 1, 1 - 2 * float(self.gamma) * (1 - float(self.c))
        return float(low ** (2 * T) * c.R**2), float(high ** (2 * T) * c.R**2)


class ArmijoAnywhere(ArmijoInterpolation):
    """FALSE. The same where the f_i have minimizers of their own: the search follows each to its
    own."""

    source = Source("vaswani2019", "what interpolation is for; control")
    statement = "E‖x_T−x*‖² ≤ (1 − (2−1/(2c))ημ)^T R²,  Armijo's search on any f_i (false)"

    @varies
    def assumes(self) -> Any:
        return NoNoise(), Is("all_quadratic"), Is("all_convex"), Positive("L_max"), Positive("mu")

    def ceiling(self, c: Constants, T: int) -> float | None:
        """None is known."""
        return None
