"""Metrics of attention weights against their support vector machine."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.metrics.pointwise import AbstractPointwise
from convergence.shapes import Reals, Scalar, real


class MissedDirection(AbstractPointwise):
    """1 − ⟨W, M⟩/(‖W‖‖M‖) = ½‖W/‖W‖ − M/‖M‖‖²: no digits are lost where it is small."""

    target: Reals = eqx.field(converter=real)  # M

    def at(self, problem: Any, state: Any) -> Scalar:
        W, M = state.x, jnp.asarray(self.target)
        apart = W / jnp.sqrt(jnp.sum(W**2)) - M / jnp.sqrt(jnp.sum(M**2))
        return 0.5 * jnp.sum(apart**2)


class Along(AbstractPointwise):
    """⟨W, u⟩."""

    u: Reals = eqx.field(converter=real)

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.sum(state.x * jnp.asarray(self.u))


class LossForDirection(AbstractPointwise):
    """(f − f*)(1 + e^p)/low with p = ⟨W, M⟩/‖M‖²; in log space until the end."""

    target: Reals = eqx.field(converter=real)  # M
    low: Reals = eqx.field(converter=real)

    def at(self, problem: Any, state: Any) -> Scalar:
        M = jnp.asarray(self.target)
        p = jnp.sum(state.x * M) / jnp.sum(M**2)
        return jnp.exp(problem.log_gap(state.x) + jax.nn.softplus(p) - jnp.log(self.low))


class Imbalance(AbstractPointwise):
    """‖KᵀK − QᵀQ − D‖_F of x = (K, Q)."""

    D: Reals = eqx.field(converter=real)

    def at(self, problem: Any, state: Any) -> Scalar:
        K, Q = state.x
        return jnp.sqrt(jnp.sum((K.T @ K - Q.T @ Q - jnp.asarray(self.D)) ** 2))
