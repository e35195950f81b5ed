"""Which of n functions a step takes."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.shapes import AbstractModule, Key, Reals, real


class AbstractIndices(AbstractModule):
    """A law of indices."""

    @abstractmethod
    def draw(self, key: Key, n: int, place: Any) -> Any:
        """The index, below n, of the draw at `place` of a step."""


class UniformIndices(AbstractIndices):
    """Each of the n as likely, independently."""

    def draw(self, key: Key, n: int, place: Any) -> Any:
        return jax.random.randint(key, (), 0, n)

    def patterns(self, n: int, places: int) -> tuple[np.ndarray, np.ndarray]:
        """(chances, outcomes): all n^places sequences."""
        every = np.array(list(itertools.product(range(n), repeat=places)), float)
        return np.full(len(every), 1 / len(every)), every


class GivenIndices(AbstractIndices):
    """One outcome: `which` is (places,)."""

    which: Reals = eqx.field(converter=real)

    def draw(self, key: Key, n: int, place: Any) -> Any:
        return jnp.asarray(self.which)[place].astype(jnp.int32)
