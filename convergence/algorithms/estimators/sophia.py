"""Sophia: clipped Newton steps, in the eigenbasis or with a diagonal; and sign descent."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, Samples, State
from convergence.errors import require
from convergence.shapes import Count, Iterate, Key, Reals, Vector, real


class Sophia(AbstractAlgorithm):
    """θ⁺ = θ − η Vᵀ clip(V(∇²f)⁻¹∇f, ρ) with ∇²f = VᵀΣV; coordinates are clipped to [−ρ, ρ].

    basis = "diagonal" uses V = I and the diagonal of ∇²f, as practical versions estimate it.
    """

    eta: Reals = eqx.field(converter=real)
    rho: Reals = eqx.field(converter=real)
    basis: str = eqx.field(static=True, default="eigen")

    def __check_init__(self) -> None:
        bases = ("eigen", "diagonal")
        require(self.basis in bases, f"basis {self.basis!r}", f"one of {bases}", "choose one")
        if isinstance(self.rho, np.ndarray):
            rho = float(self.rho)
            require(rho > 0, f"rho = {rho:g}", "ρ > 0", "give a clipping radius")

    def init(self, x0: Iterate, oracle: Any, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: Any, key: Key) -> State:
        g, H = oracle.grad(state.x, key), oracle.hess(state.x)
        if self.basis == "diagonal":
            return State(state.x - self.eta * jnp.clip(g / jnp.diag(H), -self.rho, self.rho))
        s, V = jnp.linalg.eigh(H)
        return State(state.x - self.eta * V @ jnp.clip(V.T @ g / s, -self.rho, self.rho))


class SophiaState(AbstractState):
    """θ, the moving averages m of gradients and h of their squares."""

    x: Iterate
    m: Vector
    h: Vector


class SophiaG(AbstractAlgorithm):
    """m = β₁m + (1 − β₁)g; θ⁺ = (1 − ηλ)θ − η sign(m) min{1, |m|/(ρh + 1e-15)}; every k steps
    h = β₂h + (1 − β₂)B g′² with the gradient g′ of a second sample, λ the weight decay and B the
    batch size (the public code keeps h/B and multiplies by ρB).

    semantics "code" (the public training loop): h is renewed after the steps k − 1, 2k − 1, …, at
    the new θ; the first k steps see h = 0 and follow the sign of m. "paper": before the steps 0,
    k, …, at the old θ. No coordinate moves by more than η a step (without decay).

    Differs from the public code in: 1. g′ is a second sample of the oracle; the code draws labels
    from the model for it. 2. no clipping of ‖g‖ to 1. 3. the default of λ, there 0.1.
    """

    respects = Samples()

    eta: Reals = eqx.field(converter=real)
    rho: Reals = eqx.field(converter=real, default=0.04)
    beta1: Reals = eqx.field(converter=real, default=0.965)
    beta2: Reals = eqx.field(converter=real, default=0.99)
    k: int = eqx.field(static=True, default=10)
    B: Reals = eqx.field(converter=real, default=1.0)
    decay: Reals = eqx.field(converter=real, default=0.0)
    semantics: str = eqx.field(static=True, default="code")

    def __check_init__(self) -> None:
        known = ("code", "paper")
        require(self.semantics in known, f"semantics {self.semantics!r}", f"one of {known}", "pick")
        require(self.k >= 1, f"k = {self.k}", "k ≥ 1 steps", "refresh the diagonal at times")

    def init(self, x0: Iterate, oracle: Any, key: Key) -> SophiaState:
        return SophiaState(x0, jnp.zeros_like(x0), jnp.zeros_like(x0))

    def step(self, t: Count, state: SophiaState, oracle: Any, key: Key) -> SophiaState:
        m = self.beta1 * state.m + (1 - self.beta1) * oracle.grad(state.x, key)

        def renewed(x: Iterate) -> Vector:
            g = oracle.grad(x, jax.random.fold_in(key, 1))
            return self.beta2 * state.h + (1 - self.beta2) * self.B * g**2

        def moved(h: Vector) -> Iterate:
            ratio = jnp.minimum(1.0, jnp.abs(m) / (self.rho * h + 1e-15))
            return (1 - self.eta * self.decay) * state.x - self.eta * jnp.sign(m) * ratio

        if self.semantics == "paper":
            h = jnp.where(t % self.k == 0, renewed(state.x), state.h)
            return SophiaState(moved(h), m, h)
        x = moved(state.h)
        return SophiaState(x, m, jnp.where(t % self.k == self.k - 1, renewed(x), state.h))


class SignGD(AbstractAlgorithm):
    """x⁺ = x − η sign(∇F(x; ξ))."""

    respects = Samples()

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: Any, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: Any, key: Key) -> State:
        return State(state.x - self.eta * jnp.sign(oracle.grad(state.x, key)))
