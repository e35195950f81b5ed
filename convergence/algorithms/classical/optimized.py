"""Gradient descent with the steps that are best in the worst case: OGM, OGM-G and silver steps."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.algorithms.classical.accelerated import LastState
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, Whole, real, whole


def thetas(T: int) -> np.ndarray:
    """(T + 1,) θ_0 = 1, θ_{i+1} = (1 + √(1 + 4θ_i²))/2, and at the last step 8 in place of 4."""
    found = [1.0]
    for i in range(T):
        found.append((1 + (1 + (8 if i == T - 1 else 4) * found[-1] ** 2) ** 0.5) / 2)
    return np.asarray(found)


class OGM(AbstractAlgorithm):
    """y_{t+1} = x_t − η∇F(x_t; ξ_t), x_{t+1} = y_{t+1} + (θ_t − 1)/θ_{t+1} (y_{t+1} − y_t) +
    θ_t/θ_{t+1} (y_{t+1} − x_t), y_0 = x_0 (Kim and Fessler 2016); theta: (T + 1,), see `thetas`."""

    eta: Reals = eqx.field(converter=real)
    theta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> LastState:
        return LastState(x0, x0)

    def step(self, t: Count, state: LastState, oracle: AbstractOracle, key: Key) -> LastState:
        """`last` is y_t."""
        theta = jnp.asarray(self.theta, state.x.dtype)
        now, after = theta[t], theta[t + 1]
        y = state.x - self.eta * oracle.grad(state.x, key)
        move = (now - 1) * (y - state.last) + now * (y - state.x)
        return LastState(y + move / after, y)


class OGMG(AbstractAlgorithm):
    """y_{t+1} = x_t − η∇F(x_t; ξ_t), x_{t+1} = y_{t+1} + [(θ_t − 1)/θ_t (y_{t+1} − y_t) + (y_{t+1}
    − x_t)](2θ_{t+1} − 1)/(2θ_t − 1), y_0 = x_0 (Kim and Fessler 2021); theta: (T + 1,), the θ of
    OGM in reverse."""

    eta: Reals = eqx.field(converter=real)
    theta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> LastState:
        return LastState(x0, x0)

    def step(self, t: Count, state: LastState, oracle: AbstractOracle, key: Key) -> LastState:
        """`last` is y_t."""
        theta = jnp.asarray(self.theta, state.x.dtype)
        now, after = theta[t], theta[t + 1]
        y = state.x - self.eta * oracle.grad(state.x, key)
        move = (now - 1) / now * (y - state.last) + (y - state.x)
        return LastState(y + move * (2 * after - 1) / (2 * now - 1), y)


class SilverGD(AbstractAlgorithm):
    """x_{t+1} = x_t − η_t∇F(x_t; ξ_t), η_t = η[1 + ρ^{ν−1}], ρ = 1 + √2 and 2^ν the largest power
    of two that divides t + 1 (Altschuler and Parrilo 2023)."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        n = jnp.asarray(t, jnp.int32) + 1
        power = jnp.log2(jnp.asarray(n & -n, state.x.dtype))
        step = self.eta * (1 + (1 + 2.0**0.5) ** (power - 1))
        return State(state.x - step * oracle.grad(state.x, key))


class LinearlyDecayed(AbstractAlgorithm):
    """x_{t+1} = x_t − η(1 − t/T) ∇F(x_t; ξ_t)."""

    eta: Reals = eqx.field(converter=real)
    T: Whole = eqx.field(converter=whole)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        left = 1 - jnp.asarray(t, state.x.dtype) / self.T
        return State(state.x - self.eta * left * oracle.grad(state.x, key))
