"""The unit samples behind a method's noise as explicit inputs, one block a key.

A sample IS a key: what is drawn twice from one key is one input. Which draws of a step those are
is found by running the step once and looking at the keys of its draws, in order (a `Plan`); a
`Reader` then hands out the blocks of an input vector in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.errors import InvalidInput
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.oracles.base import AbstractOracle

HIDDEN = (
    "Got a method that samples inside a compiled loop or branch, but every sample must be visible "
    "to have exact moments; use its simulation."
)


class NotAffine(InvalidInput):
    """Raised for a method without exact moments, with the reason."""


class Plan(NamedTuple):
    """Where the n-th draw of a call finds its block: (first, shape) for each, and the width."""

    draws: tuple[tuple[int, tuple[int, ...]], ...]
    width: int


class Recorder:
    """Notes the key and the shape of every draw, and answers zeros."""

    def __init__(self) -> None:
        self.keys: list[Any] = []
        self.shapes: list[tuple[int, ...]] = []

    def read(self, key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
        self.keys.append(jax.random.key_data(key) if typed else key)
        self.shapes.append(shape)
        return jnp.zeros(shape, dtype)


class Reader:
    """Hands out the blocks of `inputs` in the order of a plan."""

    def __init__(self, plan: Plan, inputs: Any) -> None:
        self.plan, self.inputs, self.count = plan, inputs, 0

    def read(self, key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        first, planned = self.plan.draws[self.count]
        self.count += 1
        assert planned == shape
        width = int(np.prod(shape))
        return self.inputs[first : first + width].reshape(shape).astype(dtype)


class _Taped(AbstractNoise):
    """A noise that reads its unit samples from a recorder or a reader."""

    noise: Any
    tape: Any = eqx.field(static=True)

    def draw(self, x: Any, key: Any) -> Any:
        found = self.noise.of_unit(self.tape.read(key, x.shape, x.dtype))
        if found is None:
            raise NotAffine(
                f"Got the noise {type(self.noise).__name__}, but one with a known covariance is "
                "needed for exact moments; give it `of_unit(u)`, linear in a unit sample u."
            )
        return found

    def constants(self, shape: tuple[int, ...]) -> Any:
        return self.noise.constants(shape)


def _leaf(node: Any) -> bool:
    return isinstance(node, AbstractNoise) and not any(
        isinstance(child, AbstractNoise) for child in vars(node).values()
    )


def on_tape(oracle: AbstractOracle, tape: Any) -> AbstractOracle:
    """The oracle whose noises read from `tape`; a noise without randomness stays as it is."""

    def swap(node: Any) -> Any:
        return _Taped(node, tape) if _leaf(node) and not isinstance(node, Noiseless) else node

    return jax.tree.map(swap, oracle, is_leaf=_leaf)


def draws(f: Callable[[AbstractOracle], Any], oracle: AbstractOracle) -> list[tuple[Any, Any]]:
    """(key, zeros of its shape) of everything that f draws; compiled, only keys are computed."""
    recorder = Recorder()
    f(on_tape(oracle, recorder))
    return [(key, jnp.zeros(s)) for key, s in zip(recorder.keys, recorder.shapes, strict=True)]


def plan(drawn: list[tuple[Any, Any]]) -> Plan:
    """The plan of the `draws` of a call."""
    blocks: dict[tuple[bytes, tuple[int, ...]], int] = {}
    found, width = [], 0
    for key, zeros in drawn:
        name = (np.asarray(key).tobytes(), zeros.shape)
        if name not in blocks:
            blocks[name] = width
            width += int(np.prod(zeros.shape))
        found.append((blocks[name], zeros.shape))
    return Plan(tuple(found), width)
