"""Shazeer and Stern 2018: Adafactor as optax and torch ship it, on a linear function."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import choose, from_optax, from_torch
from convergence.constants import Constants
from convergence.theorems.adaptive.matrices import AbstractFactored
from convergence.theorems.base import Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import code_of

LEAST = 1e-3  # the size that a parameter is taken to have at least
FAINT = 1e-3  # beside its square nothing is left of what codes keep moments from falling below


class AdafactorLinear(AbstractFactored):
    """f(X_T) = −p_T⟨G, Û⟩ on f(X) = ⟨G, X⟩ for Adafactor with its factored moment, clipped updates
    and steps relative to the size of X: p_{t+1} = p_t + η max{10⁻³, p_t rms(Û)} from p_0 = 0, Û =
    U/max{1, rms(U)}, U_ij = G_ij √(s/(r_i c_j)), r_i, c_j and s the means of G² over rows, columns
    and all, η√T ≤ 1.

    Proof. The factors of averages of equal G² give r_i c_j/s under any decay (`FactoredLinear`), so
    every update is Û and X_t = −p_t Û, of the size rms(X_t) = p_t rms(Û). ∎ From 0 it creeps by
    10⁻³η a step, and once X has the size 10⁻³ it grows geometrically: a start at 0 costs ln(size)/η
    steps. torch has min{η, t^{−1/2}} for η, hence η√T ≤ 1. optax adds 10⁻³⁰ to G², and torch keeps
    s above the unit of rounding: no row or column may have a root mean square below 10⁻³.
    """

    source = Source("shazeer2018", "Algorithm 4 with relative steps; derived")
    statement = "f(X_T) = −p_T⟨G, Û⟩,  p⁺ = p + η max{10⁻³, p rms(Û)},  Adafactor on f = ⟨G, X⟩"
    domain = {"code": code_of("optax", "torch")}

    code: str = "optax"

    @varies
    def assumes(self) -> Any:
        """η√T ≤ 1 besides, and gradients that no floor hides."""
        return (
            *super().assumes,
            Within("η√T", self, "rate", 0.0, 1.0),
            Within("least rms of a row or column", self, "faintest", FAINT),
        )

    def faintest(self, c: Constants, T: int) -> float:
        """The least root mean square of a row or column of G."""
        square = np.asarray(c.g, float) ** 2
        return float(np.sqrt(min(square.mean(axis=0).min(), square.mean(axis=1).min())))

    def rate(self, c: Constants, T: int) -> float:
        """η√T."""
        return float(self.eta) * T**0.5

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        eta = float(self.eta)
        return choose(
            self.code,
            optax=lambda: from_optax("adafactor", learning_rate=eta, min_dim_size_to_factor=1),
            torch=lambda: from_torch("Adafactor", lr=eta),
        )

    def update(self, c: Constants) -> np.ndarray:
        """Û."""
        G = np.asarray(c.g, float)
        square = G**2
        r, column = square.mean(axis=1, keepdims=True), square.mean(axis=0, keepdims=True)
        U = G * np.sqrt(square.mean() / (r * column))
        return U / max(1.0, float(np.sqrt(np.mean(U**2))))

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        U = self.update(c)
        size, p = float(np.sqrt(np.mean(U**2))), 0.0
        for _ in range(T):
            p += float(self.eta) * max(LEAST, p * size)
        exact = -p * float(np.sum(np.asarray(c.g) * U))
        return exact, exact
