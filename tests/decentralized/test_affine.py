"""Exact moments: printed reference values, closed forms, and what is refused."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.algorithms.classical.sgd import MSGD, SGD, BatchSGD
from convergence.algorithms.decentralized.single_level import (
    EXTRA,
    ConsensusDescent,
    Diffusion,
    DIGing,
    ExactDiffusion,
    GradientTracking,
    PrimalDual,
    SemiTracking,
)
from convergence.algorithms.decentralized.sparkle import DSOBA, sparkle
from convergence.metrics.agents import MeanSquare
from convergence.metrics.folds import Average, Smallest
from convergence.metrics.pointwise import GradNorm, GradNormSq, Iterates
from convergence.moments.affine import analyse
from convergence.moments.tape import NotAffine
from convergence.noise.agents import PerEntry
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.parts.strategies import strategy
from convergence.problems.agents import slowest
from convergence.problems.bilevel import random_bilevel, reference
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.runner.experiment import Experiment

W16 = graphs.lazy(graphs.ring(16))
W4, MEAN4 = graphs.lazy(graphs.ring(4)), graphs.complete(4)

# (method, radius, variance, bias) on the ring of 16, h = 1, α = 0.05, s² = ζ² = 1.
SINGLE = [
    (ExactDiffusion, 0.96223448, 0.00574467, 0.0),
    (EXTRA, 0.96157502, 0.00788472, 0.0),
    (GradientTracking, 0.99293916, 0.00396653, 0.0),
    (SemiTracking, 0.99304133, 0.00453620, 0.0),
    (DIGing, 0.99314288, 0.00618376, 0.0),
    (Diffusion, 0.95, 0.00558949, 0.43243775),
    (ConsensusDescent, 0.95, 0.00739585, 0.44005075),
]


@pytest.mark.parametrize(("method", "radius", "variance", "bias"), SINGLE)
def test_single_level_reference_values(method, radius, variance, bias):
    problem = slowest(W16)
    m = analyse(Experiment(problem, Oracle(problem, PerEntry(1.0)), method(W16, 0.05)))
    # Half a unit of the last printed digit.
    assert m.radius == pytest.approx(radius, abs=5e-9)
    assert m.variance(MeanSquare()) == pytest.approx(variance, abs=5e-9)
    assert m.bias(MeanSquare()) == pytest.approx(bias, abs=5e-9)
    if not bias:
        assert m.bias(MeanSquare()) < 1e-25  # squares of solves with condition about 1e3


SMALL, LARGE = (0.05, 0.1, 0.1, 0.3), (0.2, 0.4, 0.4, 1.0)
# (steps, upper, lower, ρ and variance by Gauss–Seidel, bias, ρ and variance by Jacobi).
BILEVEL = [
    (SMALL, "ATC", "ATC", W4, 0.96519513, 1.594847e-2, 3.11707e-3, 0.96926154, 1.711224e-2),
    (SMALL, "ED", "ED", W4, 0.96547217, 1.574393e-2, 0, 0.96953634, 1.691872e-2),
    (SMALL, "EXTRA", "EXTRA", W4, 0.96547928, 1.610677e-2, 0, 0.96954187, 1.728225e-2),
    (SMALL, "ATC-GT", "ATC-GT", W4, 0.96549175, 1.559355e-2, 0, 0.96954830, 1.676788e-2),
    (SMALL, "ATC-GT", "ED", W4, 0.96545596, 1.558935e-2, 0, 0.96951538, 1.676316e-2),
    (SMALL, "ED", "ATC", W4, 0.96554704, 1.573826e-2, 3.07975e-3, 0.96956738, 1.690656e-2),
    (SMALL, "ATC", "ED", W4, 0.96509006, 1.594294e-2, 3.50756e-4, 0.96921226, 1.711354e-2),
    (SMALL, "ATC", "ATC", MEAN4, 0.96545344, 1.550767e-2, 0, 0.96952170, 1.668253e-2),
    (LARGE, "ATC", "ATC", W4, 0.79255067, 7.366364e-2, 5.96079e-2, 0.87265721, 9.272937e-2),
    (LARGE, "ED", "ED", W4, 0.80235639, 7.721870e-2, 0, 0.87963389, 9.663128e-2),
    (LARGE, "EXTRA", "EXTRA", W4, 0.80366119, 1.197144e-1, 0, 0.87980422, 1.424991e-1),
    (LARGE, "ATC-GT", "ATC-GT", W4, 0.86677303, 6.254131e-2, 0, 0.87610382, 8.115067e-2),
    (LARGE, "ATC-GT", "ED", W4, 0.78853093, 6.332703e-2, 0, 0.87774859, 8.218429e-2),
    (LARGE, "ATC", "ATC", MEAN4, 0.79833773, 5.723839e-2, 0, 0.87849699, 7.603871e-2),
]


@pytest.mark.parametrize("case", BILEVEL)
def test_bilevel_reference_values_in_both_orders(case):
    steps, upper, lower, W, radius, variance, bias, radius_j, variance_j = case
    problem = reference(W4)
    for jacobi, r, v in ((False, radius, variance), (True, radius_j, variance_j)):
        method = sparkle(upper, lower, W, steps, jacobi=jacobi)
        m = analyse(Experiment(problem, BilevelOracle(problem, PerEntry(1.0)), method))
        assert m.radius == pytest.approx(r, abs=5.1e-9)  # half a unit of the eighth digit
        assert m.variance(MeanSquare()) == pytest.approx(v, rel=5e-6)  # seven printed digits
        assert m.bias(MeanSquare()) == pytest.approx(bias, rel=2e-6, abs=1e-25)  # six digits


@pytest.mark.parametrize(
    ("steps", "radius", "variance", "bias"),
    [(SMALL, 0.97160091, 1.836650e-2, 3.11707e-3), (LARGE, 0.91504883, 1.225402e-1, 5.96079e-2)],
)
def test_d_soba_as_printed_moves_by_the_old_average(steps, radius, variance, bias):
    problem = reference(W4)
    m = analyse(Experiment(problem, BilevelOracle(problem, PerEntry(1.0)), DSOBA(W4, *steps)))
    assert m.radius == pytest.approx(radius, abs=5.1e-9)
    assert m.variance(MeanSquare()) == pytest.approx(variance, rel=5e-6)
    assert m.bias(MeanSquare()) == pytest.approx(bias, rel=2e-6)


def test_sgd_moments_are_the_textbook_ones():
    h, eta, sigma, T = np.array([0.5, 2.0]), 0.3, 0.7, 6
    problem = Quadratic(np.array([1.0, -2.0]), h)
    m = analyse(Experiment(problem, Oracle(problem, Gaussian(sigma)), SGD(eta)))
    rate = 1 - eta * h
    s2 = eta**2 * sigma**2 / 2
    assert m.radius == pytest.approx(np.max(np.abs(rate)), abs=1e-12)
    steady = np.sum(h**2 * s2 / (1 - rate**2))
    assert m.steady(GradNormSq()) == pytest.approx(steady, rel=1e-12)  # one solve, rounding
    at = h**2 * (rate ** (2 * np.arange(T + 1)[:, None]) * np.array([1, 4]))
    at = at + h**2 * s2 * (1 - rate ** (2 * np.arange(T + 1)[:, None])) / (1 - rate**2)
    by_hand = at.sum(axis=1)
    np.testing.assert_allclose(m.expected(GradNormSq(), range(T + 1)), by_hand, rtol=1e-12)
    average = m.expected(Average(GradNormSq()), [T])[0]
    assert average == pytest.approx(by_hand[:T].mean(), rel=1e-12)


def test_momentum_has_the_known_variance():
    # m⁺ = (1−β)m + βg, x⁺ = x − ηm⁺ on (h/2)x²: V = ηβ(2 − β)… from the 2 × 2 Lyapunov equation.
    h, eta, beta = 1.3, 0.2, 0.4
    problem = Isotropic(np.array([1.0]), h)
    m = analyse(Experiment(problem, Oracle(problem, Gaussian(1.0)), MSGD(eta, beta)))
    A = np.array([[1 - eta * beta * h, -eta * (1 - beta)], [beta * h, 1 - beta]])
    B = np.array([-eta * beta, beta])
    V = np.linalg.solve(np.eye(4) - np.kron(A, A), np.outer(B, B).ravel())[0]
    assert m.radius == pytest.approx(np.max(np.abs(np.linalg.eigvals(A))), abs=1e-12)
    assert m.variance(GradNormSq()) == pytest.approx(h**2 * V, rel=1e-10)  # condition about 1e3


def test_the_finite_time_curve_tends_to_the_steady_state():
    problem = slowest(W16)
    m = analyse(Experiment(problem, Oracle(problem, PerEntry(1.0)), GradientTracking(W16, 0.05)))
    assert m.N0.shape[1] == 16  # the first tracker is a sample too
    late = m.expected(MeanSquare(), [4000])[0]
    assert late == pytest.approx(m.steady(MeanSquare()), rel=1e-9)  # 0.993^4000 is 1e-12


def test_unified_form_has_the_moments_of_each_method():
    problem = slowest(W16)
    oracle = Oracle(problem, PerEntry(1.0))
    pairs = {"ED": ExactDiffusion, "EXTRA": EXTRA, "ATC-GT": GradientTracking}
    pairs |= {"semi-ATC-GT": SemiTracking, "non-ATC-GT": DIGing}
    for name, method in pairs.items():
        one = analyse(Experiment(problem, oracle, method(W16, 0.05)))
        two = analyse(Experiment(problem, oracle, PrimalDual(strategy(name, W16), 0.05)))
        assert one.radius == pytest.approx(two.radius, abs=1e-10), name  # eigenvalues near 1
        assert one.steady(MeanSquare()) == pytest.approx(two.steady(MeanSquare()), rel=1e-9), name


def test_a_dual_with_a_mean_moves_the_fixed_point_and_the_state_shows_it():
    problem = reference(W4)
    method = sparkle("ED", "ED", W4, SMALL)
    wrong = jax.tree.map(lambda v: v, method)
    object.__setattr__(wrong, "dual_x", np.asarray(0.1))
    right = analyse(Experiment(problem, BilevelOracle(problem, PerEntry(1.0)), method))
    moved = analyse(Experiment(problem, BilevelOracle(problem, PerEntry(1.0)), wrong))
    # The steady mean solves α H_x (x − x*) = −0.1.
    shift = -0.1 / (SMALL[0] * 1.32644628)
    assert moved.bias(MeanSquare()) == pytest.approx(shift**2, rel=1e-7)  # nine digits of H_x
    assert right.bias(MeanSquare()) < 1e-25


class Clocked(AbstractAlgorithm):
    """x − g/(1 + t)."""

    def init(self, x0, oracle, key):
        return State(x0)

    def step(self, t, state, oracle, key):
        return State(state.x - oracle.grad(state.x, key) / (1.0 + t))


class Normalized(Clocked):
    """x − g/‖g‖."""

    def step(self, t, state, oracle, key):
        g = oracle.grad(state.x, key)
        return State(state.x - g / (1e-3 + jnp.linalg.norm(g)))


class Masked(Clocked):
    """x − (random mask) g."""

    def step(self, t, state, oracle, key):
        mask = jax.random.bernoulli(key, 0.5, state.x.shape)
        return State(state.x - 0.1 * mask * oracle.grad(state.x, key))


@pytest.mark.parametrize(
    ("method", "why"),
    [
        (Clocked(), "clock"),
        (Normalized(), "not affine"),
        (Masked(), "other than through its noise"),
        (BatchSGD(0.1, 4), "inside a compiled loop"),
    ],
)
def test_what_has_no_exact_moments_is_refused_with_the_reason(method, why):
    problem = Quadratic(np.ones(8), np.ones(8))
    with pytest.raises(NotAffine, match=why):
        analyse(Experiment(problem, Oracle(problem, Gaussian(1.0)), method))


@pytest.mark.parametrize(
    "metric", [GradNorm(), Iterates(), Smallest(GradNormSq()), Average(GradNorm())]
)
def test_a_metric_that_is_not_one_quadratic_is_refused(metric: Any) -> None:
    problem = Quadratic(np.ones(3), np.ones(3))
    m = analyse(Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.1)))
    with pytest.raises(NotAffine, match=f"metric {type(metric).__name__}, .* quadratic|GradNorm"):
        m.expected(metric, [2])


def test_beyond_the_stable_steps_the_moments_are_infinite():
    W = graphs.torus(4)
    problem = slowest(W)
    m = analyse(Experiment(problem, Oracle(problem, PerEntry(1.0)), ExactDiffusion(W, 0.01)))
    assert m.radius == pytest.approx(1.5719, abs=5e-5)
    assert np.isinf(m.steady(MeanSquare()))
    assert np.isinf(m.covariance).all()


def test_the_largest_system_has_its_stated_dimension():
    W = graphs.lazy(graphs.torus(4))
    problem = random_bilevel(W, 4, 4)
    m = analyse(
        Experiment(
            problem,
            BilevelOracle(problem, PerEntry(1.0)),
            sparkle("ED", "ATC-GT", W, (0.02, 0.1, 0.1, 0.3)),
        ),
    )
    assert len(m.c) == 16 * (3 * 4 + 4 * 4)
    assert m.bias(MeanSquare()) < 1e-25
