"""Recursions beside plain loops, with parameters none of which could stand in another's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.base import State
from convergence.algorithms.heavy_tailed.storm import STORM
from convergence.metrics.folds import AverageEvery
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle, mean_grad
from convergence.parts import solvers
from convergence.problems.quadratic import Isotropic

ROUND = 1e-11  # a few hundred float64 operations on numbers of order 1
KEY = jax.random.key(3)
H = np.array([0.5, 1.0, 2.5])


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def iterates(method: Any, oracle: Any, x0: Any, steps: int) -> list[Any]:
    """The states of a run, step t under the key t."""
    state = method.init(jnp.asarray(x0), oracle, jax.random.fold_in(KEY, 99))
    step = jax.jit(lambda t, s: method.step(t, s, oracle, jax.random.fold_in(KEY, t)))
    path = [state]
    for t in range(steps):
        path.append(step(jnp.asarray(t, jnp.int32), path[-1]))
    return path


def test_storm_starts_from_its_first_batch() -> None:
    """m_0 is the mean of B₀ = 5 samples, and step 0 uses it as it is."""
    oracle = Oracle(Isotropic(np.ones(2)), Gaussian(1.0))
    found = iterates(STORM(0.1, 0.3, 5), oracle, np.ones(2), 2)
    key = jax.random.fold_in(KEY, 99)
    m = np.mean([oracle.grad(jnp.ones(2), jax.random.fold_in(key, b)) for b in range(5)], axis=0)
    np.testing.assert_allclose(mean_grad(oracle, jnp.ones(2), key, 5), m, atol=ROUND)
    np.testing.assert_allclose(found[0].m, m, atol=ROUND)
    np.testing.assert_allclose(found[1].m, m, atol=ROUND)
    x1 = 1 - 0.1 * m / np.linalg.norm(m)
    np.testing.assert_allclose(found[1].x, x1, atol=ROUND)
    again = jax.random.fold_in(KEY, 1)
    g, old = (np.asarray(oracle.grad(jnp.asarray(x), again)) for x in (x1, np.ones(2)))
    np.testing.assert_allclose(found[2].m, g + 0.7 * (m - old), atol=ROUND)


@pytest.mark.parametrize("T", [1, 6, 7, 8])
def test_average_over_block_starts(T: int) -> None:
    """q at 0, 3, 6, … < T, over their number."""
    problem, metric = Isotropic([1.0]), AverageEvery(GradNormSq(), np.asarray(3, np.int32))
    states = [State(jnp.asarray([x])) for x in 2.0 ** -np.arange(T + 1)]
    acc = metric.init(problem, states[0])
    for t in range(T):
        acc = metric.update(jnp.asarray(t), acc, problem, states[t], states[t + 1])
    starts = [4.0**-t for t in range(0, T, 3)]
    read = metric.read(jnp.asarray(T), acc, problem, states[T])
    assert float(read) == pytest.approx(np.mean(starts), abs=ROUND)


def loop(name: str, steps: int, lam: float) -> np.ndarray:
    """An inner solver as printed, on ½⟨B, HB⟩ − ⟨1, B⟩ with κ = 3 of the subproblem."""
    B, memory, v, kappa = np.zeros(3), np.zeros(3), np.zeros(3), 3.0
    for j in range(steps):
        g = H * B - 1
        if name == "gd":
            B = B - 0.7 / (kappa * lam) * g
        elif name == "agd":
            theta = (kappa**0.5 - 1) / (kappa**0.5 + 1)
            Y = B + theta * (B - memory)
            B, memory = Y - (H * Y - 1) / (kappa * lam), B
        elif name == "msgd":
            memory = 0.8 * memory + 0.2 * g
            B = B - 0.7 / (kappa * lam) * memory
        else:
            memory, v = 0.6 * memory + 0.4 * g, 0.9 * v + 0.1 * g**2
            m_hat, v_hat = memory / (1 - 0.6 ** (j + 1)), v / (1 - 0.9 ** (j + 1))
            B = B - 0.05 / (j + 1) ** 0.5 * m_hat / (v_hat**0.5 + 1e-8)
    return B


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("gd", lambda N: solvers.GD(N, scale=0.7)),
        ("agd", solvers.AGD),
        ("msgd", lambda N: solvers.MomentumGD(N, beta1=0.2, scale=0.7)),
        ("adam", lambda N: solvers.Adam(N, lr=0.05, b1=0.6, b2=0.9)),
    ],
)
@pytest.mark.parametrize("N", [1, 3])
def test_inner_solvers(name: str, make: Callable[[int], Any], N: int) -> None:
    lam = 0.9

    def grad(B: Any, key: Any) -> Any:
        return jnp.asarray(H)[:, None] * B - 1

    g = solvers.Subproblem(grad, lambda B, U, key: jnp.sum(grad(B, key) * U), lam)
    B, calls = make(N).solve(g, jnp.zeros((3, 1)), KEY)
    assert int(calls) == N
    np.testing.assert_allclose(B[:, 0], loop(name, N, lam), atol=ROUND)
