"""The unit samples behind a method's noise as explicit inputs, one block a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from convergence.errors import InvalidInput
from convergence.noise.base import AbstractNoise
from convergence.oracles.base import AbstractOracle


class NotAffine(InvalidInput):
    """Raised for a method without exact moments, with the reason."""


class Tape:
    """Unit samples by key: the same key asked twice is the same block of inputs."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[bytes, tuple[int, ...]], slice] = {}
        self.size = 0
        self.inputs: Any = None

    def read(self, key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        data = jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key
        if isinstance(data, jax.core.Tracer):
            raise NotAffine(
                "Got a method that samples inside a compiled loop or branch, but every sample must "
                "be visible to have exact moments; use its simulation."
            )
        name = (np.asarray(data).tobytes(), shape)
        if name not in self.blocks:
            if self.inputs is not None:
                raise NotAffine(
                    "Got a method whose samples change from probe to probe; use its simulation."
                )
            width = int(np.prod(shape))
            self.blocks[name] = slice(self.size, self.size + width)
            self.size += width
        if self.inputs is None:
            return jnp.zeros(shape, dtype)
        return self.inputs[self.blocks[name]].reshape(shape).astype(dtype)


class _Taped(AbstractNoise):
    """A noise that reads its unit samples from a tape."""

    noise: Any
    tape: Any = eqx.field(static=True)

    def draw(self, x: Any, key: Any) -> Any:
        unit = self.tape.read(key, x.shape, x.dtype)
        if hasattr(self.noise, "scale"):
            return self.noise.scale(unit)
        return float(self.noise.constants(x.shape).sigma) / unit.size**0.5 * unit

    def constants(self, shape: tuple[int, ...]) -> Any:
        return self.noise.constants(shape)


def _leaf(node: Any) -> bool:
    return isinstance(node, AbstractNoise) and not any(
        isinstance(child, AbstractNoise) for child in vars(node).values()
    )


def _on_tape(oracle: AbstractOracle, tape: Tape) -> AbstractOracle:
    def swap(node: Any) -> Any:
        if not _leaf(node):
            return node
        if hasattr(node, "scale"):
            return _Taped(node, tape)
        c = node.constants((2,))
        if "sigma" in c and c.sigma == 0:
            return node
        if "isotropic_noise" in c and c.isotropic_noise and np.isfinite(c.sigma):
            return _Taped(node, tape)
        raise NotAffine(
            f"Got the noise {type(node).__name__}, but one with a known covariance is needed for "
            "exact moments; give it `scale(u)`, linear in a unit sample u."
        )

    return jax.tree.map(swap, oracle, is_leaf=_leaf)


def samples(f: Callable[[AbstractOracle], Any], oracle: AbstractOracle) -> tuple[Tape, Any]:
    """The tape of everything that f draws, and the oracle that reads it."""
    tape = Tape()
    seen = _on_tape(oracle, tape)
    f(seen)
    return tape, seen
