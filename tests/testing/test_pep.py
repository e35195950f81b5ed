"""Measured ≤ PEPit's worst case ≤ theorem, and what attains the worst case does so here too."""

from __future__ import annotations

import importlib.util
from typing import Any

import jax
import numpy as np
import pytest

from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.base import AbstractProblem
from convergence.problems.huber import Huber
from convergence.problems.nonconvex import quad_cos
from convergence.registry.classical.methods import CLAIMS
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.search import pep

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("PEPit") is None,
    reason="PEPit is not installed: pip install 'convergence-lab[pep]'",
)
UNIT = Constants(L=1.0, R=1.0, Delta=1.0)
# The exact worst case, where the proof in the theorem's docstring loses nothing.
TIGHT = ("gd-convex", "gd-nonconvex", "heavy-ball")


def measured(name: str, problem: AbstractProblem, T: int) -> float:
    """The metric of the theorem's method after T steps, by the runner that judges claims."""
    theorem, oracle = pep.THEOREMS[name], Oracle(problem, Noiseless())
    with precision("float64"):
        c = problem.constants()
        record = run(
            Experiment(problem, oracle, theorem.prescribe(c, T), theorem.metric(c, T)),
            T, jax.random.key(0), seeds=range(1), chunk=1,
        )  # fmt: skip
    return float(record.final()[0])


def holds_at(name: str, T: int) -> None:
    worst, theorem = pep.worst_case(name, T), pep.THEOREMS[name]
    bound: Any = theorem.bound(UNIT, T)
    assert worst.value <= bound * (1 + pep.TOLERANCE)
    if name in TIGHT:
        assert worst.value == pytest.approx(bound, rel=pep.TOLERANCE)
    # What PEPit hands out is the trace of a function of the class, on which our method makes the
    # same steps: every point that it asks at is one of the triplets.
    assert pep.interpolates(worst, convex=name != "gd-nonconvex") <= pep.TOLERANCE
    assert measured(name, pep.instance(worst), T) == pytest.approx(worst.value, rel=pep.TOLERANCE)
    assert measured(name, ordinary(name, T), T) <= worst.value * (1 + pep.TOLERANCE)


def ordinary(name: str, T: int) -> AbstractProblem:
    """An instance with L = 1 and R = 1 or Δ = 1."""
    if name != "gd-nonconvex":
        return Huber(1 / (2 * T + 1))
    c = quad_cos([2.0, -1.0], c=0.2, a=0.8).constants()
    # Scaling f and x alike keeps L and multiplies Δ by the square.
    s = c.Delta**-0.5
    return quad_cos(s * np.array([2.0, -1.0]), c=0.2, a=0.8 * s**2, l=s)


@pytest.mark.parametrize("name", pep.THEOREMS)
def test_measured_below_worst_below_theorem(name: str):
    holds_at(name, 20)


@pytest.mark.standard
@pytest.mark.parametrize("T", [1, 2, 5, 10])
@pytest.mark.parametrize("name", pep.THEOREMS)
def test_at_every_horizon(name: str, T: int):
    holds_at(name, T)


def test_a_trace_of_no_function_is_told():
    x = np.array([[0.0], [1.0]])
    g, f = x, np.array([0.0, 0.5])  # ½x²
    worst = pep.WorstCase(0.5, x, g, f, x[1], x[0], 0.0)
    assert pep.interpolates(worst, convex=True) == 0
    assert pep.interpolates(worst._replace(g=1.1 * g), convex=True) > 0.05
    assert pep.interpolates(worst._replace(g=-1.1 * g), convex=False) > 0.05


def test_what_cannot_be_solved_is_one_sentence():
    with pytest.raises(InvalidInput, match="1 ≤ T ≤ 20"):
        pep.worst_case("gd-convex", 0)
    with pytest.raises(InvalidInput, match="one of gd-convex"):
        pep.worst_case("adam", 3)


def test_the_registry_holds_the_same_theorems():
    assert {type(c.theorem) for c in CLAIMS} < {type(t) for t in pep.THEOREMS.values()}
