"""Chen et al. 2025 (arXiv 2502.01378): CE-LoRA on an adapter below the layer that it saves on.

The product BA has no global smoothness; the bounds below bring their own ball. Derived.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.constants import Constants
from convergence.theorems.assumptions import AbstractAssumption, Has, Improvable, NoNoise
from convergence.theorems.base import Kind, Source, varies
from convergence.theorems.estimators.chen2025celora import (
    AbstractCELoRA,
    FrozenLayer,
    RelativeError,
)


class AdapterGD(AbstractCELoRA):
    """(1/T) Σ ‖∇f(z_t)‖² ≤ f₀/(ηTρ(1 − Lηρ/2)), ρ = 1 − √(1 − δ), for f(B, A) = ½‖X(W + BA)ᵀVᵀ −
    Y‖², z = (B, A), whose gradient sees V through few rows alone, with ‖ĝ − ∇f‖² ≤ (1 − δ)‖∇f‖²:
    L = s²(‖z_0‖ + √(2f₀ηT(2 − ρ)/ρ))² + s√(2f₀), s = ‖V‖‖X‖, and η the `scale` of the largest
    step with ηL ≤ 1. It is of the order 1/√T, as L grows with the ball: the rate is O(1/√T).

    Proof. ‖∇²f(z)‖ ≤ s²‖z‖² + s√(2f(z)). Suppose that up to t the bound of Σ‖∇f‖² below holds and
    f(z_t) ≤ f₀. As ‖ĝ‖ ≤ (2 − ρ)‖∇f‖, the run has travelled ηΣ‖ĝ‖ ≤ √(ηT · 2f₀(2 − ρ)/ρ) at most
    with the step to z_{t+1}. On that step φ(τ) = f(z_t − τηĝ) has curvature at most L(η‖ĝ‖)²
    as long as f ≤ f₀, so φ(τ) ≤ f(z_t) − τηρ(1 − τLηρ/2)‖∇f‖² as in `BiasedSGD`: it never comes
    back to f₀, and f(z_{t+1}) ≤ f(z_t) − ηρ(1 − Lηρ/2)‖∇f‖². Sum: Σ‖∇f‖² ≤ f₀/(ηρ(1 − ρ/2)),
    which was supposed, and the statement. ∎

    ρ = 1 where all of V is split off, Σ of the k largest v_i² over ‖V‖² where ∇f's terms are
    collinear. A relative error of the product RV alone is not enough: A and Bᵀ multiply it.
    """

    kind = Kind.PATHWISE
    source = Source("chen2025celora", "two layers, the adapter below; explicit bound derived")
    statement = (
        "adapter below a layer: (1/T) Σ‖∇f‖² ≤ f₀/(ηTρ(1−Lηρ/2)), ηL ≤ 1,"
        " L = s²(‖z₀‖ + √(2f₀ηT(2−ρ)/ρ))² + s√(2f₀)"
    )

    @varies
    def assumes(self) -> Any:
        known = Has("stretch", 1e-300), Improvable()
        return (NoNoise(), *known, *self.terms())

    def terms(self) -> tuple[AbstractAssumption, ...]:
        """On the terms of the product."""
        return FrozenLayer(self.k, self.r0), RelativeError(self.r0, False)

    def rho(self, c: Constants) -> float:
        """1 − √(1 − δ), the kept share."""
        return self.kept(c)

    def smoothness(self, c: Constants, T: int, eta: float) -> float:
        """L on the ball that T steps η do not leave."""
        s, rho = float(c.stretch), self.rho(c)
        travelled = (2 * c.Delta * eta * T * (2 - rho) / rho) ** 0.5
        ball = float(np.linalg.norm(c.x0)) + travelled
        return s**2 * ball**2 + s * (2 * c.Delta) ** 0.5

    def eta(self, c: Constants, T: int) -> float:
        """scale · the η with ηL(η) = 1, from below; ηL(η) increases."""
        low, high = 0.0, 1 / self.smoothness(c, T, 0.0)
        for _ in range(60):
            mid = (low + high) / 2
            low, high = (mid, high) if mid * self.smoothness(c, T, mid) <= 1 else (low, mid)
        return float(self.scale) * low

    def bound(self, c: Constants, T: int) -> float:
        eta, rho = self.eta(c, T), self.rho(c)
        L = self.smoothness(c, T, eta)
        return c.Delta / (eta * T * rho * (1 - L * eta * rho / 2))


class AdapterAnyRows(AdapterGD):
    """The same for any layer, as if its terms were orthogonal: FALSE. On f = ½Σ(BA − y_i)², y =
    (−1, −0.9, 1), the row of the largest residual alone moves BA up below 0 and down above 0: it
    stays near the Chebyshev center BA = 0, where ∂f/∂B = 0.9A, for ever."""

    statement = "adapter below a layer: k of m rows keep δ = k/m of the gradient (false)"

    def terms(self) -> tuple[AbstractAssumption, ...]:
        return (FrozenLayer(self.k, self.r0),)

    def rho(self, c: Constants) -> float:
        return 1 - (1 - self.k / c.layer_rows) ** 0.5
