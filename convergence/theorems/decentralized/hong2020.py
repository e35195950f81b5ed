"""TTSA (Hong, Wai, Wang and Yang 2020): two time scales with decreasing steps, as recalled."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.decentralized.bilevel import TTSA
from convergence.constants import Constants
from convergence.metrics.agents import CenterGradSq
from convergence.metrics.folds import Average
from convergence.shapes import real
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class TTSARate(AbstractTheorem):
    """(1/T) Σ_{t<T} E‖∇Φ(x_t)‖² = O(T^{−2/5}) with α_t = α(t+1)^{−3/5}, β_t = β(t+1)^{−2/5}.

    The exponents of the steps are those of a public implementation; the rate is recalled. The
    steps depend on the clock, so there are no exact moments: it is simulated.
    """

    kind = Kind.RATE
    source = Source("hong2020", "Theorem 2, nonconvex case")
    provenance = Provenance.RECALLED
    statement = "(1/T) Σ E‖∇Φ(x_t)‖² = O(T^{−2/5}),  α_t ~ t^{−3/5}, β_t ~ t^{−2/5}"

    alpha: Any = eqx.field(converter=real, default=0.2)

    def prescribe(self, c: Constants, T: int) -> TTSA:
        return TTSA(self.alpha, 0.5 / c.L_g, 0.8 / c.L_g)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(CenterGradSq())

    def bound(self, c: Constants, T: int) -> float:
        return float(T) ** -0.4
