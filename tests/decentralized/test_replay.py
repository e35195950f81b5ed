"""Run by run: a simulated method is its probed S⁺ = M S + c + N u on its own samples u."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from convergence.algorithms.decentralized.bilevel import SOBA, StocBiO
from convergence.algorithms.decentralized.sparkle import DSOBA, sparkle
from convergence.draws import normal
from convergence.moments.affine import analyse
from convergence.moments.probe import draws_of
from convergence.moments.tape import on_tape, plan
from convergence.noise.agents import PerAgent, PerEntry
from convergence.oracles.base import Oracle
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.problems.agents import heterogeneous
from convergence.problems.bilevel import random_bilevel
from convergence.runner.experiment import Experiment
from convergence.theorems.decentralized.alghunaim2022 import METHODS
from convergence.theorems.decentralized.koloskova2020 import FORMS

W, STEPS, T = graphs.lazy(graphs.ring(4)), (0.05, 0.1, 0.1, 0.3), 12


class Units:
    """A tape that answers the unit normals behind each key, and keeps them in the plan's order."""

    def __init__(self, planned: Any) -> None:
        self.plan, self.count, self.u = planned, 0, np.zeros(planned.width)

    def read(self, key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        first, _ = self.plan.draws[self.count]
        self.count += 1
        unit = normal(key, shape, dtype)
        self.u[first : first + unit.size] = np.asarray(unit).ravel()
        return unit


def replayed(problem: Any, oracle: Any, method: Any, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(the state after T steps of the method, and of its recursion)."""
    m = analyse(Experiment(problem, oracle, method))
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(seed), T + 1)
        x0 = problem.start().astype(float)
        like = jax.tree.map(jax.numpy.asarray, m.like)
        plans = [plan(drawn) for drawn in draws_of(problem, oracle, method, like, keys[:2])]

        def units(planned: Any, call: Any) -> np.ndarray:
            tape = Units(planned)
            call(on_tape(oracle, tape))
            return tape.u

        state = method.init(x0, oracle, keys[0])
        s = m.start + m.N0 @ units(plans[0], lambda o: method.init(x0, o, keys[0]))
        for t in range(T):
            clock, key = jax.numpy.asarray(t), keys[t + 1]
            u = units(plans[1], lambda o, c=clock, k=key: method.step(c, like, o, k))
            state, s = method.step(clock, state, oracle, key), m.M @ s + m.c + m.N @ u
        return np.asarray(ravel_pytree(state)[0]), s


SINGLE = {**METHODS, "CTA": FORMS["CTA"]}
BILEVEL = {
    "SPARKLE": sparkle("EXTRA", "ATC-GT", W, STEPS, graphs.lazy(graphs.star(4))),
    "SPARKLE by Jacobi": sparkle("ED", "semi-ATC-GT", W, STEPS, jacobi=True),
    "D-SOBA": DSOBA(W, *STEPS),
    "SOBA": SOBA(0.2, 0.05),
    "stocBiO": StocBiO(0.05, 0.2, 0.4, D=2, Q=3),
}


@pytest.mark.parametrize("name", [*SINGLE, *BILEVEL])
def test_every_run_is_the_probed_recursion(name: str, test_seed: int) -> None:
    if name in SINGLE:
        problem: Any = heterogeneous(W, 2)
        roots = np.random.default_rng(0).standard_normal((4, 2, 2))
        oracle: Any = Oracle(problem, PerAgent(roots))
        method = SINGLE[name](W, 0.2)
    else:
        problem = random_bilevel(W, 2, 2, hetA=0.3)
        oracle, method = BilevelOracle(problem, PerEntry(0.7)), BILEVEL[name]
    run, recursion = replayed(problem, oracle, method, test_seed)
    np.testing.assert_allclose(run, recursion, rtol=0, atol=1e-11)  # 12 products of order 10


def test_a_noise_that_draws_more_than_it_says_is_seen() -> None:
    class Louder(PerEntry):
        """1 % more than `scale`."""

        def draw(self, x: Any, key: Any) -> Any:
            return 1.01 * super().draw(x, key)

    problem = heterogeneous(W, 2)
    run, recursion = replayed(problem, Oracle(problem, Louder(1.0)), METHODS["ED"](W, 0.2), 0)
    assert np.max(np.abs(run - recursion)) > 1e-4
