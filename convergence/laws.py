"""Laws that every problem, noise, oracle and algorithm obeys; each returns what it found wrong.

A law is a function to a list of sentences, empty if the law holds, so that a test can show all of
them at once: `assert not problem_laws(problem)`.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.base import AbstractNoise
from convergence.oracles.base import AbstractOracle
from convergence.problems.base import AbstractProblem
from convergence.runner.experiment import Experiment
from convergence.runner.run import check_step
from convergence.theorems.assumptions import curvature

# At a kink of ∇f a central difference is off by at most L h/2 per unit of ‖v‖², and by about ε|f|/h
# from rounding: with h = 1e-7 both stay below 1e-6 for the sizes of this library.
DIFFERENCE = 1e-6
ROUNDING = 1e-9
DRAWS = 4096


def close(a: float, b: float, tolerance: float) -> bool:
    """|a − b| ≤ tolerance · max(1, |a|, |b|)."""
    return bool(abs(a - b) <= tolerance * max(1.0, abs(a), abs(b)))


def points(problem: AbstractProblem, count: int = 3) -> list[Any]:
    """x_0 and a few points near it."""
    x0 = problem.start()
    rng = np.random.default_rng(0)
    return [x0] + [x0 + 0.7 * rng.standard_normal(x0.shape) for _ in range(count - 1)]


def problem_laws(problem: AbstractProblem) -> list[str]:
    """∇f is the derivative of f; L, Delta, f_star, grad0 and x_star are what they claim. In
    float64."""
    wrong: list[str] = []
    c, name = problem.constants(), type(problem).__name__
    x0 = problem.start()
    rng = np.random.default_rng(1)
    for x in points(problem):
        v = rng.standard_normal(x.shape)
        h = 1e-7
        slope = float((problem.value(x + h * v) - problem.value(x - h * v)) / (2 * h))
        stated = float(jnp.sum(problem.grad(x) * v))
        if not close(slope, stated, DIFFERENCE):
            wrong.append(f"{name}: ⟨∇f, v⟩ = {stated:g}, but f changes by {slope:g}")
    if "L" in c and curvature(problem) > c.L * (1 + 1e-6) + 1e-12:
        wrong.append(f"{name}: curvature {curvature(problem):g} exceeds L = {c.L:g}")
    start = float(jnp.linalg.norm(jnp.ravel(problem.grad(x0))))
    if "grad0" in c and not close(start, c.grad0, ROUNDING):
        wrong.append(f"{name}: ‖∇f(x_0)‖ = {start:g}, certified {c.grad0:g}")
    if "f_star" in c and "Delta" in c and np.isfinite(c.f_star):
        gap = float(problem.value(x0)) - c.f_star
        if not close(gap, c.Delta, ROUNDING):
            wrong.append(f"{name}: f(x_0) − f* = {gap:g}, certified Delta = {c.Delta:g}")
        low = descend(problem, c.L)
        if low < c.f_star - ROUNDING * max(1.0, abs(c.f_star)):
            wrong.append(f"{name}: f reaches {low:g}, below the certified f* = {c.f_star:g}")
    if "x_star" in c:
        wrong += minimizer(problem, c, name)
    return wrong


def minimizer(problem: AbstractProblem, c: Constants, name: str) -> list[str]:
    """∇f(x*) = 0 and f(x*) = f*, to the rounding of numbers of the size of those at x_0."""
    x0 = problem.start()
    x = jnp.broadcast_to(jnp.asarray(c.x_star, x0.dtype), x0.shape)
    slope, scale = (float(jnp.linalg.norm(jnp.ravel(problem.grad(v)))) for v in (x, x0))
    wrong = []
    if not slope <= ROUNDING * max(1.0, scale):
        wrong.append(f"{name}: ‖∇f(x*)‖ = {slope:g} at the certified minimizer")
    value, size = float(problem.value(x)), abs(float(problem.value(x0)))
    if "f_star" in c and not abs(value - c.f_star) <= ROUNDING * max(1.0, abs(c.f_star), size):
        wrong.append(f"{name}: f(x*) = {value:g} at the certified minimizer, f* = {c.f_star:g}")
    return wrong


def descend(problem: AbstractProblem, L: float, steps: int = 500) -> float:
    """The least value that gradient descent with step 1/L finds."""

    def step(_: Any, x: Any) -> Any:
        return x - problem.grad(x) / max(L, 1e-12)

    x = jax.jit(lambda x: jax.lax.fori_loop(0, steps, step, x))(problem.start())
    return float(problem.value(x))


def noise_laws(noise: AbstractNoise, x: Any, alpha: float = 1e-6, seed: int = 0) -> list[str]:
    """Same key, same sample; the shape and dtype of x; for light tails E ξ = 0 and E‖ξ‖² = σ².

    The moments are tested at level alpha each by Student-t on 4096 draws. Heavier tails are
    certified by quadrature or enumeration in their own tests, never by draws.
    """
    wrong: list[str] = []
    name = type(noise).__name__
    key = jax.random.key(seed)
    one, two = noise.draw(x, key), noise.draw(x, key)
    if not np.array_equal(np.asarray(one), np.asarray(two)):
        wrong.append(f"{name}: one key gave two samples")
    if one.shape != x.shape or one.dtype != x.dtype:
        wrong.append(f"{name}: drew {one.dtype}{one.shape} for an iterate {x.dtype}{x.shape}")
    c = noise.constants(tuple(x.shape))
    if c.get("light_tailed"):
        from scipy import stats

        draws = jax.vmap(lambda k: noise.draw(x, k))(jax.random.split(key, 4096))
        flat = np.asarray(draws).reshape(4096, -1)
        direction = np.random.default_rng(seed).standard_normal(flat.shape[1])
        for label, sample, mean in (
            ("E⟨ξ, v⟩", flat @ direction, 0.0),
            ("E‖ξ‖²", np.sum(flat**2, axis=1), c.sigma**2),
        ):
            error = sample.std(ddof=1) / 64
            if error == 0.0:
                off = not close(float(sample.mean()), mean, ROUNDING)
            else:
                off = 2 * stats.t.sf(abs(sample.mean() - mean) / error, 4095) < alpha
            if off:
                wrong.append(f"{name}: {label} = {sample.mean():g} ± {error:g}, certified {mean:g}")
    return wrong


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
    from scipy import stats

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
        if spread == 0 or 2 * stats.t.sf(abs(mean) / spread, DRAWS - 1) < alpha / 2:
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
