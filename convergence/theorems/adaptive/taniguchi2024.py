"""ADOPT (Taniguchi et al. 2024): the gradient is normalized by what came before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import from_optax
from convergence.constants import Constants
from convergence.theorems.adaptive.linear import AbstractOptaxWalk
from convergence.theorems.base import Source
from convergence.theorems.shrinking import gone


class ADOPTLinear(AbstractOptaxWalk):
    """f(x_T) = −η‖g‖₁ Σ_{k<T} (1 − β₁^k) on f(x) = ⟨g, x⟩, for ADOPT, whose first step is none and
    whose clip t^{¼} is never reached.

    Proof. v_0 = g², and every later v is g² too: the normalized gradient is the sign of g, of which
    m averages T − 1 copies from 0, not corrected. ∎
    """

    source = Source("taniguchi2024", "Algorithm 2; derived")
    statement = "f(x_T) = −η‖g‖₁ Σ_{k<T} (1 − β₁^k),  ADOPT on f(x) = ⟨g, x⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        b1, b2 = self.betas
        return from_optax("adopt", learning_rate=float(self.eta), b1=b1, b2=b2, eps=0.0)

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        return np.sum(np.abs(c.g)) * gone(1 - self.betas[0], t - 1.0)


class ADOPTLikeAdam(ADOPTLinear):
    """FALSE. f(x_T) = −η‖g‖₁ T, the walk of Adam with both corrections: ADOPT corrects nothing, and
    its first gradient goes into v alone. An ε below every slope lets balls divide by it."""

    source = Source("taniguchi2024", "Algorithm 2 read as Adam; control")
    statement = "f(x_T) = −ηT‖g‖₁,  ADOPT on f(x) = ⟨g, x⟩ (false)"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        b1, b2 = self.betas
        return from_optax("adopt", learning_rate=float(self.eta), b1=b1, b2=b2, eps=1e-9)

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        return np.sum(np.abs(c.g)) * np.ones_like(t)
