"""Error feedback (EC, EF14): what a message left out is added to the next one."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed
from convergence.shapes import Count, Key, Matrix, Reals, real


class ErrorFeedback(AbstractCompressed):
    """ĝ_i = C(e_i + g_i),  e_i⁺ = e_i + g_i − ĝ_i,  e_i⁰ = 0."""

    stacks = 1

    def exchange(
        self, t: Count, g: Matrix, memory: tuple[Matrix, ...], key: Key
    ) -> tuple[Matrix, tuple[Matrix, ...]]:
        (e,) = memory
        g_hat = self.compressor(e + g, key)
        return g_hat, (e + g - g_hat,)


class IdealErrorFeedback(AbstractCompressed):
    """ĝ_i = h*_i + C(e_i + g_i − h*_i),  e_i⁺ = e_i + g_i − ĝ_i, with h*_i = ∇f_i(x*) known.

    EC-Ideal: the benchmark for what controlled errors can reach; h_star is (n, d).
    """

    h_star: Reals = eqx.field(converter=real)
    stacks = 1

    def exchange(
        self, t: Count, g: Matrix, memory: tuple[Matrix, ...], key: Key
    ) -> tuple[Matrix, tuple[Matrix, ...]]:
        (e,) = memory
        g_hat = self.h_star + self.compressor(e + g - self.h_star, key)
        return g_hat, (e + g - g_hat,)
