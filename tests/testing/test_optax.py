"""The optax adapter: what a transformation asks, what is counted and which point is judged."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.optax_adapter import FromOptax
from convergence.errors import InvalidInput
from convergence.keys import step_key
from convergence.laws import algorithm_laws
from convergence.metrics.pointwise import Gap
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import AbstractOracle, Oracle
from convergence.precision import precision
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.runner.checks import check_step
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.testing import assert_converges
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex

X0 = np.array([[1.0, -2.0, 0.3], [3.0, 0.5, -0.7]])
H = np.array([[1.0, 0.25, 2.0], [0.5, 1.5, 0.75]])
PROBLEM = EntryQuadratic(X0, H)
EXACT, NOISY = Oracle(PROBLEM, Noiseless()), Oracle(PROBLEM, Gaussian(0.5))
KEY = jax.random.key(0)


def walk(method: AbstractAlgorithm, steps: int, oracle: AbstractOracle = EXACT) -> list[Any]:
    """x_0, …, x_steps, under the keys of a run."""
    step = jax.jit(lambda t, s: method.step(t, s, oracle, step_key(KEY, t + 1)))
    state = method.init(PROBLEM.start(), oracle, step_key(KEY, 0))
    found = [np.asarray(state.x)]
    for t in range(steps):
        state = step(jnp.asarray(t, jnp.int32), state)
        found.append(np.asarray(state.x))
    return found


def accumulated(tx: optax.GradientTransformation, k: int, sums: bool = False) -> Any:
    """Means, or wrongly sums, of k gradients; k − 1 of k updates are zero."""

    def init(params: Any) -> Any:
        return tx.init(params), jnp.zeros((), jnp.int32), jnp.zeros_like(params)

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        inner, i, total = state
        total, last = total + updates, i == k - 1
        step, after = tx.update(total / (1 if sums else k), inner, params)
        inner = jax.tree.map(lambda a, b: jnp.where(last, a, b), after, inner)
        return last * step, (inner, (i + 1) % k, jnp.where(last, 0.0, total))

    return optax.GradientTransformation(init, update)


def test_T_counts_updates(test_seed: int):
    with precision("float64"):
        keys = [jax.random.fold_in(step_key(KEY, 1), i) for i in range(4)]
        mean = np.mean([np.asarray(NOISY.grad(PROBLEM.start(), k)) for k in keys], axis=0)
        double = functools.partial(optax.MultiSteps, accumulator_dtype=jnp.float64)
        for method in (
            FromOptax(accumulated(optax.sgd(0.1), 4), every=4),
            FromOptax(double(optax.sgd(0.1), 4), every=4),
            FromOptax(double(optax.sgd(0.1), 4)),  # counted by its own counter
            FromOptax(lambda lr: double(optax.sgd(lr), 4).gradient_transformation(), lr=0.1),
        ):
            np.testing.assert_allclose(walk(method, 1, NOISY)[1], X0 - 0.1 * mean, rtol=1e-14)
    theorem = SGDNonconvex()
    given: dict[str, Any] = dict(
        theorem=theorem, problem=PROBLEM, noise=Gaussian(1.0), horizons=(32,), seeds=1024,
        seed=test_seed,
    )  # fmt: skip
    assert_converges(lambda c, T: optax.MultiSteps(optax.sgd(theorem.gamma(c, T)), 4), **given)
    wrong = accumulated(optax.sgd(0.5), 8, sums=True)
    with pytest.raises(AssertionError, match=r"REFUTED for optax\.accumulated\(every=8\)"):
        assert_converges(lambda c, T: FromOptax(wrong, every=8), **given)


def test_what_a_transformation_asks_comes_from_the_oracle():
    with precision("float64"):
        # On ½‖x‖² Polyak's step f/‖∇f‖² halves x.
        half = FromOptax(optax.polyak_sgd, max_learning_rate=10.0, f_min=0.0, eps=0.0)
        unit = Oracle(EntryQuadratic(X0, np.ones_like(X0)), Noiseless())
        np.testing.assert_allclose(walk(half, 3, unit)[3], X0 / 8, rtol=1e-14)
        for tx in (
            optax.lbfgs(),
            optax.chain(optax.sgd(1.0), optax.scale_by_backtracking_linesearch(8)),
            optax.chain(optax.sgd(1.0), optax.scale_by_zoom_linesearch(8)),
            optax.chain(optax.sgd(0.5), optax.contrib.reduce_on_plateau()),
            optax.contrib.sam(optax.sgd(0.5), optax.contrib.normalize(), opaque_mode=True),
            optax.contrib.momo(1.0),
            optax.contrib.sophia(0.1),
        ):
            path = walk(FromOptax(tx), 6)
            assert float(PROBLEM.value(jnp.asarray(path[-1]))) < 0.9 * float(
                PROBLEM.value(PROBLEM.start())
            )


def schedule_free(eta: float, b: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of schedule-free gradient descent with weights 1/t."""
    x = y = z = X0
    for t in range(1, steps + 1):
        z = z - eta * H * y
        x = x + (z - x) / t
        y = (1 - b) * z + b * x
    return x, y


