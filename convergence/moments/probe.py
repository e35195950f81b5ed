"""One compiled call that finds out all about an affine step; see `affine`."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from convergence.derivatives import STOPS, backward_alone
from convergence.moments.tape import HIDDEN, NotAffine, Plan, Reader, draws, on_tape
from convergence.plainly import plainly
from convergence.runner.experiment import Experiment

KEYS = 65  # under which a step is compared with its first
# Of the point at which a step is compared with its Jacobians: what is affine near 0 alone, as
# behind a clip, or on one side of it, is not affine. The first is the point itself.
SCALES = np.outer([1.0, 1e-3, 1e2, 1e4, 1e8], [1.0, -1.0]).ravel()


def unravel(like: Any, s: Any) -> Any:
    """The flat vector s as a state shaped like `like`."""
    return ravel_pytree(like)[1](s)


@plainly
def begun(problem: Any, oracle: Any, algorithm: Any, keys: Any) -> Any:
    """The state in which a method begins, under the first of the keys."""
    return algorithm.init(problem.start().astype(jnp.float64), oracle, keys[0])


@plainly
def draws_of(problem: Any, oracle: Any, algorithm: Any, like: Any, keys: Any) -> tuple[Any, Any]:
    """The keys that `init` and `step` draw from."""
    x0, clock = problem.start().astype(jnp.float64), jnp.zeros((), jnp.int32)
    return (
        draws(lambda o: algorithm.init(x0, o, keys[0]), oracle),
        draws(lambda o: algorithm.step(clock, like, o, keys[0]), oracle),
    )


@functools.cache
def _keys() -> Any:
    return plainly(lambda: jax.random.split(jax.random.key(0), KEYS))()


def prepared(experiment: Experiment) -> tuple[Any, Any, Any, Any]:
    """Problem, oracle and algorithm with their numbers as arrays, so that other numbers of the same
    shape are the same program; and keys."""
    parts = experiment.problem, experiment.oracle, experiment.algorithm
    return *jax.tree.map(np.asarray, parts), _keys()


def drawn(problem: Any, oracle: Any, algorithm: Any, like: Any, keys: Any) -> tuple[Any, Any]:
    """`draws_of`, or in a sentence why nobody can tell."""
    try:
        return draws_of(problem, oracle, algorithm, like, keys)
    except jax.errors.UnexpectedTracerError:
        raise NotAffine(HIDDEN) from None


class Probe(NamedTuple):
    """What one compiled call finds out about a method."""

    start: Any
    N0: Any
    c: Any
    M: Any
    N: Any
    free: Any
    seen: Any  # the step at (s, u) at another clock, then under the key that moves it most
    scaled: Any  # the step at (s, u) times `SCALES`


@plainly
def probe(
    problem: Any, oracle: Any, algorithm: Any, plans: tuple[Plan, ...], keys: Any, s: Any, u: Any
) -> Probe:
    """Jacobians at 0 are exact for affine maps; evaluations at (s, u) and far from there test that
    they are."""
    x0 = problem.start().astype(s.dtype)
    key = keys[0]
    zero, nothing = jnp.zeros_like(s), jnp.zeros_like(u)

    def begin(w: Any) -> Any:
        return algorithm.init(x0, on_tape(oracle, Reader(plans[0], w)), key)

    like = begin(jnp.zeros(plans[0].width, s.dtype))

    def step(s: Any, u: Any, t: int = 0, key: Any = key) -> Any:
        seen = on_tape(oracle, Reader(plans[1], u))
        clock = jnp.asarray(t, jnp.int32)
        return ravel_pytree(algorithm.step(clock, unravel(like, s), seen, key))[0]

    def project(s: Any) -> Any:
        return ravel_pytree(algorithm.project(unravel(like, s)))[0]

    # Both side by side: a step is traced as often as it stands here.
    scales = jnp.concatenate([jnp.asarray(SCALES, s.dtype), jnp.ones(len(keys) - 1, s.dtype)])
    which = jnp.concatenate([keys[jnp.zeros(len(SCALES), jnp.int32)], keys[1:]])
    found = jax.vmap(lambda by, key: step(by * s, by * u, key=key))(scales, which)
    scaled, others = found[: len(SCALES)], found[len(SCALES) :]
    once = scaled[0]
    # A coin may fall alike under a few keys: the farthest of many tells.
    farthest = others[jnp.argmax(jnp.max(jnp.abs(others - once), axis=1, initial=0.0))]
    return Probe(
        start=ravel_pytree(like)[0],
        N0=jax.jacfwd(lambda w: ravel_pytree(begin(w))[0])(jnp.zeros(plans[0].width, s.dtype)),
        c=step(zero, nothing),
        M=jax.jacfwd(lambda s: step(s, nothing))(zero),
        N=jax.jacfwd(lambda u: step(zero, u))(nothing),
        free=jax.jacfwd(project)(zero),
        seen=jnp.stack([step(s, u, t=7), farthest]),
        scaled=scaled,
    )


def probed(name: str, *args: Any) -> Probe:
    """`probe`, or in a sentence why nobody can tell."""
    try:
        return probe(*args)
    except STOPS as error:
        if not backward_alone(error):
            raise
        raise NotAffine(
            f"{name} JAX finds its derivatives backward alone; use its simulation."
        ) from None
