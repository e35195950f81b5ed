"""D-Adaptation: dual averaging whose step grows with a lower bound of the distance."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, Scalar, real


class DAdaptationState(AbstractState):
    """x, x_0, s = Σ d_k g_k, the estimate d, b² + Σ‖g_k‖², and Σ γ_k d_k²‖g_k‖²."""

    x: Iterate
    start: Iterate
    s: Iterate
    d: Scalar
    square: Scalar
    spent: Scalar


class DAdaptation(AbstractAlgorithm):
    """s⁺ = s + d g, γ⁺ = (b² + Σ‖g‖²)^{−½}, d⁺ = max{d, (γ⁺‖s⁺‖² − Σ γ_k d_k²‖g_k‖²)/(2‖s⁺‖)}, x⁺ =
    x_0 − γ⁺s⁺ (Defazio and Mishchenko 2023, Algorithm 1)."""

    first: Reals = eqx.field(converter=real)  # d_0
    b: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> DAdaptationState:
        d, b = jnp.asarray(self.first, x0.dtype), jnp.asarray(self.b, x0.dtype)
        return DAdaptationState(x0, x0, jnp.zeros_like(x0), d, b**2, jnp.zeros_like(d))

    def step(
        self, t: Count, state: DAdaptationState, oracle: AbstractOracle, key: Key
    ) -> DAdaptationState:
        g = oracle.grad(state.x, key)
        size = jnp.sum(g**2)
        spent = state.spent + state.square**-0.5 * state.d**2 * size
        s, square = state.s + state.d * g, state.square + size
        gamma, norm = square**-0.5, jnp.sqrt(jnp.sum(s**2))
        found = (gamma * norm**2 - spent) / (2 * jnp.where(norm > 0, norm, 1.0))
        d = jnp.maximum(state.d, jnp.where(norm > 0, found, 0.0))
        return DAdaptationState(state.start - gamma * s, state.start, s, d, square, spent)
