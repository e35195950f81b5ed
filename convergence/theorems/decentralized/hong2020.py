"""TTSA (Hong, Wai, Wang and Yang 2020): two time scales with decreasing steps, as recalled."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.decentralized.bilevel import TTSA
from convergence.constants import Constants
from convergence.metrics.agents import CenterGradSq
from convergence.metrics.folds import Average
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive, SameRows, Within
from convergence.theorems.domains import number


class TTSARate(AbstractTheorem):
    """(1/T) Σ_{t<T} E‖∇Φ(x_t)‖² = O(T^{−2/5}) with α_t = α(t+1)^{−3/5}, β_t = β(t+1)^{−2/5}.

    The paper's case of a weakly convex Φ, where its measure is the Moreau envelope's gradient; on
    the quadratics here, which are strongly convex and unconstrained, that is ∇Φ within a factor
    1 + L/ϱ, and the paper's rate for them, T^{−2/3} in another measure, is better.
    The exponents of the steps are those of a public implementation; the rate is recalled. The
    steps depend on the clock, so there are no exact moments: it is simulated. `floor`: what the
    truncated Neumann series leaves must stay below what is read; αL ≤ 1 and one x_0 for all.
    """

    kind = Kind.RATE
    source = Source("hong2020", "Theorem 2, the weakly convex case, read on quadratics")
    provenance = Provenance.RECALLED
    statement = "(1/T) Σ E‖∇Φ‖² = O(T^{−2/5}),  Φ weakly convex, α_t ~ t^{−3/5}, β_t ~ t^{−2/5}"
    domain = {"alpha": number("(0, inf)")}

    alpha: Reals = eqx.field(converter=real, default=0.2)

    @varies
    def assumes(self) -> Any:
        return (
            Has("mu_g", 0.0), SameRows(), Is("isotropic_noise"), Positive("sigma"),
            Within("αL ≤ 1", self, "step", 0.0, 1.0),
            Within("αμT^{2/5} ≥ 1", self, "reach", 1.0),
            Within("a Neumann series long enough", self, "floor", 0.0, 1.0),
        )  # fmt: skip

    def step(self, c: Constants, T: int) -> float:
        """αL."""
        return float(self.alpha) * c.L

    def reach(self, c: Constants, T: int) -> float:
        """αμT^{2/5}: how often the start is forgotten."""
        return float(self.alpha) * c.mu * T**0.4

    def floor(self, c: Constants, T: int) -> float:
        """T(1 − ημ_g)^Q for the terms of the series that are left out."""
        method = self.prescribe(c, T)
        return T * float(1 - method.eta * c.mu_g) ** method.Q

    def prescribe(self, c: Constants, T: int) -> TTSA:
        return TTSA(self.alpha, 0.5 / c.L_g, 0.8 / c.L_g)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(CenterGradSq())

    def bound(self, c: Constants, T: int) -> float:
        return float(T) ** -0.4
