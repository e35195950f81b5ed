"""Alternating steps of gates and parameters, pFedGate's local step with soft gates."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key


class AlternatingGates(AbstractAlgorithm):
    """g⁺ = Π(g − ∇_g J(θ, g)/L_g(θ)) on [0, 1]ᵈ, then θ⁺ = θ − ∇_θ J(θ, g⁺)/L_θ(g⁺); a block whose
    smoothness is 0 has no gradient either, and stays."""

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        gated: Any = oracle
        theta, g = gated.parts(state.x)
        _, slope = gated.parts(gated.grad(state.x, key))
        g = jnp.clip(g - slope * _inverse(gated.smoothness(theta)), 0.0, 1.0)
        half = jnp.concatenate([theta, g])
        slope, _ = gated.parts(gated.grad(half, key))
        return State(jnp.concatenate([theta - slope * _inverse(gated.smoothness(g)), g]))


def _inverse(L: Any) -> Any:
    """1/L, or 0 where L is 0."""
    return jnp.where(L > 0, 1.0 / jnp.where(L > 0, L, 1.0), 0.0)