def test_an_average_is_judged_where_it_is():
    with precision("float64"):
        tx = optax.contrib.schedule_free(optax.sgd(0.3), 0.3, b1=0.9)
        x, y = schedule_free(0.3, 0.9, 5)
        np.testing.assert_allclose(walk(FromOptax(tx), 5)[5], x, rtol=1e-13)
        at_y = FromOptax(tx, eval_params=lambda memory, parameters: parameters)
        np.testing.assert_allclose(walk(at_y, 5)[5], y, rtol=1e-13)
        chained = FromOptax(optax.chain(optax.identity(), tx))
        np.testing.assert_allclose(walk(chained, 5)[5], x, rtol=1e-13)
        # Lookahead: gradients at fast weights, judged at slow ones, which move every third step.
        slow = walk(FromOptax(optax.lookahead(optax.sgd(0.1), 3, 0.5)), 4)
        np.testing.assert_array_equal(slow[2], X0)
        np.testing.assert_allclose(slow[4], 0.5 * (X0 + X0 * (1 - 0.1 * H) ** 3), rtol=1e-14)


def test_trees_of_parameters():
    shapes = {"w": (2, 2), "b": (2,)}
    method = FromOptax(optax.adam, learning_rate=0.1, parameters=shapes)
    with precision("float64"):
        plain = walk(FromOptax(optax.adam, learning_rate=0.1), 3)
        np.testing.assert_allclose(walk(method, 3)[3], plain[3], rtol=1e-13)
        assert not algorithm_laws(method, PROBLEM, EXACT)
        # Only the tree knows which entries are the weights.
        decayed = optax.chain(
            optax.add_decayed_weights(0.5, mask={"w": True, "b": False}), optax.sgd(0.1)
        )
        found = walk(FromOptax(decayed, parameters=shapes), 1)[1].ravel()
        more = np.array([0.5] * 4 + [0.0] * 2)
        np.testing.assert_allclose(found, X0.ravel() * (1 - 0.1 * (H.ravel() + more)), rtol=1e-14)
        with pytest.raises(InvalidInput, match="with 4 entries, but 6 entries, as the problem"):
            walk(FromOptax(optax.sgd, learning_rate=0.1, parameters={"w": (2, 2)}), 1)


def private(noise: float, learning_rate: Any) -> optax.GradientTransformation:
    """Means of clipped gradients of single examples, and noise."""
    clipped = optax.contrib.differentially_private_aggregate(1.0, noise, key=jax.random.key(0))
    return optax.chain(clipped, optax.sgd(learning_rate))


def test_gradients_of_single_examples():
    with precision("float64"):
        method = FromOptax(functools.partial(private, 0.0), per_example=8, learning_rate=0.1)
        keys = [jax.random.fold_in(step_key(KEY, 1), b) for b in range(8)]
        each = np.array([NOISY.grad(PROBLEM.start(), k) for k in keys])
        clipped = each / np.maximum(1.0, np.linalg.norm(each.reshape(8, -1), axis=1))[:, None, None]
        expected = X0 - 0.1 * clipped.mean(axis=0)
        np.testing.assert_allclose(walk(method, 1, NOISY)[1], expected, rtol=1e-12)


def test_runs_draw_numbers_of_their_own():
    method = FromOptax(functools.partial(private, 1.0), per_example=2, learning_rate=0.1)
    with precision("float64"):
        record = run(Experiment(PROBLEM, EXACT, method, Gap()), 2, KEY, seeds=range(4), chunk=4)
    assert len(np.unique(record.values[:, -1])) == 4


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (lambda: FromOptax(optax.adam), "optax.adam cannot be made here .*learning_rate"),
        (lambda: FromOptax(optax.sgd, learning_rate=0.1, speed=1), "argument 'speed'"),
        (lambda: FromOptax(len), "len cannot be made here"),
        (lambda: FromOptax(lambda: 3), "which makes int, but an optax transformation"),
        (lambda: FromOptax(optax.sgd, every=0), "every = 0"),
        (
            lambda: FromOptax(optax.sgd, learning_rate=0.1, per_example=2),
            "cannot go on|turns state",
        ),
    ],
)
def test_what_it_cannot_be_is_refused_in_one_sentence(method: Any, words: str):
    with precision("float64"), pytest.raises(InvalidInput, match=words) as caught:
        check_step(Experiment(PROBLEM, EXACT, method()))
    assert "\n" not in str(caught.value)
