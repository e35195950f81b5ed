"""Compressors, compressed methods by hand, and exact second moments against simulation."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.algorithms.compression.compressed_sgd import CompressedSGD
from convergence.algorithms.compression.econtrol import EControl
from convergence.algorithms.compression.ef21 import EF21, EF21SGDM, IdealEF21
from convergence.algorithms.compression.error_feedback import ErrorFeedback, IdealErrorFeedback
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.pair import Pair, Points
from convergence.oracles.base import Oracle
from convergence.oracles.finite_workers import Workers
from convergence.parts.compressors import (
    Bernoulli,
    Exactly,
    RandK,
    ScaledSign,
    Scaling,
    TopK,
)
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import (
    WorkerQuadratics,
    opposed_workers,
    random_workers,
    scaled_workers,
    unit_workers,
)
from convergence.theorems.compression.gao2024econtrol_laws import BernoulliLaw
from convergence.theorems.compression.shared import descent
from tests import walks

EXACT = 1e-12  # a few dozen float64 operations on numbers of order 1

ONE = jnp.array([[3.0, -1.0, 2.0, 0.5]])
KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


walk = functools.partial(walks.walk, oracle=Workers)


def test_compressors_by_hand() -> None:
    assert TopK(2)(ONE, KEY).tolist() == [[3.0, 0.0, 2.0, 0.0]]
    assert ScaledSign()(ONE, KEY).tolist() == [[1.625, -1.625, 1.625, 1.625]]
    assert Scaling(0.25)(ONE, KEY).tolist() == [[0.75, -0.25, 0.5, 0.125]]
    assert Bernoulli(1.0)(ONE, KEY).tolist() == ONE.tolist()
    assert TopK(1)(jnp.array([[1.0, -1.0]]), KEY).tolist() == [[1.0, 0.0]]  # ties: the first


@given(k=st.integers(1, 4), seed=st.integers(0, 2**16))
def test_rand_k_keeps_k(k: int, seed: int) -> None:
    with jax.enable_x64(True):
        out = RandK(k)(jnp.ones((3, 4)), jax.random.key(seed))
    assert jnp.sum(out, axis=1).tolist() == [k] * 3


@given(seed=st.integers(0, 2**16), k=st.integers(1, 5))
def test_top_k_contracts(seed: int, k: int) -> None:
    with jax.enable_x64(True):
        v = jax.random.normal(jax.random.key(seed), (1, 5))
        error, square = jnp.sum((TopK(k)(v, KEY) - v) ** 2), jnp.sum(v**2)
    assert error <= (1 - TopK(k).contraction(5)) * square + EXACT


def test_patterns_are_laws() -> None:
    for C in (RandK(2), Bernoulli(0.3), Exactly()):
        chances, masks = C.patterns(2, 3)
        assert abs(chances.sum() - 1) < EXACT
        assert len(masks) == len(chances)
    # P(sent) per worker is δ.
    chances, masks = Bernoulli(0.3).patterns(2, 1)
    assert np.allclose(np.einsum("k,kij->ij", chances, masks), 0.3, atol=EXACT)


@pytest.mark.parametrize("C", [Exactly(), Scaling(0.25), Scaling(1.75), RandK(2), Bernoulli(0.3)])
def test_patterns_are_what_is_certified(C: Any) -> None:
    """E‖C(v) − v‖² = (1 − δ)‖v‖² in every row, by the patterns; one is C itself, if that is no
    law."""
    V = np.array([[0.3, -1.1, 2.0], [1.7, 0.2, -0.6]])
    chances, masks = C.patterns(2, 3)
    assert masks.shape == (len(chances), 2, 3)
    assert math.fsum(chances) == pytest.approx(1, abs=EXACT)
    error = np.einsum("k,kn->n", chances, np.sum((masks * V - V) ** 2, axis=2))
    np.testing.assert_allclose(error, (1 - C.contraction(3)) * np.sum(V**2, axis=1), atol=EXACT)
    if not C.random:
        [mask] = masks
        np.testing.assert_array_equal(mask * V, C(jnp.asarray(V), KEY))


@pytest.mark.parametrize(
    "bad",
    [
        lambda: TopK(0),
        lambda: TopK(5)(ONE, KEY),
        lambda: RandK(5).contraction(4),
        lambda: Bernoulli(0.0),
        lambda: Bernoulli(1.5),
        lambda: Scaling(2.0),
        lambda: CompressedSGD(0.0, TopK(1)),
        lambda: EControl(0.1, TopK(1), -0.1),
        lambda: EF21SGDM(0.1, TopK(1), 0.0),
        lambda: EF21SGDM(0.1, TopK(1), 1.5),
        lambda: WorkerQuadratics(np.ones(2), np.zeros((1, 2, 2)), np.zeros((1, 2))),
        lambda: WorkerQuadratics(np.ones(2), np.eye(3)[None], np.zeros((1, 2))),
        lambda: Workers(Isotropic([1.0]), Noiseless()),
        lambda: Pair([1.0], 1.0),
        lambda: Points([[1.0], [0.0]]),
        lambda: BernoulliLaw("nesterov").prescribe(TWO.constants(), 10),
    ],
)
def test_bad_input(bad: Any) -> None:
    with pytest.raises(InvalidInput):
        bad()


TWO = unit_workers([[2.0, 0.0], [-2.0, 0.0]], np.array([0.0, 1.0]))


def test_compressed_sgd_by_hand() -> None:
    """g = (∓2, 1) at (0, 1): Top-1 sends (∓2, 0), whose mean is 0: stuck at once."""
    assert walk(CompressedSGD(0.5, TopK(1)), TWO, 1)[-1].x.tolist() == [0.0, 1.0]


def test_error_feedback_by_hand() -> None:
    """Round 0 keeps e = (0, 1) for both; round 1: e + g = (∓2, 2), a tie: the first; e = (0, 2);
    round 2: e + g = (∓2, 3) sends (0, 3): x = (0, 1 − 1.5)."""
    states = walk(ErrorFeedback(0.5, TopK(1)), TWO, 3)
    assert states[1].memory[0].tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert states[3].x.tolist() == [0.0, -0.5]


def test_ef21_by_hand() -> None:
    """Full first round: h = g = (∓2, 1), x = (0, ½); then g − h = (0, −½) is sent: x = (0, ¼)."""
    states = walk(EF21(0.5, TopK(1)), TWO, 2)
    assert [s.x.tolist() for s in states[1:]] == [[0.0, 0.5], [0.0, 0.25]]
    states = walk(EF21(0.5, TopK(1), full=False), TWO, 1)
    assert states[1].x.tolist() == [0.0, 1.0]  # h⁰ = C(g⁰) has the mean 0


def test_ef21_sgdm_by_hand() -> None:
    """η = ½: v = (∓2, 1) first, x = (0, ½); v = (∓2, ¾), sent: x = (0, ½ − ⅜)."""
    states = walk(EF21SGDM(0.5, TopK(1), 0.5), TWO, 2)
    assert [s.x.tolist() for s in states[1:]] == [[0.0, 0.5], [0.0, 0.125]]


def test_econtrol_by_hand() -> None:
    """C(v) = v/2, f = x²/2 from 1, γ = η = ½: h = 1, u = 0, x = ½; g − h = −½ sends −¼: h = ¾,
    e = −¼, x = ⅛; u = ⅛ − ¾ − ⅛ = −¾ sends −⅜: e = −¼ − ⅝ + ⅜ = −½, h = ⅜, x = −1/16."""
    states = walk(EControl(0.5, Scaling(0.5), 0.5), unit_workers([[0.0]], np.ones(1)), 3)
    assert [float(s.x[0]) for s in states[1:]] == [0.5, 0.125, -0.0625]
    assert [float(m[0, 0]) for m in states[3].memory] == [-0.5, 0.375]


def test_ideal_ef21_keeps_exact_gradients() -> None:
    """Without noise nothing is compressed: gradient descent; with (2, 1) only (2, 0) is added."""
    problem = unit_workers([[2.0, 0.0], [-2.0, 0.0]], np.ones(2))
    assert walk(IdealEF21(0.5, TopK(1)), problem, 2)[-1].x.tolist() == [0.25, 0.25]
    noise = Points(np.array([[2.0, 1.0], [2.0, 1.0], [-4.0, -2.0]]))  # entries 2 or −4 are sent
    x = walk(IdealEF21(1.0, TopK(1)), unit_workers(np.zeros((1, 2)), np.ones(2)), 1, noise)[-1].x
    assert float(x[0]) in (-2.0, 4.0)
    assert float(x[1]) == 0.0


def test_descent_is_the_largest_feasible() -> None:
    """φ² over a fine grid of g, against the closed form, with and without the error s."""
    c = Constants(L=1.0, Delta=2.0)
    for gamma, b, s in ((0.2, 0.5, 0.0), (0.2, 0.5, 0.3), (0.1, 0.1, 2.0), (0.5, 0.6, 0.01)):
        T, g = 10, np.linspace(0, 40, 2_000_001)
        top = 2 * c.Delta / (gamma * T) + (b * g + s) ** 2 - (1 - gamma) * g * g
        best = float(np.max(np.minimum(top, ((1 + b) * g + s) ** 2)))
        # The grid misses the crossing by 2e-5 in g at slopes below 1e2.
        assert abs(descent(c, gamma, b, T, s) - best) < 2e-3 * (1 + best)


def test_ideal_feedback_knows_the_force() -> None:
    """With h* = ∇f_i(x*) heterogeneity is gone: from x* it stays."""
    problem = unit_workers([[2.0, 0.0], [-2.0, 0.0]], np.zeros(2))
    h_star = np.asarray(problem.constants().local)
    assert walk(IdealErrorFeedback(0.5, TopK(1), h_star), problem, 3)[-1].x.tolist() == [0.0, 0.0]


def test_no_compression_is_sgd() -> None:
    """δ = 1: all methods make the steps of SGD with the same samples."""
    problem, C = random_workers(3, 4), Exactly()
    star = np.asarray(problem.constants().local)
    plain = walk(CompressedSGD(0.1, C), problem, 8, Gaussian(1.0))[-1].x
    for method in (
        ErrorFeedback(0.1, C),
        IdealErrorFeedback(0.1, C, star),
        EF21(0.1, C),
        EF21SGDM(0.1, C, 1.0),
        EControl(0.1, C, 0.3),
    ):
        assert np.allclose(walk(method, problem, 8, Gaussian(1.0))[-1].x, plain, atol=EXACT)


def test_econtrol_without_feedback_is_ef21() -> None:
    problem = random_workers(3, 4)
    a = walk(EControl(0.1, TopK(1), 0.0), problem, 10, Gaussian(0.5))[-1].x
    assert a.tolist() == walk(EF21(0.1, TopK(1)), problem, 10, Gaussian(0.5))[-1].x.tolist()


@pytest.mark.parametrize("method", [ErrorFeedback(0.1, TopK(1)), EControl(0.1, TopK(1), 0.3)])
def test_virtual_iterate(method: Any) -> None:
    """x̃ = x − γē moves by −γḡ."""
    problem = random_workers(3, 4)
    states = walk(method, problem, 6)
    for before, after in itertools.pairwise(states):
        g = problem.grad(before.x)
        shifted = [s.x - 0.1 * jnp.mean(s.memory[0], axis=0) for s in (before, after)]
        assert np.allclose(shifted[1], shifted[0] - 0.1 * g, atol=EXACT)


def test_opposed_workers_grow_by_a_known_factor() -> None:
    """Top-1 without feedback: x⁺ = (1 + 11γ/6)x; constants 34.5, 7/6, 103/6."""
    problem = opposed_workers(1.0)
    x = walk(CompressedSGD(0.06, TopK(1)), problem, 1)[-1].x
    assert np.allclose(x, 1.11, atol=EXACT)
    c = problem.constants()
    assert np.allclose([c.L_max, c.mu, c.L], [34.5, 7 / 6, 103 / 6], atol=1e-10)


def test_dissimilarity_holds() -> None:
    """(1/n) Σ‖∇f_i‖² ≤ ζ_B² + B²‖∇f‖², with equality for a common Hessian."""
    for problem in (random_workers(3, 4), scaled_workers(), TWO):
        c = problem.constants()
        for seed in range(5):
            x = jax.random.normal(jax.random.key(seed), problem.start().shape)
            left = jnp.mean(jnp.sum(problem.grads(x) ** 2, axis=1))
            right = c.zeta_B**2 + c.B**2 * jnp.sum(problem.grad(x) ** 2)
            assert left <= right * (1 + EXACT)
            if problem is TWO:
                assert np.allclose(left, right, atol=EXACT)


def test_worker_noise_is_independent() -> None:
    """Same key, same sample; the mean over n workers has variance σ²/n."""
    problem = unit_workers(np.zeros((4, 2)), np.zeros(2))
    oracle = Workers(problem, Gaussian(1.0))
    g = oracle.grads(problem.start(), KEY)
    assert g.tolist() == oracle.grads(problem.start(), KEY).tolist()
    assert len({tuple(row) for row in g.tolist()}) == 4
    assert np.allclose(oracle.grad(problem.start(), KEY), jnp.mean(g, axis=0), atol=EXACT)
    assert isinstance(oracle, Oracle)
