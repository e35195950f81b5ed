"""Whether a run depends on its key: does the problem's noise toss coins, does the method itself?

Found by following the key through the traced program of the run, loops and branches included. A
key that is split and whose parts reach no number of the result does not count.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.extend import core

from convergence.keys import Labelled
from convergence.noise.base import AbstractNoise
from convergence.precision import wide
from convergence.runner.experiment import Experiment
from convergence.runner.run import checkpoints, trajectory
from convergence.walker import divided

PROGRAMS = 1024  # whose answer is remembered


class _Silent(AbstractNoise):
    """The noise without its randomness."""

    noise: AbstractNoise

    def draw(self, x: Any, key: Any) -> Any:
        return jnp.zeros_like(x)

    def constants(self, shape: tuple[int, ...]) -> Any:
        return self.noise.constants(shape)


def silent(experiment: Experiment) -> Experiment:
    """With every noise silenced; what else is drawn, a batch or a direction, stays."""

    def leaf(node: Any) -> bool:
        return isinstance(node, AbstractNoise)

    oracle = jax.tree.map(lambda n: _Silent(n) if leaf(n) else n, experiment.oracle, is_leaf=leaf)
    return dataclasses.replace(experiment, oracle=oracle)


def tosses(experiment: Experiment) -> bool:
    """Whether what is measured of a run depends on its key."""
    arrays, rest = eqx.partition(experiment, eqx.is_array)
    leaves, structure = jax.tree.flatten(arrays)
    shapes = tuple(jax.ShapeDtypeStruct(v.shape, v.dtype) for v in leaves)
    try:
        hash((structure, rest))
    except TypeError:  # a field that is a dict, say: nothing to remember it by
        return _tosses.__wrapped__(shapes, structure, rest, wide())
    return _tosses(shapes, structure, rest, wide())


@functools.lru_cache(PROGRAMS)
def _tosses(shapes: tuple[Any, ...], structure: Any, rest: Any, _: bool) -> bool:
    """The same for all experiments that are one program: their numbers are its arguments."""

    def run(arrays: Any, key: Any) -> Any:
        experiment = eqx.combine(jax.tree.unflatten(structure, arrays), rest)
        return trajectory(experiment, jnp.asarray(checkpoints(2)), key)

    key = jax.eval_shape(lambda: jax.random.key(0))
    program = jax.make_jaxpr(run)(shapes, key).jaxpr
    return any(follow(program, [*(False for _ in shapes), True]))


def follow(program: Any, reached: Sequence[bool]) -> list[bool]:
    """Which results of a jaxpr depend on those of its arguments that are `reached`."""
    seen = {v for v, hit in zip(program.invars, reached, strict=True) if hit}

    def hit(v: Any) -> bool:
        return not isinstance(v, core.Literal) and v in seen

    for eqn in program.eqns:
        found = _results(eqn, [hit(v) for v in eqn.invars])
        seen.update(v for v, out in zip(eqn.outvars, found, strict=True) if out)
    return [hit(v) for v in program.outvars]


def _results(eqn: Any, reached: list[bool]) -> list[bool]:
    """The same for one equation; what has no known inner program passes everything on."""
    name, p = eqn.primitive.name, eqn.params
    if not any(reached):
        return [False] * len(eqn.outvars)
    if name == "while":
        m, n = p["cond_nconsts"], p["body_nconsts"]
        test, body, carry = reached[:m], reached[m : m + n], reached[m + n :]
        while True:
            after = follow(p["body_jaxpr"].jaxpr, [*body, *carry])
            if any(follow(p["cond_jaxpr"].jaxpr, [*test, *carry])):
                after = [True] * len(carry)
            grown = [a or b for a, b in zip(carry, after, strict=True)]
            if grown == carry:
                return carry
            carry = grown
    if name == "scan":
        m, n = divided(eqn)
        consts, carry, xs = reached[:m], reached[m : m + n], reached[m + n :]
        while True:
            after = follow(p["jaxpr"].jaxpr, [*consts, *carry, *xs])
            grown = [a or b for a, b in zip(carry, after[:n], strict=True)]
            if grown == carry:
                return [*carry, *after[n:]]
            carry = grown
    if name == "cond":
        if reached[0]:
            return [True] * len(eqn.outvars)
        ways = [follow(branch.jaxpr, reached[1:]) for branch in p["branches"]]
        return [any(way) for way in zip(*ways, strict=True)]
    if name == "pure_callback" and isinstance(p["callback"].callback_func, Labelled):
        return [any(reached[1:])] * len(eqn.outvars)
    inner = p.get("jaxpr", p.get("call_jaxpr"))
    inner = getattr(inner, "jaxpr", inner)
    if inner is not None and len(inner.invars) == len(reached):
        return follow(inner, reached)
    return [True] * len(eqn.outvars)
