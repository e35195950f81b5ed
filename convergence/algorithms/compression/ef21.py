"""EF21, EF21-SGDM and their ideal: the server keeps h_i, workers send compressed corrections."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed, Message
from convergence.errors import require
from convergence.shapes import Count, Key, Matrix, Reals, real


def first_round(full: bool, t: Count, g: Matrix, h: Matrix) -> Matrix:
    """h = g at t = 0 if the first round sends everything, with the sample of that round."""
    return jnp.where(t == 0, g, h) if full else h


class EF21(AbstractCompressed):
    """h_i⁺ = h_i + C(g_i − h_i),  ĝ_i = h_i⁺;  h_i = g_i⁰ before the first round if `full`, else 0.

    Differs from the paper in: (1) the round t of the paper that makes h^{t+1} from x^{t+1} is our
    step t + 1, so that every step asks one gradient, at its own iterate; `full = False` is the
    paper's start h⁰ = C(g⁰).
    """

    full: bool = eqx.field(static=True, default=True)
    stacks = 1

    def exchange(
        self, t: Count, g: Matrix, memory: tuple[Matrix, ...], key: Key
    ) -> tuple[Matrix, tuple[Matrix, ...]]:
        h = first_round(self.full, t, g, memory[0])
        h = h + self.compressor(g - h, key)
        return h, (h,)


class EF21SGDM(AbstractCompressed):
    """v_i⁺ = (1 − η)v_i + ηg_i,  h_i⁺ = h_i + C(v_i⁺ − h_i),  ĝ_i = h_i⁺; v_i = h_i = g_i⁰ first.

    η weighs the NEW gradient: η = 1 is EF21.
    """

    eta: Reals = eqx.field(converter=real, default=0.1)
    stacks = 2

    def __check_init__(self) -> None:
        if not isinstance(self.eta, np.ndarray):
            return
        eta = float(self.eta)
        require(0 < eta <= 1, f"eta = {eta:g}", "0 < η ≤ 1", "use 1 for EF21")

    def exchange(
        self, t: Count, g: Matrix, memory: tuple[Matrix, ...], key: Key
    ) -> tuple[Matrix, tuple[Matrix, ...]]:
        h, v = (first_round(True, t, g, m) for m in memory)
        v = (1 - self.eta) * v + self.eta * g
        h = h + self.compressor(v - h, key)
        return h, (h, v)


class IdealEF21(AbstractCompressed):
    """ĝ_i = ∇f_i(x) + C(g_i − ∇f_i(x)): EF21 whose server knows the exact local gradients.

    What is left of the noise has the mean E C(ξ_i), which is not 0 where C is biased.
    """

    def step(self, t: Count, state: Message, oracle: Any, key: Key) -> Message:
        sample, coin = jax.random.split(key)
        h, g = oracle.exact(state.x), oracle.grads(state.x, sample)
        sent = jnp.mean(h + self.compressor(g - h, coin), axis=0)
        return Message(state.x - self.gamma * sent, state.memory)
