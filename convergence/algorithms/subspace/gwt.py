"""GWT (arXiv 2501.07237): moments on the Haar approximation of the gradient only."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.errors import require
from convergence.oracles.base import AbstractOracle
from convergence.parts.wavelets import check_level, merge, split
from convergence.shapes import Count, Iterate, Key, Reals, Scalar, real

LIMIT = 1.01  # growth of the norm of the approximation's update that the limiter allows


class GWTState(AbstractState):
    """x, moments m, v on n/2^level columns, and the last norm of the approximation's update."""

    x: Iterate
    m: Array
    v: Array
    norm: Scalar


class GWT(AbstractAlgorithm):
    """x ← x − s_t α Haar⁻¹[Ã, D̃] with [A, D] = Haar(∇F), Ã = m/(√v + ε), D̃_i = D_i/(√v + ε),
    s_t = lr √(1 − β₂ᵗ)/(1 − β₁ᵗ), m and v Adam's moments of A, the denominator repeated to the
    length of D_i. From the second step on Ã and D̃ are divided by
    max{‖Ã‖/(‖Ã_previous‖ + 1e-8), 1.01}/1.01.

    Source: the public code of arXiv 2501.07237 (waveadamw.py), without weight decay. The transform
    acts along the last axis.
    """

    lr: Reals = eqx.field(converter=real)
    level: int = eqx.field(static=True, default=1)
    alpha: Reals = eqx.field(converter=real, default=0.25)
    b1: Reals = eqx.field(converter=real, default=0.9)
    b2: Reals = eqx.field(converter=real, default=0.999)
    eps: Reals = eqx.field(converter=real, default=1e-6)

    def __check_init__(self) -> None:
        require(self.level >= 0, f"level {self.level}", "level ≥ 0", "0 leaves one block")
        require(float(self.eps) > 0, f"eps = {float(self.eps):g}", "ε > 0", "raise it")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> GWTState:
        check_level(x0.shape[-1], self.level)
        zero = jnp.zeros((*x0.shape[:-1], x0.shape[-1] // 2**self.level), x0.dtype)
        return GWTState(x0, zero, zero, jnp.zeros((), x0.dtype))

    def step(self, t: Count, state: GWTState, oracle: AbstractOracle, key: Key) -> GWTState:
        A, details = split(oracle.grad(state.x, key), self.level)
        m = self.b1 * state.m + (1 - self.b1) * A
        v = self.b2 * state.v + (1 - self.b2) * A**2
        denominator = jnp.sqrt(v) + self.eps
        approximation = m / denominator
        growth = jnp.sqrt(jnp.sum(approximation**2)) / (state.norm + 1e-8)
        limiter = jnp.where(t > 0, jnp.maximum(growth, LIMIT) / LIMIT, 1.0).astype(A.dtype)
        approximation = approximation / limiter
        scaled = []
        for D in details:
            scaled.append(D / (denominator * limiter))
            denominator = jnp.repeat(denominator, 2, axis=-1)
        age = (t + 1).astype(A.dtype)
        size = self.lr * jnp.sqrt(1 - self.b2**age) / (1 - self.b1**age)
        x = state.x - size * self.alpha * merge(approximation, tuple(scaled))
        return GWTState(x, m, v, jnp.sqrt(jnp.sum(approximation**2)))


class GWTSGDMState(AbstractState):
    """x and the moving average m of the approximation."""

    x: Iterate
    m: Array


class GWTSGDM(AbstractAlgorithm):
    """m ← βm + (1 − β)A;  x ← x − α Haar⁻¹[m, D_l, …, D_1]: β = 0 is SGD, exactly."""

    alpha: Reals = eqx.field(converter=real)
    beta: Reals = eqx.field(converter=real, default=0.9)
    level: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        require(self.level >= 0, f"level {self.level}", "level ≥ 0", "0 leaves one block")
        require(0 <= float(self.beta) < 1, f"beta = {float(self.beta):g}", "0 ≤ β < 1", "lower it")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> GWTSGDMState:
        check_level(x0.shape[-1], self.level)
        return GWTSGDMState(x0, jnp.zeros_like(split(x0, self.level)[0]))

    def step(self, t: Count, state: GWTSGDMState, oracle: AbstractOracle, key: Key) -> GWTSGDMState:
        A, details = split(oracle.grad(state.x, key), self.level)
        m = self.beta * state.m + (1 - self.beta) * A
        return GWTSGDMState(state.x - self.alpha * merge(m, details), m)
