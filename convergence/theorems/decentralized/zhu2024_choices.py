"""SPARKLE (Zhu et al. 2024): simulated against exact moments, and one choice against another."""

from __future__ import annotations

from typing import Any, ClassVar

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized.sparkle import sparkle
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.agents import MeanSquare
from convergence.parts.graphs import lazy, ring
from convergence.problems.bilevel import reference
from convergence.theorems.assumptions import AbstractAssumption, Checked, Is
from convergence.theorems.base import Kind, Moment, Source, varies
from convergence.theorems.decentralized.zhu2024_base import MILD, AbstractSparkle
from convergence.theorems.domains import one_of


class Simulated(AbstractSparkle):
    """The simulated mean of (1/n)Σ‖x_i^T − x*‖² is the exact moment of the probed recursion.

    It names no number of its own (∞): judged both ways, the two must agree.
    """

    quantity = Moment.EXPECTED
    statement = "the simulated mean of (1/n)Σ‖x_i^T − x*‖² is its exact moment"

    def bound(self, c: Constants, T: int) -> float:
        return float("inf")


GT, ED, EXTRA, MIXED = ("ATC-GT",) * 2, ("ED",) * 2, ("EXTRA",) * 2, ("ATC-GT", "ED")
BIG = (0.2, 0.4, 0.4, 1.0)
# (moment, method, the other one, steps): so on the reference agents.
TRUE = {
    ("radius", ED, GT, "big"), ("radius", EXTRA, GT, "big"), ("radius", MIXED, GT, "big"),
    ("radius", MIXED, ED, "big"), ("variance", MIXED, ED, "big"), ("radius", ED, GT, "mild"),
}  # fmt: skip


class FourAgents(AbstractAssumption):
    """The reference agents on the lazy ring of four."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        same = eqx.tree_equal(problem, reference(lazy(ring(4)))) is True
        return Checked("the reference agents", same, None, "`reference(lazy(ring(4)))`")


class Better(AbstractSparkle):
    """One method's moment is at most another's on the four agents of `reference`.

    what: "radius" (rate of convergence) or "variance" (steady noise). The sayings that extra
    correction, mixing strategies, or exact diffusion "is better" hold for one of the two there:
    `TRUE` lists what is so, computed and not proved, and `Saying` what is not.
    """

    kind = Kind.SEPARATION
    statement = "q(SPARKLE with one choice of strategies) ≤ q(SPARKLE with another)"
    source = Source("zhu2024", "abstract: which strategies suit bilevel problems")
    tolerance = 0.0
    domain = {"what": one_of("radius", "variance"), "jacobi": one_of(False)}
    so: ClassVar[bool] = True

    versus: tuple[str, str] = eqx.field(static=True, default=("ATC-GT", "ATC-GT"))
    what: str = eqx.field(static=True, default="radius")

    def __check_init__(self) -> None:
        named: dict[tuple[float, ...], str] = {MILD: "mild", BIG: "big"}
        steps = named.get(tuple(float(v) for v in self.steps), "")
        case = (self.what, (self.upper, self.lower), self.versus, steps)
        require(
            (case in TRUE) is self.so and self.W_lower is None,
            f"the comparison {case}",
            f"one that was computed, of {sorted(TRUE)}",
            "`Saying` is for those that are not so",
        )

    @varies
    def assumes(self) -> Any:
        return (*super().assumes, FourAgents(), Is("isotropic_noise"), Is("additive"))

    @varies
    def quantity(self) -> Moment:
        return {"radius": Moment.RADIUS, "variance": Moment.VARIANCE}[self.what]

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return sparkle(*self.versus, c.W, self.sizes(c, T), self.W_lower, self.jacobi)

    def metric(self, c: Constants, T: int) -> MeanSquare:
        return MeanSquare()

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class Saying(Better):
    """FALSE: what is said to be better and is not, on the reference agents."""

    statement = "q(SPARKLE with one choice of strategies) ≤ q(SPARKLE with another) (false)"
    so = False
