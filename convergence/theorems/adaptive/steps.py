"""How long a step of Adam can be."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import TINY, adam
from convergence.constants import Constants
from convergence.metrics.points import LongestStep
from convergence.shapes import Reals, real
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import code_of, number


class AdamStep(AbstractTheorem):
    """|x_{t+1} − x_t|_∞ ≤ η(1 − β₁)/√((1 − β₂)(1 − r)), r = β₁²/β₂ < 1, on every run of Adam,
    whatever the gradients.

    Proof. Cauchy–Schwarz on m_t = (1−β₁) Σ β₁^{t−i} g_i gives m_t² ≤ (1−β₁)² (1 − r^t)/(1−r) ·
    v_t/(1−β₂). Bias correction multiplies m_t/√v_t by √(1 − β₂^t)/(1 − β₁^t), and √((1 − r^t)(1 −
    β₂^t)) ≤ 1 − β₁^t, since r^tβ₂^t = β₁^{2t} and r^t + β₂^t ≥ 2β₁^t; ε only shortens steps,
    and makes those 0 that would be 0/0. ∎ Approached by gradients that grow by β₂/β₁ a step, as
    those of −e^{kx} come to do.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("kingma2015", "Section 2.1, on effective steps; derived, for the text is wrong")
    statement = "|x_{t+1} − x_t|_∞ ≤ η(1−β₁)/√((1−β₂)(1−β₁²/β₂)),  Adam, β₁² < β₂"
    domain = {
        "eta": number("(0, inf)"),
        "b1": number("[0, 1)"),
        "b2": number("(0, 1)"),
        "code": code_of("optax", "torch"),
    }

    eta: Reals = eqx.field(converter=real, default=0.01)
    b1: Reals = eqx.field(converter=real, default=0.9)
    b2: Reals = eqx.field(converter=real, default=0.95)
    code: str = "optax"

    @varies
    def assumes(self) -> Any:
        """β₁² < β₂."""
        return (Within("β₁² < β₂", self, "ratio", 0.0, 1 - 1e-12),)

    def ratio(self, c: Constants, T: int) -> float:
        """r."""
        return float(self.b1) ** 2 / float(self.b2)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return adam(self.eta, self.b1, self.b2, self.code, TINY)

    def metric(self, c: Constants, T: int) -> LongestStep:
        return LongestStep()

    def bound(self, c: Constants, T: int) -> float:
        b1, b2 = float(self.b1), float(self.b2)
        return float(self.eta) * (1 - b1) / ((1 - b2) * (1 - self.ratio(c, T))) ** 0.5


class AdamStepAsPrinted(AdamStep):
    """|x_{t+1} − x_t|_∞ ≤ η max{1, (1 − β₁)/√(1 − β₂)}, as printed with Adam.

    FALSE: it covers a spike after zeros alone. Where gradients grow by β₂/β₁ a step, a step comes
    to be longer by a factor 1/√(1 − β₁²/β₂).
    """

    provenance = Provenance.PRINTED
    source = Source("kingma2015", "Section 2.1, in the words that its readers quote")
    statement = "|x_{t+1} − x_t|_∞ ≤ η max{1, (1−β₁)/√(1−β₂)},  Adam (as printed)"

    def bound(self, c: Constants, T: int) -> float:
        b1, b2 = float(self.b1), float(self.b2)
        return float(self.eta) * max(1.0, (1 - b1) / (1 - b2) ** 0.5)
