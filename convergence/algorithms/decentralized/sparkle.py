"""Decentralized bilevel methods in one loop: SPARKLE and D-SOBA."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.parts.graphs import check_agents
from convergence.parts.strategies import Strategy, strategy
from convergence.shapes import Count, Iterate, Key, Reals, real


class BilevelState(AbstractState):
    """x, y, z, the hypergradient average r, and the duals of the three levels."""

    x: Iterate
    y: Iterate
    z: Iterate
    r: Iterate
    dx: Iterate
    dy: Iterate
    dz: Iterate


class Sparkle(AbstractAlgorithm):
    """Y⁺ = C_y Y − βA_y V − D_y, Z⁺ = C_z Z − γA_z P − D_z, R⁺ = (1 − θ)R + θU,
    X⁺ = C_x X − αA_x R⁺ − D_x, and D_s⁺ = D_s + B_s² S⁺ at every level s.

    V is taken at (X, Y); P at (X, Y⁺, Z) and U at (X, Y⁺, Z⁺) in the order of Gauss and Seidel, at
    (X, Y, Z) if `jacobi`. x, y, z: the strategies, which may differ in method and in graph. Duals
    start in range(B): at `dual_x` for the upper level and at 0 below.
    """

    x: Strategy
    y: Strategy
    z: Strategy
    alpha: Reals = eqx.field(converter=real)
    beta: Reals = eqx.field(converter=real)
    gamma: Reals = eqx.field(converter=real)
    theta: Reals = eqx.field(converter=real)
    dual_x: Reals = eqx.field(converter=real, default=0.0)
    jacobi: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        self.x.check_dual(self.dual_x)

    def init(self, x0: Iterate, oracle: Any, key: Key) -> BilevelState:
        for level in (self.x, self.y, self.z):
            check_agents(x0, level.C)
        y0 = oracle.lower_start().astype(x0.dtype)
        dual = jnp.broadcast_to(jnp.asarray(self.dual_x, x0.dtype), x0.shape)
        nothing = jnp.zeros_like(x0)
        return BilevelState(x0, y0, y0, nothing, dual, jnp.zeros_like(y0), jnp.zeros_like(y0))

    def step(self, t: Count, state: BilevelState, oracle: Any, key: Key) -> BilevelState:
        s = state
        y, dy = self.y(s.y, s.dy, self.beta * oracle.lower(s.x, s.y, key))
        seen = s.y if self.jacobi else y
        z, dz = self.z(s.z, s.dz, self.gamma * oracle.adjoint(s.x, seen, s.z, key))
        u = oracle.upper(s.x, seen, s.z if self.jacobi else z, key)
        r = (1 - self.theta) * s.r + self.theta * u
        x, dx = self.x(s.x, s.dx, self.alpha * r)
        return BilevelState(x, y, z, r, dx, dy, dz)

    def project(self, state: BilevelState) -> BilevelState:
        s = state
        duals = self.x.moving(s.dx), self.y.moving(s.dy), self.z.moving(s.dz)
        return BilevelState(s.x, s.y, s.z, s.r, *duals)


def sparkle(
    upper: str, lower: str, W: Any, steps: Any, W_lower: Any = None, jacobi: bool = False
) -> Sparkle:
    """SPARKLE with the strategy `upper` for x on W and `lower` for y and z on W_lower (W if None).

    steps: (α, β, γ, θ). "ATC" at both levels is D-SOBA in the order of Gauss and Seidel.
    """
    below = strategy(lower, W if W_lower is None else W_lower)
    return Sparkle(strategy(upper, W), below, below, *steps, jacobi=jacobi)


class SobaState(AbstractState):
    """x, y, z and the hypergradient average h."""

    x: Iterate
    y: Iterate
    z: Iterate
    h: Iterate


class DSOBA(AbstractAlgorithm):
    """X⁺ = W(X − αH), Y⁺ = W(Y − βV), Z⁺ = W(Z − γP), H⁺ = (1 − θ)H + θU, all at (X, Y, Z).

    x moves by the OLD average H. Every level is uncorrected.
    """

    W: Reals = eqx.field(converter=real)
    alpha: Reals = eqx.field(converter=real)
    beta: Reals = eqx.field(converter=real)
    gamma: Reals = eqx.field(converter=real)
    theta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: Any, key: Key) -> SobaState:
        check_agents(x0, self.W)
        y0 = oracle.lower_start().astype(x0.dtype)
        return SobaState(x0, y0, y0, jnp.zeros_like(x0))

    def step(self, t: Count, state: SobaState, oracle: Any, key: Key) -> SobaState:
        s = state
        v, p = oracle.lower(s.x, s.y, key), oracle.adjoint(s.x, s.y, s.z, key)
        u = oracle.upper(s.x, s.y, s.z, key)
        return SobaState(
            self.W @ (s.x - self.alpha * s.h),
            self.W @ (s.y - self.beta * v),
            self.W @ (s.z - self.gamma * p),
            (1 - self.theta) * s.h + self.theta * u,
        )
