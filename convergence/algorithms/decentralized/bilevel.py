"""Centralized bilevel methods: SOBA, stocBiO and TTSA.

The iterate is a stack whose rows are copies of one x: each direction is averaged over the agents
(shards of data) and given to all of them.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.errors import require
from convergence.shapes import Count, Iterate, Key, Reals, real


def shared(G: Iterate) -> Iterate:
    """The mean over agents, on every row."""
    return jnp.broadcast_to(jnp.mean(G, axis=0), G.shape)


class LowerState(AbstractState):
    """x, y and z."""

    x: Iterate
    y: Iterate
    z: Iterate


class AbstractShared(AbstractAlgorithm):
    """A method whose rows all move alike: it starts at (x_0, 0, 0)."""

    def init(self, x0: Iterate, oracle: Any, key: Key) -> LowerState:
        y0 = oracle.lower_start().astype(x0.dtype)
        return LowerState(x0, y0, y0)

    def project(self, state: LowerState) -> LowerState:
        """Differences between rows are conserved."""
        return LowerState(shared(state.x), shared(state.y), shared(state.z))


class AbstractRestart(AbstractShared):
    """z is built anew in every step, so that only differences of x and y are conserved."""

    def project(self, state: LowerState) -> LowerState:
        return LowerState(shared(state.x), shared(state.y), state.z)


class SOBA(AbstractShared):
    """y⁺ = y − ρV, z⁺ = z − ρP, x⁺ = x − γU, all directions at (x, y, z).

    z is the solution of the adjoint equation, +[∇²₂₂g]⁻¹∇₂f.
    """

    rho: Reals = eqx.field(converter=real)
    gamma: Reals = eqx.field(converter=real)

    def step(self, t: Count, state: LowerState, oracle: Any, key: Key) -> LowerState:
        s = state
        v, p = oracle.lower(s.x, s.y, key), oracle.adjoint(s.x, s.y, s.z, key)
        u = oracle.upper(s.x, s.y, s.z, key)
        return LowerState(
            s.x - self.gamma * shared(u), s.y - self.rho * shared(v), s.z - self.rho * shared(p)
        )


class StocBiO(AbstractRestart):
    """D lower steps y ← y − βV from the last y; z from Q steps z ← z − ηP from 0; x⁺ = x − αU.

    Differs from the paper in: 1. z is accumulated by the recursion whose mean is the truncated
    Neumann series η Σ_{q<Q} (I − ηA)^q ∇₂f, with a fresh sample a step and no growing batches;
    2. its Q counts the terms, the paper's is one less: Σ_{q≤Q}.
    The public code has z = Σ_{1≤q≤Q} (I − ηA)^q ∇₂f + η(I − ηA)^Q ∇₂f, one sample for all powers:
    without q = 0, and with η on the last term alone (`series` = "code"). It tends to
    (1/η)A⁻¹∇₂f − ∇₂f as Q grows, where the paper's z tends to A⁻¹∇₂f.
    """

    alpha: Reals = eqx.field(converter=real)
    beta: Reals = eqx.field(converter=real)
    eta: Reals = eqx.field(converter=real)
    D: int = eqx.field(static=True, default=4)
    Q: int = eqx.field(static=True, default=4)
    series: str = eqx.field(static=True, default="paper")

    def __check_init__(self) -> None:
        known = ("paper", "code")
        require(self.series in known, f"series {self.series!r}", f"one of {known}", "choose one")

    def as_coded(self, x: Iterate, y: Iterate, oracle: Any, key: Key) -> Iterate:
        """z of the public code."""
        zero = jnp.zeros_like(y)
        at_zero = shared(oracle.adjoint(x, y, zero, key))  # −∇₂f
        term, total = -at_zero, zero
        for _ in range(self.Q):
            term = term - self.eta * (shared(oracle.adjoint(x, y, term, key)) - at_zero)
            total = total + term
        return total + self.eta * term

    def step(self, t: Count, state: LowerState, oracle: Any, key: Key) -> LowerState:
        x, y, z = state.x, state.y, jnp.zeros_like(state.z)
        for i in range(self.D):
            y = y - self.beta * shared(oracle.lower(x, y, jax.random.fold_in(key, i)))
        if self.series == "code":
            z = self.as_coded(x, y, oracle, jax.random.fold_in(key, self.D))
        else:
            for q in range(self.Q):
                fresh = jax.random.fold_in(key, self.D + q)
                z = z - self.eta * shared(oracle.adjoint(x, y, z, fresh))
        u = oracle.upper(x, y, z, jax.random.fold_in(key, self.D + self.Q))
        return LowerState(x - self.alpha * shared(u), y, z)


class TTSA(AbstractRestart):
    """y⁺ = y − β_t V, x⁺ = x − α_t U(x, y⁺, ẑ), ẑ = ηQ (I − ηA)^k ∇₂f with k uniform in 0..Q−1.

    β_t = β(t + 1)^{−2/5}, α_t = α(t + 1)^{−3/5}; E ẑ is the Neumann series truncated at Q.
    Differs from the paper in: 1. no projection of x, as X = Rᵖ here.
    """

    alpha: Reals = eqx.field(converter=real)
    beta: Reals = eqx.field(converter=real)
    eta: Reals = eqx.field(converter=real)
    Q: int = eqx.field(static=True, default=16)

    def step(self, t: Count, state: LowerState, oracle: Any, key: Key) -> LowerState:
        x, clock = state.x, t + 1.0
        key, pick = jax.random.split(key)
        y = state.y - self.beta * clock**-0.4 * shared(oracle.lower(x, state.y, key))
        nothing = jnp.zeros_like(state.z)
        z = -shared(oracle.adjoint(x, y, nothing, key))  # ∇₂f
        k = jax.random.randint(pick, (), 0, self.Q)

        def shrink(q: Count, z: Iterate) -> Iterate:
            fresh = jax.random.fold_in(key, q)
            # The same sample at z and at 0: its difference is ∇²₂₂g z.
            Az = oracle.adjoint(x, y, z, fresh) - oracle.adjoint(x, y, nothing, fresh)
            return z - self.eta * shared(Az)

        z = self.eta * self.Q * jax.lax.fori_loop(0, k, shrink, z)
        u = oracle.upper(x, y, z, key)
        return LowerState(x - self.alpha * clock**-0.6 * shared(u), y, z)
