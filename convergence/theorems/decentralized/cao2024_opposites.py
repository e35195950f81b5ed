"""Flatness at its borders: where two strategies are one, and what is not so."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.constants import Constants
from convergence.theorems.base import varies
from convergence.theorems.conditions import Within
from convergence.theorems.decentralized.cao2024 import AbstractFlat, Escape, Ordering


class OnTheCompleteGraph(Ordering):
    """ER_dif ≤ ER_cen on the complete graph: the two are one there, λ_m = 0 for m ≥ 2."""

    statement = "ER_dif ≤ ER_cen in steady state on the complete graph, where they are equal"
    pairs = (("diffusion", "centralized"),)

    @varies
    def assumes(self) -> Any:
        return (*AbstractFlat.assumes, Within("a complete graph", self, "second", 0.0, 1e-12))

    def second(self, c: Constants, T: int) -> float:
        """max |λ_m|, m ≥ 2."""
        return float(np.max(np.abs(c.lam[1:])))


class EscapeExchanged(Escape):
    """FALSE: the centralized strategy escapes before diffusion, the opposite of `Escape`."""

    statement = "E min{τ, T}: centralized ≤ diffusion, τ the escape time (false)"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return super().rival(c, T)

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return super().prescribe(c, T)
