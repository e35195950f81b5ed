"""Decentralized recursions against numbers worked by hand, the unified form against each."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from convergence.algorithms.decentralized.single_level import (
    EXTRA,
    AbstractTracking,
    CombineThenAdapt,
    ConsensusDescent,
    Diffusion,
    DIGing,
    ExactDiffusion,
    GradientTracking,
    PrimalDual,
    SemiTracking,
)
from convergence.moments.affine import analyse
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.parts import graphs
from convergence.parts.strategies import strategy
from convergence.problems.agents import AgentQuadratics, common, heterogeneous
from convergence.runner.experiment import Experiment

PAIR = graphs.two_node(0.25)  # multiplies (v, −v) by 1/2


def trajectory(method, problem, noise, steps, x0=None):
    oracle = Oracle(problem, noise)
    with jax.enable_x64(True):
        x = jax.numpy.asarray(problem.start() if x0 is None else x0, float)
        state = method.init(x, oracle, jax.random.key(0))
        found = [np.asarray(state.x)]
        for t in range(steps):
            # The sample of step t is that of the gradient at X_t for every method: gradient
            # tracking asks for it one step earlier, at the same point.
            ahead = isinstance(method, AbstractTracking)
            key = jax.random.key(t + 1 if ahead else t)
            state = method.step(jax.numpy.asarray(t), state, oracle, key)
            found.append(np.asarray(state.x))
        return np.array(found)


@pytest.mark.parametrize(
    ("method", "first", "second"),
    [
        (Diffusion, 0.05, 0.0725),
        (ConsensusDescent, 0.1, 0.14),
        (CombineThenAdapt, 0.1, 0.145),
        (ExactDiffusion, 0.05, 0.0475),
        (EXTRA, 0.1, 0.09),
        (GradientTracking, 0.025, 0.024375),
        (SemiTracking, 0.05, 0.0475),
        (DIGing, 0.1, 0.09),
    ],
)
def test_two_steps_by_hand(method, first, second):
    # f(x) = ½(x ∓ 1)², α = 0.1, X_0 = 0: everything stays of the form (v, −v), G = (v − 1, 1 − v).
    problem = common(PAIR, [1.0], [[1.0], [-1.0]])
    found = trajectory(method(PAIR, 0.1), problem, Noiseless(), 2)[:, 0, 0]
    np.testing.assert_allclose(found, [0, first, second], atol=1e-15)


CLASSICAL = {
    "ED": ExactDiffusion,
    "EXTRA": EXTRA,
    "ATC-GT": GradientTracking,
    "semi-ATC-GT": SemiTracking,
    "non-ATC-GT": DIGing,
    "ATC": Diffusion,
    "consensus": ConsensusDescent,
}


@pytest.mark.parametrize("name", CLASSICAL)
def test_unified_form_is_the_classical_recursion_run_by_run(name):
    W = graphs.lazy(graphs.ring(6))
    problem = heterogeneous(W, 3)
    one = trajectory(CLASSICAL[name](W, 0.2), problem, PerEntry(0.5), 30)
    two = trajectory(PrimalDual(strategy(name, W), 0.2), problem, PerEntry(0.5), 30)
    np.testing.assert_allclose(one, two, atol=1e-12)  # rounding of 30 products


def test_exact_diffusion_on_the_lazy_graph_is_nids():
    """X⁺ = W̃(2X − X⁻ − α(G − G⁻)), W̃ = (I + W)/2."""
    W, alpha = graphs.lazy(graphs.ring(6)), 0.2
    problem = heterogeneous(W, 3)
    X = trajectory(ExactDiffusion(W, alpha), problem, Noiseless(), 12)
    with jax.enable_x64(True):
        G = np.array([np.asarray(problem.grad(jax.numpy.asarray(x))) for x in X])
    two = np.einsum("ij,kjd->kid", W, 2 * X[1:-1] - X[:-2] - alpha * (G[1:-1] - G[:-2]))
    np.testing.assert_allclose(X[2:], two, atol=1e-13)  # rounding of one product


def test_only_exact_diffusion_keeps_the_equality_from_a_start_without_consensus():
    W = graphs.lazy(graphs.ring(6))
    problem = heterogeneous(W, 3)
    x0 = np.random.default_rng(0).standard_normal((6, 3))
    for name, equal in (("ED", True), ("EXTRA", False), ("ATC-GT", False), ("non-ATC-GT", False)):
        one = trajectory(CLASSICAL[name](W, 0.2), problem, PerEntry(0.5), 10, x0)
        two = trajectory(PrimalDual(strategy(name, W), 0.2), problem, PerEntry(0.5), 10, x0)
        gap = np.max(np.abs(one - two))
        assert (gap < 1e-12) if equal else (gap > 0.1), name  # rounding against a first step


def test_row_stochastic_mixing_solves_another_problem():
    W = np.array([[0.5, 0.5], [0.25, 0.75]])  # left Perron vector (1/3, 2/3)
    problem = AgentQuadratics(W, np.ones((2, 1, 1)), np.array([[3.0], [0.0]]), directed=True)
    m = analyse(Experiment(problem, Oracle(problem, Noiseless()), ConsensusDescent(W, 1e-4)))
    # O(α) about the mean 1 weighted by the Perron vector; the minimizer is 1.5.
    np.testing.assert_allclose(m.fixed_point(), 1.0, atol=1e-3)


def test_gradient_tracking_with_a_wrong_tracker_stops_elsewhere():
    problem = common(PAIR, [1.0], [[1.0], [-1.0]], x0=1.0)
    right = trajectory(SemiTracking(PAIR, 0.2), problem, Noiseless(), 200)[-1]
    wrong = trajectory(SemiTracking(PAIR, 0.2, tracker=0.0), problem, Noiseless(), 200)[-1]
    np.testing.assert_allclose(right, 0.0, atol=1e-12)  # 0.8^200 is 1e-19
    # mean(T) = mean(G) − mean(G₀) = x̄ − 1 vanishes at the start already: x̄ = 1.
    np.testing.assert_allclose(wrong.mean(), 1.0, atol=1e-12)
