"""Laws of oracles and algorithms."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy

from convergence.algorithms.base import AbstractAlgorithm
from convergence.errors import InvalidInput
from convergence.laws.faults import ROUNDING
from convergence.oracles.base import AbstractOracle
from convergence.problems.base import AbstractProblem
from convergence.runner.checks import check_step
from convergence.runner.experiment import Experiment

DRAWS = 4096


def oracle_laws(oracle: AbstractOracle, x: Any, alpha: float = 1e-6, seed: int = 0) -> list[str]:
    """∇F(x; ξ) for one key is the derivative of F(x; ξ) for that key (x-independent noise), and
    E ∇F(x; ξ) = ∇f(x).

    The mean is tested at level alpha by Student-t on 4096 draws, along ∇f(x) and a direction drawn
    by `seed`, unless its noise is certified and not light-tailed.
    """
    key = jax.random.key(3)
    stated = oracle.grad(x, key)
    found = jax.grad(lambda y: oracle.value(y, key))(x)
    error = float(jnp.max(jnp.abs(stated - found)))
    scale = max(1.0, float(jnp.max(jnp.abs(stated))))
    name = type(oracle).__name__
    wrong = []
    if not error <= ROUNDING * scale:
        wrong.append(f"{name}: grad and value disagree by {error:g} for one key")
    return wrong + unbiased(oracle, x, alpha, seed)


def unbiased(oracle: Any, x: Any, alpha: float, seed: int) -> list[str]:
    """E ∇F(x; ξ) = ∇f(x), of an oracle that knows its problem."""
    problem, noise = getattr(oracle, "problem", None), getattr(oracle, "noise", None)
    heavy = noise is not None and not noise.constants(tuple(x.shape)).get("light_tailed")
    if problem is None or heavy:
        return []
    gradient = np.asarray(problem.grad(x), float).ravel()
    keys = jax.random.split(jax.random.key(seed), DRAWS)
    errors = np.asarray(jax.vmap(lambda k: oracle.grad(x, k))(keys), float).reshape(DRAWS, -1)
    errors = errors - gradient
    size = float(np.linalg.norm(gradient))
    random = np.random.default_rng(seed).standard_normal(len(gradient))
    wrong = []
    for label, v in (("∇f(x)", gradient), ("a random direction", random)):
        sample = errors @ (v / max(float(np.linalg.norm(v)), 1e-300))
        mean, spread = float(sample.mean()), float(sample.std(ddof=1)) / DRAWS**0.5
        if abs(mean) <= ROUNDING * max(1.0, size):
            continue
        if spread == 0 or 2 * scipy.stats.t.sf(abs(mean) / spread, DRAWS - 1) < alpha / 2:
            wrong.append(
                f"{type(oracle).__name__}: E ∇F(x; ξ) is off ∇f(x) by {mean:g} ± {spread:g} along "
                f"{label}"
            )
    return wrong


def algorithm_laws(
    algorithm: AbstractAlgorithm, problem: AbstractProblem, oracle: AbstractOracle
) -> list[str]:
    """A step keeps structure, shapes and dtypes; starts at x_0; is a function of its key alone;
    and a new value of a real hyper-parameter traces nothing."""
    name = type(algorithm).__name__
    try:
        check_step(Experiment(problem, oracle, algorithm))
    except InvalidInput as error:
        return [str(error)]
    wrong: list[str] = []
    traced = 0

    @eqx.filter_jit
    def two_steps(algorithm: Any, key: Any) -> Any:
        nonlocal traced
        traced += 1
        state = algorithm.init(problem.start(), oracle, key)
        for t in range(2):
            state = algorithm.step(jnp.asarray(t, jnp.int32), state, oracle, key)
        return state.x

    key = jax.random.key(5)
    first, again = two_steps(algorithm, key), two_steps(algorithm, key)
    if not np.array_equal(np.asarray(first), np.asarray(again), equal_nan=True):
        wrong.append(f"{name}: one key gave two trajectories")
    arrays, rest = eqx.partition(algorithm, eqx.is_array)
    floats = jax.tree.map(lambda a: a * 0.5 if np.issubdtype(a.dtype, np.floating) else a, arrays)
    two_steps(eqx.combine(floats, rest), key)
    if traced != 1:
        wrong.append(f"{name}: a new value of a real hyper-parameter retraces the step")
    x0 = algorithm.init(problem.start(), oracle, key).x
    if not np.array_equal(np.asarray(x0), np.asarray(problem.start())):
        wrong.append(f"{name}: init does not start at x_0")
    return wrong
