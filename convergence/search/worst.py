"""The exact worst case of a statement's method over the whole class of functions, by PEPit.

A performance estimation problem is a semidefinite program whose value is the worst case, not a
bound of it. PEPit keeps it in class attributes, hence a process a problem: `python -m
convergence.search.worst NAME T NUMBERS` prints the value for L = G = 1 and R = Δ = D = 1. The value
is CLARABEL's dual in floating point, right to about `TOLERANCE`, and no certificate.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convergence.constants import Constants
from convergence.errors import InvalidInput, require
from convergence.problems.quadratic import Quadratic
from convergence.search import worst_classes as classes
from convergence.search import worst_programs as programs
from convergence.search.worst_instances import replayed, traced
from convergence.theorems.base import AbstractTheorem
from convergence.theorems.classical import kim2024, optimized, simple_sets, subgradient, taylor2018
from convergence.theorems.classical.abbaszadehpeivasti2022 import GradientDescentNonconvex
from convergence.theorems.classical.coordinates import CyclicCoordinateDescent
from convergence.theorems.classical.deklerk2020 import ErringDescent
from convergence.theorems.classical.drori2014 import GradientDescentConvex
from convergence.theorems.classical.ghadimi2015 import HeavyBallConvex
from convergence.theorems.classical.momentum_class import HeavyBallAverage, NesterovStrong
from convergence.theorems.classical.nesterov1983 import AcceleratedConvex
from convergence.theorems.games.korpelevich1976 import ExtragradientMonotone

# CLARABEL stops at a relative gap and residuals of 1e-8; residuals enter times multipliers, which
# sum to at most a few T.
TOLERANCE = 1e-6
REPLAYED = 1e-3  # points are roots of what the solver knows
LONGEST = 20  # the semidefinite program grows as T²


class Reach(NamedTuple):
    """What PEPit solves for a statement, whether it is about a norm, not its square, and which of
    the statement's own fields or of the instance's constants the program takes besides."""

    program: Callable[..., Any]
    root: bool = False
    more: tuple[str, ...] = ()


REACH: dict[type, Reach] = {
    GradientDescentConvex: Reach(programs.descent_value),
    GradientDescentNonconvex: Reach(programs.descent_nonconvex),
    HeavyBallConvex: Reach(programs.heavy_ball),
    AcceleratedConvex: Reach(programs.accelerated),
    kim2024.GradientDescentValue: Reach(programs.descent_value),
    kim2024.GradientDescentSlope: Reach(programs.descent_slope),
    kim2024.GradientDescentSlopeFromDistance: Reach(programs.descent_slope_from_distance, True),
    taylor2018.DistanceContraction: Reach(programs.contraction_distance, True),
    taylor2018.SlopeContraction: Reach(programs.contraction_slope, True),
    taylor2018.ValueContraction: Reach(programs.contraction_value),
    taylor2018.ProjectedGradientConvex: Reach(programs.projected),
    simple_sets.FISTAConvex: Reach(programs.fista),
    simple_sets.ConditionalGradientConvex: Reach(programs.conditional),
    optimized.OGMConvex: Reach(programs.ogm),
    optimized.OGMGConvex: Reach(programs.ogm_g),
    optimized.SilverValue: Reach(programs.silver_value),
    optimized.SilverSlope: Reach(programs.silver_slope, True),
    subgradient.SubgradientBest: Reach(programs.subgradient_best),
    subgradient.SubgradientAverage: Reach(programs.subgradient_average),
    subgradient.SubgradientLast: Reach(programs.subgradient_last),
    HeavyBallAverage: Reach(classes.heavy_ball_average, more=("beta",)),
    NesterovStrong: Reach(classes.nesterov_strong),
    CyclicCoordinateDescent: Reach(classes.cyclic, more=("d",)),
    ErringDescent: Reach(classes.erring, more=("eps",)),
    ExtragradientMonotone: Reach(classes.extragradient, more=("al",)),
}
STRONG = (taylor2018.AbstractContraction, NesterovStrong, CyclicCoordinateDescent, ErringDescent)


class Beside(NamedTuple):
    """At one horizon, in units of the theorem's number: what was measured, and the worst case;
    replay is the claim on the instance that attains it, where that is of one variable."""

    T: int
    measured: float
    worst: float
    theorem: float
    replay: Any = None

    @property
    def ordered(self) -> bool:
        """measured ≤ worst case ≤ theorem, up to the solver."""
        slack = 1 + TOLERANCE
        return self.measured <= self.worst * slack and self.worst <= slack


def unit(c: Constants) -> Constants:
    """Constants of the class in units of L, R, Δ, G and D; the condition number is kept."""
    L = float(c.get("L", 1.0))
    mu = max(0.0, float(c.get("mu", 0.0))) / L if np.isfinite(L) and L > 0 else 0.0
    names = ("L", "R", "R_saddle", "Delta", "G", "grad0", "box_R", "box_D", "box_Delta")
    return Constants(**dict.fromkeys(names, 1.0), mu=mu, d=int(c.get("d", 1)))


def top(bound: Any) -> float:
    """A bound from above, be it one end of two."""
    return float(bound[1] if isinstance(bound, tuple) else bound)


def check_reach(theorem: Any, slug: str) -> Reach:
    """What is solved for a theorem; a sentence where that is nothing, or PEPit is missing."""
    found = REACH.get(type(theorem))
    names = ", ".join(sorted(kind.__name__ for kind in REACH))
    require(found, f"{slug}, a claim about {type(theorem).__name__}",
            "a statement in PEPit's reach", f"name one about {names}")  # fmt: skip
    missing = importlib.util.find_spec("PEPit") is None
    require(not missing, "no PEPit in this environment", "the extra `pep`",
            "pip install 'convergence-lab[pep]'")  # fmt: skip
    assert found is not None
    return found


def worst_value(
    theorem: AbstractTheorem, c: Constants, T: int, limit: float = 120.0
) -> tuple[float, dict[str, Any] | None]:
    """The exact worst case after T ≤ 20 steps in the units of `unit`, from its own process, and
    what attains it (`worst_instances.traced`)."""
    reach = check_reach(theorem, type(theorem).__name__)
    require(1 <= T <= LONGEST, f"T = {T}", f"1 ≤ T ≤ {LONGEST}", "ask for fewer steps")
    mu = unit(c).mu if isinstance(theorem, STRONG) else 0.0
    require(mu < 1, f"μ = {mu:g} L", "μ < L", "a class of one function has no worst case")
    numbers = {"h": float(getattr(theorem, "scale", 1.0)), "mu": mu}
    numbers |= {name: float(getattr(theorem, name, c.get(name, 0.0))) for name in reach.more}
    command = [sys.executable, "-m", "convergence.search.worst", type(theorem).__name__, str(T)]
    try:
        done = subprocess.run([*command, json.dumps(numbers)], capture_output=True, text=True,
                              timeout=limit, check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InvalidInput(
            f"Got no worst case of {type(theorem).__name__} at T = {T} within {limit:g} s, but the "
            "solver's answer is needed; ask for fewer steps, or raise --limit."
        ) from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise InvalidInput(f"PEPit could not solve {type(theorem).__name__} at {T}: {lines[-1]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    value = float(answer["value"])
    return max(value, 0.0) ** 0.5 if reach.root else value, answer["trace"]


def conditioned(claim: Any, kappa: float) -> Any:
    """The claim on its quadratic with the condition number κ: the least curvature is L/κ."""
    problem = claim.problem
    strong = isinstance(claim.theorem, taylor2018.AbstractContraction)
    require(
        strong and isinstance(problem, Quadratic) and kappa > 1,
        f"κ = {kappa:g} for {claim.slug}", "κ > 1 and a contraction on a quadratic",
        "leave --kappas out, or name gd-distance-contraction, say",
    )  # fmt: skip
    h = np.asarray(problem.h, float)
    curved = np.where(h == h.min(), h.max() / kappa, h)
    return dataclasses.replace(claim, problem=dataclasses.replace(problem, h=curved))


def beside(claim: Any, T: int, limit: float = 120.0) -> Beside:
    """Measured on the claim's instance, the worst case, and the theorem, at T."""
    from convergence.claims.settings import Session, Settings
    from convergence.precision import precision

    with precision("float64"):
        failed = [a for a in claim.failing((T,)) if not a.holds]
        if failed:
            raise InvalidInput(
                f"Got T = {T} for {claim.slug}, at which the assumption {failed[0].name!r} fails "
                f"({failed[0].detail}); choose another horizon."
            )
        _, _, c = claim.instance(T)
        bound = top(claim.theorem.bound(c, T))
        measured = float(claim.measure(T, Session(Settings()), 1).final()[0])
    most = top(claim.theorem.bound(unit(c), T))
    worst, trace = worst_value(claim.theorem, c, T, limit)
    mu = unit(c).mu if isinstance(claim.theorem, STRONG) else 0.0
    found = Beside(T, measured / bound, worst / most, bound, replayed(claim, T, trace, mu))
    return found if attains(found) else found._replace(replay=None)


def attains(found: Beside) -> bool:
    """Whether the replay comes as near to the theorem's number as the worst case does."""
    from convergence.claims.settings import Session, Settings
    from convergence.precision import precision

    if found.replay is None:
        return False
    with precision("float64"):
        if any(not a.holds for a in found.replay.failing((found.T,))):
            return False
        bound = top(found.replay.theorem.bound(found.replay.instance(found.T)[2], found.T))
        value = float(found.replay.measure(found.T, Session(Settings()), 1).final()[0])
    return abs(value / bound - found.worst) <= REPLAYED * found.worst


if __name__ == "__main__":
    named = {kind.__name__: reach for kind, reach in REACH.items()}
    value = named[sys.argv[1]].program(int(sys.argv[2]), **json.loads(sys.argv[3]))
    trace = traced(*programs.declared[0]) if programs.declared else None
    print(json.dumps({"value": value, "trace": trace}))
