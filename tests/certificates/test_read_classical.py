"""Classical statements read once more: boxes of any size and unit, and means that go to 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence import theorems as th
from convergence.algorithms import SGD
from convergence.claims.identity import Identity
from convergence.claims.separation import Separation
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws.problems import problem_faults
from convergence.metrics.pointwise import Gap, Value
from convergence.noise import Gaussian, Noiseless
from convergence.oracles import Workers
from convergence.precision import precision
from convergence.problems import Isotropic, Linear
from convergence.problems.base import AbstractProblem
from convergence.problems.boxed import Boxed
from convergence.problems.clients import plain_clients
from convergence.problems.sawtooth import Sawtooth
from convergence.problems.workers import random_workers
from convergence.shapes import Reals, real
from convergence.statistics.scoring import scores, trapezoid_scores
from convergence.theorems.base import AbstractSeparation, Kind, Provenance, Source
from convergence.theorems.identities import dahl2023

KEPT, OUTSIDE, UNSURE = Verdict.CONSISTENT, Verdict.INAPPLICABLE, Verdict.INCONCLUSIVE
T, ORTHANT = 4, Boxed([1.0, 2.0], [1.0, 0.5], [0.5, -0.25], low=0.0, high=np.inf)
CLIENTS = plain_clients(
    [[1.0, 0.6], [0.5, 0.9], [0.8, 0.3]], [[1.1, 0.3], [0.7, -0.2], [-0.3, 0.9]], [3.0, 1.0]
)
CENTERED = plain_clients([[1.0, 0.5], [0.3, 0.8]], 0.0, [1.0, 2.0])


def claim(
    theorem: Any, problem: Any, steps: int = T, seeds: int = 1, noise: Any = None, **more: Any
) -> Claim:
    noise = Noiseless() if noise is None else noise
    return Claim("c", theorem, problem, noise, horizons=(steps,), seeds=seeds, **more)


class Walk(AbstractProblem):
    """The slope LR/(2T) on [0, R], from R, with what is said of it besides."""

    R: Reals = eqx.field(converter=real)
    L: Reals = eqx.field(converter=real)
    said: tuple[tuple[str, float], ...] = eqx.field(static=True, default=())

    def value(self, x: Any) -> Any:
        return self.L * self.R / (2 * T) * jnp.sum(x)

    def start(self) -> Any:
        return jnp.asarray(self.R).reshape(1)

    def constants(self) -> Constants:
        R, L = float(self.R), float(self.L)
        known = {
            "L": L, "convex": True, "box_low": 0.0, "box_high": R, "box_star": 0.0,
            "box_least": 0.0, "box_R": R, "box_D": R, "box_Delta": L * R**2 / (2 * T),
        }  # fmt: skip
        known |= dict(self.said)
        return Constants(**known | {"box_star": np.full(1, known["box_star"])})


UNITS = (1.0, 1.0), (1e-6, 1.0), (1.0, 1e-8), (1e4, 1e4), (1.0, 1e9)
LIES: dict[str, Callable[[float, float], dict[str, Any]]] = {
    "box_R": lambda R, L: {"box_R": 0.999 * R},
    "box_least": lambda R, L: {"box_least": -1e-2 * L * R**2},
    "box_Delta": lambda R, L: {"box_Delta": 0.99 * L * R**2 / (2 * T)},
    "box_D": lambda R, L: {"box_D": 0.999 * R},
    "box_star": lambda R, L: {
        "box_star": R / 2, "box_R": R / 2, "box_least": L * R**2 / (4 * T),
        "box_Delta": L * R**2 / (4 * T),
    },
}  # fmt: skip


@pytest.mark.parametrize(("R", "L"), UNITS)
@pytest.mark.parametrize("lie", ["", *LIES])
def test_a_box_is_looked_at_in_its_own_units(lie: str, R: float, L: float) -> None:
    said = LIES[lie](R, L) if lie else {}
    with precision("float64"):
        found = {fault.name for fault in problem_faults(Walk(R, L, tuple(said.items())))}
    assert found == ({lie} if lie else set())


BARE: dict[str, Any] = {
    "L": 1.0, "mu": 0.5, "convex": True, "quadratic": True, "R": 5**0.5, "f_star": 0.0, "d": 2,
    "x_star": 0.0, "Delta": 1.5, "grad0": 2**0.5, "box_low": -3.0, "box_high": 3.0,
    "box_star": 0.0, "box_least": 0.0, "box_R": 5**0.5, "box_D": 72**0.5, "box_Delta": 1.5,
}  # fmt: skip


class Bare(AbstractProblem):
    """½x² + ¼y² from (1, 2), of which all but one constant is certified, or that one infinite."""

    but: str = eqx.field(static=True)
    endless: bool = eqx.field(static=True, default=False)

    def value(self, x: Any) -> Any:
        return 0.5 * x[0] ** 2 + 0.25 * x[1] ** 2

    def start(self) -> Any:
        return jnp.array([1.0, 2.0])

    def f_star(self) -> float:
        return 0.0

    def constants(self) -> Constants:
        known = {name: value for name, value in BARE.items() if name != self.but}
        known |= {name: np.zeros(2) for name in ("x_star", "box_star")}
        return Constants(**known, **({self.but: np.inf} if self.endless else {}))


@pytest.mark.parametrize("name", ["R", "Delta", "grad0", "box_R", "box_Delta", "box_least"])
def test_what_is_not_known_is_not_infinite(name: str) -> None:
    with precision("float64"):
        assert not problem_faults(Bare(""))
        assert name in {fault.name for fault in problem_faults(Bare(name, True))}


UNASKED: dict[str, tuple[Any, str]] = {
    "gradient descent": (th.GradientDescentConvex(), "Delta"),
    "Nesterov's method": (th.AcceleratedConvex(), "Delta"),
    "Polyak's heavy ball": (th.PolyakQuadratic(), "Delta"),
    "averages by momentum": (th.MomentumAverages(), "Delta"),
    "projections": (th.ProjectedGradientConvex(), "box_Delta"),
    "conditional gradients": (th.ConditionalGradientConvex(), "box_Delta"),
    "the least gradient": (th.GradientDescentNonconvex(), "grad0"),
    "SGD": (th.SGDNonconvex(), "grad0"),
}


@pytest.mark.parametrize("name", UNASKED)
def test_a_constant_is_asked_for_by_hypotheses_and_bound_alone(name: str) -> None:
    theorem, but = UNASKED[name]
    noisy = theorem.kind is Kind.EXPECTATION
    noise = Gaussian(1.0) if noisy else Noiseless()
    report = verify(claim(theorem, Bare(but), T, 512 if noisy else 1, noise))
    assert report.verdict is KEPT, report.reason


class Stays(th.RandomCoordinateDescent):
    """FALSE. E f(x_T) − f* ≥ 1e-30, by a theorem of a user's."""

    kind = Kind.FLOOR

    def bound(self, c: Constants, T: int) -> float:
        return 1e-30


