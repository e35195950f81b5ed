"""EControl: one compressed message serves both the estimate h_i and the error e_i."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed
from convergence.algorithms.compression.ef21 import first_round
from convergence.errors import require
from convergence.shapes import Count, Key, Matrix, Reals, real


class EControl(AbstractCompressed):
    """Δ_i = C(g_i − h_i + ηe_i),  e_i⁺ = e_i + g_i − h_i − Δ_i,  h_i⁺ = h_i + Δ_i,  ĝ_i = h_i⁺;
    e_i = 0 and, if `full`, h_i = g_i⁰ before the first round (it sends everything), else h_i = 0.

    The virtual iterate x̃ = x − γē moves by x̃⁺ = x̃ − γḡ. η = 0 is EF21.
    """

    eta: Reals = eqx.field(converter=real, default=0.1)
    full: bool = eqx.field(static=True, default=True)
    stacks = 2

    def __check_init__(self) -> None:
        if not isinstance(self.eta, np.ndarray):
            return
        eta = float(self.eta)
        require(eta >= 0, f"eta = {eta:g}", "η ≥ 0", "use 0 for EF21")

    def exchange(
        self, t: Count, g: Matrix, memory: tuple[Matrix, ...], key: Key
    ) -> tuple[Matrix, tuple[Matrix, ...]]:
        e, h = memory
        h = first_round(self.full, t, g, h)
        Delta = self.compressor(g - h + self.eta * e, key)
        return h + Delta, (e + g - h - Delta, h + Delta)
