"""Matrix methods on a linear function: Shampoo's exponent, Muon's approximate polar factor."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.adaptive.matrices import Shampoo
from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import from_optax
from convergence.constants import Constants
from convergence.metrics.pointwise import Value
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Matrix, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number


def nuclear(c: Constants) -> float:
    """‖G‖_* of the constant gradient."""
    return float(np.sum(np.linalg.svd(np.asarray(c.g), compute_uv=False)))


class AbstractMatrixWalk(AbstractTheorem):
    """f(X_T) on f(X) = ⟨G, X⟩ from 0."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=0.01)

    @varies
    def assumes(self) -> Any:
        """A matrix, full rank, from 0."""
        return (
            NoNoise(),
            Has("L", 0.0, 0.0),
            Matrix(1),
            Within("σ_min/‖G‖_F", self, "least", 0.01),
            Within("x_0", self, "begun", 0.0, 0.0),
        )

    def least(self, c: Constants, T: int) -> float:
        """The least singular value of G over its Frobenius norm."""
        s = np.linalg.svd(np.asarray(c.g), compute_uv=False)
        return float(s[-1] / np.linalg.norm(s))

    def begun(self, c: Constants, T: int) -> float:
        """|x_0|."""
        return float(np.max(np.abs(c.x0)))

    def metric(self, c: Constants, T: int) -> Value:
        return Value()


class ShampooLinear(AbstractMatrixWalk):
    """f(X_T) = −η‖G‖_* Σ_{t≤T} t^{−1/2} on f(X) = ⟨G, X⟩, for Shampoo with the exponents −¼ of a
    matrix, singular values of G at least .01 of its norm.

    Proof. L_t = tUΣ²Uᵀ and R_t = tVΣ²Vᵀ, so the step is t^{−1/2} UVᵀ. ∎ With the exponents −½ it
    would be (1/t) UΣ^{−1}Vᵀ: smaller where the slope is larger.
    """

    source = Source("gupta2018", "Algorithm 1; derived")
    statement = "f(X_T) = −η‖G‖_* Σ_{t≤T} t^{−1/2},  Shampoo on f(X) = ⟨G, X⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Shampoo(self.eta)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        exact = -float(self.eta) * nuclear(c) * float(np.sum(np.arange(1, T + 1) ** -0.5))
        return exact, exact


class MuonLinear(AbstractMatrixWalk):
    """−1.134358 ηT‖G‖_* ≤ f(X_T) ≤ −.681830 ηT‖G‖_* on f(X) = ⟨G, X⟩ with G square, of singular
    values at least .01 of its norm, for Muon with five rounds of its quintic.

    Proof. Momentum leaves the direction of G, and a round maps each singular value s of G/‖G‖_F to
    p(s) = 3.4445s − 4.775s³ + 2.0315s⁵. Five rounds map [.01, 1] onto [.681831, 1.134357]: the
    extremes of a polynomial of one variable, computed on a grid of 2·10⁶ points. ∎ The lower end
    is attained by equal singular values 1/√n where p⁵ is near its largest.
    """

    source = Source("jordan2024", "the Newton–Schulz quintic; the interval computed")
    statement = "1.134358 ηT‖G‖_* ≥ −f(X_T) ≥ .681830 ηT‖G‖_*,  Muon on f(X) = ⟨G, X⟩, G square"

    @varies
    def assumes(self) -> Any:
        """Square besides: other shapes are scaled."""
        return (*super().assumes, Within("m/n", self, "aspect", 1.0, 1.0))

    def aspect(self, c: Constants, T: int) -> float:
        """m/n."""
        return c.m / c.n

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("muon", learning_rate=float(self.eta), eps=0.0)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        far = float(self.eta) * T * nuclear(c)
        return -1.134358 * far, -0.681830 * far
