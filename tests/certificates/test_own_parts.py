"""Parts of a user's own beneath a theorem of the package, of which a word is false."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.constants import Constants
from convergence.noise.base import Noiseless
from convergence.oracles.finite_workers import Workers
from convergence.parts.compressors import RandK, Scaling, TopK
from convergence.parts.solvers import GD
from convergence.problems.base import AbstractProblem
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.workers import unit_workers
from convergence.theorems.classical.abbaszadehpeivasti2022 import GradientDescentNonconvex
from convergence.theorems.compression.richtarik2021 import EF21Nonconvex, EF21Surely
from convergence.theorems.compression.stich2018 import ErrorFeedbackNonconvex
from convergence.theorems.subspace.chen2025rso_costs import RSOBudget

PULLS = [[1.0, 2.0, 0.5, -1.0], [-1.0, 0.5, 2.0, 0.3], [0.4, -2.0, 1.0, 1.0]]


class Overstated(RandK):
    """k of d entries, said to be as good as 4k."""

    def contraction(self, d: int) -> float:
        return 4 * self.k / d


class Faint(TopK):
    """A tenth of what top-k sends."""

    def __call__(self, V: Any, key: Any) -> Any:
        return 0.1 * super().__call__(V, key)


class Deaf(TopK):
    """All of a large message, nothing of a small one."""

    def __call__(self, V: Any, key: Any) -> Any:
        return jnp.where(jnp.abs(V) < 0.5, 0.0, V)


class Secret(Scaling):
    """Said to draw nothing at random."""

    def __call__(self, V: Any, key: Any) -> Any:
        return (1 + 0.1 * jax.random.rademacher(key, (), V.dtype)) * V


class Honest(TopK):
    """Top-k by another name."""


class Still(GD):
    """No step at all."""

    def move(self, j: Any, B: Any, memory: Any, g: Any, key: Any) -> Any:
        return B, memory


def judged(theorem: Any) -> Any:
    workers = unit_workers(np.array(PULLS), [3.0] * 4)
    return verify(Claim("c", theorem, workers, horizons=(20, 200), seeds=256, oracle=Workers))


@pytest.mark.parametrize(
    ("theorem", "said"),
    [
        (EF21Nonconvex(compressor=Overstated(1)), "delta = 1 is certified"),
        (ErrorFeedbackNonconvex(compressor=Overstated(1)), "delta = 1 is certified"),
        (EF21Nonconvex(compressor=Faint(2)), "delta = 0.5 is certified"),
        (EF21Surely(compressor=Deaf(2)), "delta = 0.5 is certified"),
        (EF21Surely(compressor=Secret(0.5)), "random = False is certified"),
    ],
)
def test_a_compressor_that_is_worse_than_its_word(theorem: Any, said: str) -> None:
    report = judged(theorem)
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert f"assumption 'certificates' fails: {said}" in report.reason


def test_an_honest_compressor_of_a_users_own_is_judged() -> None:
    report = judged(EF21Surely(compressor=Honest(2)))
    assert report.verdict is Verdict.CONSISTENT, report.reason


def test_a_part_that_no_look_can_check() -> None:
    theorem = RSOBudget(eps=1e-6, inner=Still(N=200))
    square = EntryQuadratic(np.ones((4, 3)), np.ones((4, 3)))
    report = verify(Claim("c", theorem, square, Noiseless(), horizons=(1, 4), seeds=64))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "inner = Still is certified, but no look can check it" in report.reason


class Counted(AbstractProblem):
    """½‖x‖², whose value takes as many turns of a loop as ‖x‖² has units; f* less by `lie`."""

    lie: float = eqx.field(static=True, default=0.0)

    def value(self, x: Any) -> Any:
        rest, turns = jax.lax.while_loop(
            lambda c: c[0] > 1, lambda c: (c[0] - 1, c[1] + 1), (jnp.sum(x**2), jnp.zeros(()))
        )
        return (rest + turns) / 2

    def grad(self, x: Any) -> Any:
        return x

    def f_star(self) -> float:
        return -self.lie

    def start(self) -> Any:
        return jnp.array([3.0, -1.0])

    def constants(self) -> Constants:
        size = 10.0**0.5
        return Constants(L=1.0, Delta=5.0 + self.lie, f_star=-self.lie, grad0=size, d=2)


@pytest.mark.parametrize("lie", [0.0, 0.5, -0.5])
def test_a_value_that_takes_another_number_of_turns_at_each_point(lie: float) -> None:
    """Points are looked at side by side, and the loop of one goes on after that of another."""
    claim = Claim("counted", GradientDescentNonconvex(), Counted(lie), horizons=(4, 16), seeds=1)
    report = verify(claim)
    assert report.verdict is (Verdict.INAPPLICABLE if lie < 0 else Verdict.CONSISTENT)