READ: dict[str, tuple[Callable[[], Claim], Verdict]] = {
    "projections on an orthant": (lambda: claim(th.ProjectedGradientConvex(), ORTHANT), KEPT),
    "FISTA on an orthant": (lambda: claim(th.FISTAConvex(), ORTHANT), KEPT),
    "corners of an orthant": (lambda: claim(th.ConditionalGradientConvex(), ORTHANT), OUTSIDE),
    "a way that is too short": (
        lambda: claim(th.ProjectedGradientConvex(), Walk(1e-6, 1.0, (("box_R", 0.999e-6),))),
        OUTSIDE,
    ),
    **{
        f"f* from both sides, {seed}": (
            lambda seed=seed: claim(
                th.RandomCoordinateDescent(), random_workers(2, 3, seed), 300, 128
            ),
            UNSURE,
        )
        for seed in (0, 3, 4)
    },
    "a floor of roundings": (lambda: claim(Stays(), random_workers(2, 3, 0), 400, 256), UNSURE),
    "a minimizer that is no 0": (
        lambda: claim(th.SAGAStronglyConvex(), CLIENTS, 2000, 256, oracle=Workers), UNSURE,
    ),
    "one minimizer for all": (
        lambda: claim(th.SGDInterpolation(), CENTERED, 4, 4096, oracle=Workers), KEPT,
    ),
    "minimizers of their own": (
        lambda: claim(th.ExpectedSmoothness(), CLIENTS, 4, 8192, oracle=Workers), KEPT,
    ),
    "f* from above": (
        lambda: claim(th.RandomCoordinateDescent(), random_workers(2, 3, 0), 9, 512), KEPT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_is_true_is_not_refuted_nor_what_is_false_confirmed(name: str) -> None:
    made, verdict = READ[name]
    report = verify(made())
    assert report.verdict is verdict, report.reason


def test_a_box_without_an_end_has_a_least_value() -> None:
    ends = Boxed([0.5, 0.5], [1.0, 0.0], 1.0, high=np.inf)
    assert verify(claim(th.FISTAConvex(), ends)).verdict is KEPT
    with pytest.raises(InvalidInput, match="a least value"):
        Boxed([0.5, 0.5], [1.0, 0.0], -1.0, high=np.inf)


def test_teeth_are_counted() -> None:
    half: Any = 2.5
    with pytest.raises(InvalidInput, match=r"^Got .*2[.]5"):
        Sawtooth(half)


class Shorter(AbstractSeparation):
    """Of two steps the shorter does better."""

    provenance = Provenance.DERIVED
    source = Source("own", "of two steps")
    statement = "E M of the shorter step ≤ E M of the longer one"

    gap: bool = True

    def prescribe(self, c: Constants, T: int) -> Any:
        return SGD(0.1)

    def rival(self, c: Constants, T: int) -> Any:
        return SGD(0.2)

    def metric(self, c: Constants, T: int) -> Any:
        return Gap() if self.gap else Value()


def test_two_methods_are_compared_by_what_is_never_negative() -> None:
    square, line = Isotropic([1.0, 1.0]), Linear([1.0, 2.0])
    kept = verify(Separation("s", Shorter(), square, Gaussian(1.0), horizons=(64,), seeds=512))
    assert kept.verdict is KEPT, kept.reason
    with pytest.raises(InvalidInput, match="never negative"):
        verify(Separation("s", Shorter(False), line, Gaussian(1.0), horizons=(9,), seeds=64))


def unscored(times: Any) -> Any:
    """0, and no number where nobody hits."""
    best = times.min(axis=0).max()
    return 0.0 * best / best


SCORES: dict[str, tuple[Any, Any, Verdict]] = {
    "arrays": (scores, trapezoid_scores, KEPT),
    "lists": (lambda t: list(scores(t)), lambda t: list(trapezoid_scores(t)), KEPT),
    "a rule without a number": (
        scores, lambda t: trapezoid_scores(t) + unscored(t), Verdict.REFUTED,
    ),
    "a score without a number": (
        lambda t: scores(t) + unscored(t), trapezoid_scores, Verdict.REFUTED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCORES)
def test_scores_of_a_users_own(name: str) -> None:
    score, rule, verdict = SCORES[name]
    with np.errstate(invalid="ignore"):
        report = verify(Identity("s", dahl2023.ScoreProperties(score, rule)))
    assert report.verdict is verdict, report.reason


def test_a_score_is_a_number_a_submission() -> None:
    with pytest.raises(InvalidInput, match="one number a row"):
        verify(Identity("s", dahl2023.ZeroIfNeverHit(np.transpose)))
