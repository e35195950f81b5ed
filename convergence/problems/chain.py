"""Carmon's chain: a function that shows one coordinate after the other."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, Vector, real

SMOOTH, GAP, SUP = 152.0, 12.0, 23.0  # ‖∇²F‖ ≤ 152, F(0) − inf F ≤ 12K, ‖∇F‖_∞ ≤ 23
HIDDEN = float(np.exp(1.5))  # sup Ψ · sup Φ' = e · √e: a masked coordinate's slope


def psi(t: Any) -> Any:
    """Ψ(t) = exp(1 − (2t−1)^{−2}) for t > 1/2, else 0."""
    on = t > 0.5
    u = jnp.where(on, 2 * t - 1, 1.0)
    return jnp.where(on, jnp.exp(1 - 1 / u**2), 0.0)


def dpsi(t: Any) -> Any:
    """Ψ'."""
    on = t > 0.5
    u = jnp.where(on, 2 * t - 1, 1.0)
    return jnp.where(on, jnp.exp(1 - 1 / u**2) * 4 / u**3, 0.0)


def phi(t: Any) -> Any:
    """Φ(t) = √e ∫_{−∞}^t e^{−u²/2} du."""
    return jnp.sqrt(jnp.e * jnp.pi / 2) * (1 + erf(t / jnp.sqrt(2.0)))


def dphi(t: Any) -> Any:
    """Φ'."""
    return jnp.exp(0.5 - t**2 / 2)


class Chain(AbstractProblem):
    """f(x) = (L λ²/152) F(x/λ), λ = 152 ε/L, on R^K from 0, with F the chain of Carmon et al.

    F(x) = Σ_k Ψ(−x_{k−1})Φ(−x_k) − Ψ(x_{k−1})Φ(x_k), x_0 := 1. F(0) − inf F ≤ 12K, ‖∇²F‖ ≤ 152,
    ‖∇F‖_∞ ≤ 23, and ‖∇F(x)‖ > 1 while |x_K| ≤ 1 (K ≥ 2) (Carmon, Duchi, Hinder and Sidford 2020,
    Lemmas 2 and 3). Hence L-smooth, Δ ≤ 1824 K ε²/L, G ≤ 23 ε√K, and ‖∇f(x)‖ > ε until coordinate
    K is found. `Delta` and `f_star` are these bounds, not the exact values.
    """

    K: int = eqx.field(static=True)
    eps: Reals = eqx.field(converter=real, default=1.0)
    L: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        require(self.K >= 2, f"K = {self.K}", "K ≥ 2", "ask for a longer chain")
        require(float(self.eps) > 0, f"eps = {float(self.eps):g}", "eps > 0", "flip its sign")
        require(float(self.L) > 0, f"L = {float(self.L):g}", "L > 0", "flip its sign")

    @property
    def width(self) -> Any:
        """λ = 152 ε/L."""
        return SMOOTH * self.eps / self.L

    @property
    def hidden(self) -> Any:
        """e^{3/2} ε: the most that the only slope behind the progress may be."""
        return HIDDEN * self.eps

    def value(self, x: Vector) -> Scalar:
        u = x / self.width
        w = jnp.concatenate([jnp.ones((1,), x.dtype), u[:-1]])
        F = jnp.sum(psi(-w) * phi(-u) - psi(w) * phi(u))
        return self.L * self.width**2 / SMOOTH * F

    def grad(self, x: Vector) -> Vector:
        u = x / self.width
        w = jnp.concatenate([jnp.ones((1,), x.dtype), u[:-1]])
        own = -psi(-w) * dphi(-u) - psi(w) * dphi(u)
        passed = -dpsi(-w) * phi(-u) - dpsi(w) * phi(u)  # with respect to w_k = u_{k−1}
        return self.eps * (own + jnp.concatenate([passed[1:], jnp.zeros((1,), x.dtype)]))

    def progress(self, x: Vector, above: float = 0.0) -> Count:
        """prog_a(x) = max{k : |x_k| > a λ}, 0 if there is none."""
        seen = jnp.abs(x) > above * self.width
        return jnp.max(jnp.where(seen, jnp.arange(1, self.K + 1), 0))

    def start(self) -> Vector:
        return jnp.zeros(self.K)

    def constants(self) -> Constants:
        eps, L = float(self.eps), float(self.L)
        # ∇f(0) = −ε Ψ(1) Φ'(0) e_1 = −ε √e e_1; F(0) = −Ψ(1)Φ(0) = −√(eπ/2).
        scale = SMOOTH * eps**2 / L
        return Constants(
            L=L,
            G=SUP * eps * self.K**0.5,
            Delta=GAP * scale * self.K,
            f_star=-scale * (GAP * self.K + (np.e * np.pi / 2) ** 0.5),
            grad0=eps * float(np.e) ** 0.5,
            d=self.K,
            eps=eps,
            K=self.K,
        )
