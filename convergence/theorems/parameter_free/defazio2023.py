"""Defazio and Mishchenko 2023: D-Adaptation, whose estimate of the distance never exceeds it, and
the Adam of that name, whose does."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.parameter_free.dadaptation import DAdaptation
from convergence.algorithms.shipped import from_optax
from convergence.constants import Constants
from convergence.metrics.points import Remembered
from convergence.shapes import Reals, real
from convergence.theorems.base import Source
from convergence.theorems.domains import number
from convergence.theorems.parameter_free.pathwise import AbstractParameterFree


class AbstractEstimate(AbstractParameterFree):
    """d_T ≤ max{d_0, R} of an estimate d of the distance R."""

    domain = {"first": number("(0, inf)")}

    first: Reals = eqx.field(converter=real, default=1e-3)  # d_0

    def bound(self, c: Constants, T: int) -> float:
        return max(float(self.first), float(c.R))


class DAdaptationDistance(AbstractEstimate):
    """d_T ≤ max{d_0, R} on every run: D-Adaptation's estimate of the distance never exceeds it.

    Proof. γ_k d_k⟨g_k, s_k⟩ = (γ_k/2)(‖s_{k+1}‖² − ‖s_k‖² − d_k²‖g_k‖²), and x_0 − x_k = γ_k s_k.
    Summed by parts, with γ_k that fall, Σ d_k⟨g_k, x_0 − x_k⟩ ≥ ½(γ_{n+1}‖s_{n+1}‖² −
    Σ γ_k d_k²‖g_k‖²). As ⟨g_k, x_k − x*⟩ ≥ 0 it is at most Σ d_k⟨g_k, x_0 − x*⟩ ≤ ‖s_{n+1}‖R. ∎ No
    instance of slack below 1.9 is known: half of the way is compared with R.
    """

    source = Source("defazio2023", "Lemma and Theorem 1 (dual averaging); derived")
    statement = "d_T ≤ max{d_0, R},  D-Adaptation by dual averaging"
    domain = {"b": number("(0, inf)")}

    b: Reals = eqx.field(converter=real, default=1.0)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return DAdaptation(self.first, self.b)

    def metric(self, c: Constants, T: int) -> Any:
        return Remembered(".d")


class DAdaptAdamDistance(AbstractEstimate):
    """FALSE. The same of the Adam of that name, as optax ships it: on f(x) = |x| from 1 the
    estimate reaches 2.3.

    Its x_0 − x_k is not the sum of weighted gradients over the root of v that the estimate takes
    the way to be: momentum and the corrections of bias come between.
    """

    source = Source("defazio2023", "Algorithm 5 (Adam), what `DAdaptationDistance` would say")
    statement = "d_T ≤ max{d_0, R},  optax.contrib.dadapt_adamw (false)"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("dadapt_adamw", learning_rate=1.0, estim_lr0=float(self.first))

    def metric(self, c: Constants, T: int) -> Any:
        return Remembered(".estim_lr")
