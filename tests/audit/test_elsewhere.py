"""Public faults that are not of an optimizer's step: gradients, messages, benchmark functions."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.algorithms.compression.error_feedback import ErrorFeedback
from convergence.constants import Constants
from convergence.laws import oracle_laws, problem_laws
from convergence.noise import Noiseless
from convergence.oracles import Oracle
from convergence.oracles.finite_workers import Workers
from convergence.parts.compressors import TopK
from convergence.precision import precision
from convergence.problems.base import AbstractProblem
from convergence.registry.compression.methods import GENERAL
from convergence.shapes import Reals, real
from convergence.theorems.compression.stich2018 import ErrorFeedbackSurely

SAMPLES = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0], [3.0, -1.0]])


class Mean(AbstractProblem):
    """f(x) = ½‖x − ā‖² + const, the mean of ½‖x − a_i‖² over four samples."""

    x0: Reals = eqx.field(converter=real)

    def value(self, x: Any) -> Any:
        return 0.5 * jnp.mean(jnp.sum((x - jnp.asarray(SAMPLES)) ** 2, axis=1))

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x, mean = np.asarray(self.x0), SAMPLES.mean(axis=0)
        low = 0.5 * ((SAMPLES - mean) ** 2).sum(axis=1).mean()
        gap = 0.5 * float(((x - mean) ** 2).sum())
        return Constants(L=1.0, Delta=gap, f_star=low, d=2, grad0=(2 * gap) ** 0.5)


class Accumulated(Oracle):
    """The samples come in micro-batches of one and of three."""

    weights = (0.25, 0.25, 0.25, 0.25)

    def value(self, x: Any, key: Any) -> Any:
        away = jnp.sum((x - jnp.asarray(SAMPLES)) ** 2, axis=1)
        return 0.5 * jnp.dot(jnp.asarray(self.weights), away)

    def grad(self, x: Any, key: Any) -> Any:
        return jax.grad(lambda y: self.value(y, key))(x)


class MeanOfMeans(Accumulated):
    """The mean of both batches' means."""

    weights = (0.5, 1 / 6, 1 / 6, 1 / 6)


def test_the_mean_of_means_of_unequal_batches_is_no_gradient():
    with precision("float64"):
        problem, x = Mean(np.array([2.0, -1.0])), jnp.array([2.0, -1.0])
        wrong = oracle_laws(MeanOfMeans(problem, Noiseless()), x)
        assert any("E ∇F(x; ξ) is off ∇f(x)" in sentence for sentence in wrong)
        assert not oracle_laws(Accumulated(problem, Noiseless()), x)


class AverageSubtracted(ErrorFeedback):
    """e_i⁺ = e_i + g_i − (1/n) Σ ĝ_j: each subtracts what came back, not what it sent."""

    def exchange(self, t: Any, g: Any, memory: Any, key: Any) -> Any:
        (e,) = memory
        g_hat = self.compressor(e + g, key)
        return g_hat, (e + g - jnp.mean(g_hat, axis=0),)


class WithAverage(ErrorFeedbackSurely):
    def prescribe(self, c: Constants, T: int) -> Any:
        return AverageSubtracted(self.gamma(c, T), self.compressor)


@pytest.mark.parametrize(
    ("theorem", "expected"),
    [
        # A run of 512 steps in ball arithmetic takes half a minute.
        pytest.param(WithAverage, Verdict.REFUTED, marks=pytest.mark.full),
        (ErrorFeedbackSurely, Verdict.CONSISTENT),
    ],
)
def test_error_feedback_subtracts_the_message_that_was_sent(theorem: Any, expected: Verdict):
    claim = Claim("ec", theorem(TopK(1)), GENERAL, Noiseless(), horizons=(512,), seeds=1,
                  oracle=Workers)  # fmt: skip
    assert verify(claim).verdict is expected


@pytest.mark.parametrize(("feedback", "right"), [(ErrorFeedback, True), (AverageSubtracted, False)])
def test_what_was_not_sent_is_kept(feedback: Any, right: bool):
    gs = jnp.asarray(np.random.default_rng(0).standard_normal((10, 3, 4)))
    method, memory, sent = feedback(0.1, TopK(1)), (jnp.zeros((3, 4)),), jnp.zeros((3, 4))
    for t, g in enumerate(gs):
        g_hat, memory = method.exchange(jnp.asarray(t), g, memory, jax.random.key(t))
        sent = sent + g_hat
    assert bool(jnp.allclose(sent + memory[0], gs.sum(axis=0), atol=1e-5)) is right


class Rosenbrock(AbstractProblem):
    """f(x) = Σ a(x_{i+1} − x_i²)² + (1 − x_i)² on a line of two, f* = 0 at (1, 1), near the start.

    L: the Hessian within |x| ≤ 2 has entries below 1200a² + 802; it certifies no global L.
    """

    x0: Reals = eqx.field(converter=real)
    center = 1.0
    floor = 0.0

    def value(self, x: Any) -> Any:
        return 100 * (x[1] - x[0] ** 2) ** 2 + (self.center - x[0]) ** 2 + self.floor

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        x = np.asarray(self.x0)
        f = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        slope = [-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]
        return Constants(Delta=float(f), f_star=0.0, d=2, grad0=float(np.linalg.norm(slope)),
                         x_star=np.ones(2), R=float(np.linalg.norm(x - 1)))  # fmt: skip


class RosenbrockAtMinusOne(Rosenbrock):
    """(1 + x)² for (1 − x)²: its minimizer is elsewhere."""

    center = -1.0


class RosenbrockWithFloor(Rosenbrock):
    """f* is not what is said."""

    floor = 0.5


def test_a_benchmark_function_is_held_to_its_minimizer_and_minimum():
    with precision("float64"):
        assert not problem_laws(Rosenbrock(np.array([0.5, 0.5])))
        for wrong in (RosenbrockAtMinusOne, RosenbrockWithFloor):
            assert problem_laws(wrong(np.array([0.5, 0.5])))
