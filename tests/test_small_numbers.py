"""Parts of methods, noise and runs on numbers worked by hand: single-token mutants survived."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.torch_adapter import key_words
from convergence.claims.certificates import RAREST, seen
from convergence.constants import Constants
from convergence.keys import claim_key
from convergence.metrics.base import AbstractMetric
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.lomax import OneSidedLomax
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment
from convergence.runner.run import run, trajectory
from convergence.shapes import Count, Scalar


class Clocks(AbstractMetric):
    """Σ (t + 1)², t the clock of each step."""

    def init(self, problem: Any, state: Any) -> Scalar:
        return jnp.zeros((), state.x.dtype)

    def update(self, t: Count, acc: Any, problem: Any, before: Any, after: Any) -> Scalar:
        return acc + (t + 1.0) ** 2

    def read(self, T: Count, acc: Any, problem: Any, state: Any) -> Scalar:
        return acc


def test_a_metric_is_told_the_clock_of_the_step() -> None:
    """1 + 4 + 9 + 16 after four steps, at every mark and in a run."""
    with precision("float64"):
        problem = Isotropic([1.0])
        what = Experiment(problem, Oracle(problem, Noiseless()), SGD(0.1), Clocks())
        found = trajectory(what, jnp.array([1, 2, 4], jnp.int32), claim_key("clocks", 0, 4))[0]
        assert found.tolist() == [1.0, 5.0, 30.0]
        assert float(run(what, 4, claim_key("clocks", 0, 4), seeds=range(1)).final()[0]) == 30.0


def test_the_tail_of_a_one_sided_lomax() -> None:
    """β = 2, s = 3: ξ/s = U − 1, P(U > u) = (1 + u)⁻². At r = s/2: (5/2)⁻² + 1 − (3/2)⁻²."""
    beyond = OneSidedLomax(2.0, np.array([1.0]), 3.0, 1.5).tail((1,))
    found = beyond(np.array([1.5, 6.0]))
    np.testing.assert_allclose(found, [0.16 + 1 - 4 / 9, 1 / 16], rtol=1e-12)


def test_examples_of_one_gradient_are_different_samples() -> None:
    """A transformation that moves by the difference of two examples."""

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        return jax.tree.map(lambda g: g[0] - g[1], grads), state

    told: Any = update
    apart = optax.GradientTransformation(lambda params: optax.EmptyState(), told)
    with precision("float64"):
        problem = Isotropic([1.0, 2.0])
        method = FromOptax(apart, per_example=2)
        oracle, key = Oracle(problem, Gaussian(1.0)), jax.random.key(3)
        state = method.init(problem.start(), oracle, key)
        after = eqx.filter_jit(method.step)(jnp.asarray(0), state, oracle, key)
        assert float(jnp.abs(after.x - state.x).min()) > 0


def test_a_key_and_its_words() -> None:
    key = jax.random.key(5)
    words = jax.random.key_data(key)
    assert key_words(key).tolist() == words.tolist() == key_words(words).tolist()


def test_a_rare_atom_is_seen_by_an_average_alone() -> None:
    for T, enough in ((3, False), (4, True)):  # .01 · 4 is 1/25
        assert seen(Average(GradNormSq()), Constants(q=RAREST / 4), T) is enough
        assert not seen(GradNormSq(), Constants(q=RAREST / 4), T)
    assert not seen(Average(GradNormSq()), Constants(L=1.0), 1000)
    assert seen(GradNormSq(), Constants(light_tailed=True), 1)
