"""Compressed SGD, and what all methods with compressed messages share."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.errors import require
from convergence.parts.compressors import AbstractCompressor
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, real


def positive(value: Any, name: str, needed: str) -> None:
    """Refuse a concrete step size that is not positive."""
    if isinstance(value, np.ndarray):
        ok = bool(np.all(value > 0))
        require(ok, f"{name} = {float(np.min(value)):g}", needed, "give a positive step")


class Message(AbstractState):
    """x and what the workers remember: memory, a tuple of (n, d) stacks."""

    x: Iterate
    memory: tuple[Matrix, ...]


class AbstractCompressed(AbstractAlgorithm):
    """x⁺ = x − γ (1/n) Σ ĝ_i, where ĝ_i is what the server makes of worker i's messages."""

    gamma: Reals = eqx.field(converter=real)
    compressor: AbstractCompressor

    def __check_init__(self) -> None:
        positive(self.gamma, "gamma", "γ > 0")

    stacks = 0  # how many stacks of memory

    def init(self, x0: Iterate, oracle: Any, key: Key) -> Message:
        zeros = jnp.zeros((oracle.n, *x0.shape), x0.dtype)
        return Message(x0, (zeros,) * self.stacks)

    def exchange(
        self, t: Count, g: Matrix, memory: tuple[Matrix, ...], key: Key
    ) -> tuple[Matrix, tuple[Matrix, ...]]:
        """(ĝ, the new memory) for the stack g of stochastic gradients."""
        raise NotImplementedError

    def step(self, t: Count, state: Message, oracle: Any, key: Key) -> Message:
        sample, coin = jax.random.split(key)
        g = oracle.grads(state.x, sample)
        g_hat, memory = self.exchange(t, g, state.memory, coin)
        return Message(state.x - self.gamma * jnp.mean(g_hat, axis=0), memory)


class CompressedSGD(AbstractCompressed):
    """ĝ_i = C(g_i): compression without feedback (C-SGD)."""

    def exchange(
        self, t: Count, g: Matrix, memory: tuple[Matrix, ...], key: Key
    ) -> tuple[Matrix, tuple[Matrix, ...]]:
        return self.compressor(g, key), memory
