"""AdaWAC (Dong, Xie and Ward 2023): a parameter against weights that favor the larger loss."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.errors import require
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, Vector, real

ORDERS = ("jacobi", "gauss-seidel")


class Weighted(AbstractState):
    """x = (θ, b) and the log-odds s = log b/(1 − b): b rounds to 1 beyond s = 37, s does not."""

    x: Iterate
    s: Vector


class AdaWAC(AbstractAlgorithm):
    """b_i ∝ b_i e^{η_b l_i} for a sample i, that is s_i⁺ = s_i + η_b (l_i(θ) − c_i(θ)), and θ⁺ =
    Π(θ − η_θ (b_i ∇l_i + (1 − b_i) ∇c_i)) with Π the projection on ‖θ − θ_0‖ ≤ r; b starts at 1/2.

    order: whether θ steps with the old weight ("jacobi") or the new one ("gauss-seidel", the order
    of the authors' code). whole: every step takes all samples, the mean of their gradients in θ
    and l_i − c_i in every s_i, in place of one drawn by the oracle.

    Differs from the code of the paper in: 1. the projection; 2. no momentum, weight decay or loss
    outside the weighting.
    """

    theta_step: Reals = eqx.field(converter=real)
    weight_step: Reals = eqx.field(converter=real)
    r: Reals = eqx.field(converter=real)
    order: str = eqx.field(static=True, default="jacobi")
    whole: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        require(self.order in ORDERS, f"order = {self.order!r}", f"one of {ORDERS}", "choose one")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Weighted:
        samples: Any = oracle
        return Weighted(x0, jnp.zeros(samples.samples, x0.dtype))

    def step(self, t: Count, state: Weighted, oracle: AbstractOracle, key: Key) -> Weighted:
        samples: Any = oracle
        n = len(state.s)
        theta = state.x[:-n]
        which = jnp.arange(n) if self.whole else samples.draw(key)[None]
        l, c, dl, dc = samples.pairs(theta, which)
        s = state.s.at[which].add(self.weight_step * (l - c))
        b = jax.nn.sigmoid((state.s if self.order == "jacobi" else s)[which])[:, None]
        moved = theta - self.theta_step * jnp.mean(b * dl + (1 - b) * dc, axis=0)
        center = samples.center(state.x.dtype)
        away = moved - center
        far = jnp.sqrt(jnp.sum(away**2))
        theta = center + away * jnp.minimum(1.0, self.r / jnp.maximum(far, 1e-300))
        return Weighted(jnp.concatenate([theta, jax.nn.sigmoid(s)]), s)
