"""Natural GaLore (arXiv 2410.16029): the empirical Fisher matrix of recent projected gradients."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.errors import require
from convergence.linalg import lift
from convergence.oracles.base import AbstractOracle
from convergence.parts.momenta import AbstractInner, Plain
from convergence.parts.projectors import AbstractProjector
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, Whole, real, whole


def natural(history: Float[Array, "s d"], g: Float[Array, " d"], lam: Any) -> Float[Array, " d"]:
    """(λI + GGᵀ)⁻¹ g with the columns of G in the rows of `history`, by Woodbury:
    g/λ − G(I + GᵀG/λ)⁻¹Gᵀg/λ². Costs one s × s solve."""
    S = jnp.eye(history.shape[0], dtype=g.dtype) + history @ history.T / lam
    return g / lam - history.T @ jnp.linalg.solve(S, history @ g) / lam**2


class NaturalGaLoreState(AbstractState):
    """X, the frame P, the last s projected gradients in rows, and the inner memory."""

    x: Iterate
    P: Matrix
    history: Array
    memory: Any


class NaturalGaLore(AbstractAlgorithm):
    """R_t = PᵀG_t;  R̃ = (λI + Σ_{i<s} vec R_{t−i} vec R_{t−i}ᵀ)⁻¹ R_t;  X ← X − η P inner(R̃).

    The history holds the current gradient too, and is kept, not turned, at a refresh (as in the
    public code).

    Differs from the public code in: 1. one frame, of the rows; there Tucker's factors act on both
    sides, R = PᵀGQ, which is the same method for a square Q and Plain. 2. `inner` is free, there it
    is Adam. 3. lam is 1e-3 there.
    """

    projector: AbstractProjector
    eta: Reals = eqx.field(converter=real)
    r: int = eqx.field(static=True)
    tau: Whole = eqx.field(converter=whole, default=1)
    lam: Reals = eqx.field(converter=real, default=1e-3)
    s: int = eqx.field(static=True, default=20)
    inner: AbstractInner = Plain()

    def __check_init__(self) -> None:
        require(self.r >= 1, f"rank r = {self.r}", "r ≥ 1", "give at least one column")
        require(int(self.tau) >= 1, f"tau = {int(self.tau)}", "τ ≥ 1 steps", "1 refreshes always")
        require(self.s >= 1, f"a history of {self.s}", "s ≥ 1 gradients", "keep the current one")
        require(float(self.lam) > 0, f"lam = {float(self.lam):g}", "λ > 0", "raise it")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> NaturalGaLoreState:
        m, n = x0.shape
        require(self.r <= min(m, n), f"r = {self.r} for {m} × {n}", "r ≤ min(m, n)", "lower it")
        R = jnp.zeros((self.r, n), x0.dtype)
        history = jnp.zeros((self.s, R.size), x0.dtype)
        return NaturalGaLoreState(x0, jnp.zeros((m, self.r), x0.dtype), history, self.inner.init(R))

    def step(
        self, t: Count, state: NaturalGaLoreState, oracle: AbstractOracle, key: Key
    ) -> NaturalGaLoreState:
        draw, sample = jax.random.split(key)
        G = oracle.grad(state.x, sample)
        P = jax.lax.cond(
            t % self.tau == 0,
            lambda: self.projector.frame(t, G, draw, self.r),
            lambda: state.P,
        )
        R = P.T @ G
        history = jnp.concatenate([R.reshape(1, -1), state.history[:-1]])
        turned = natural(history, R.reshape(-1), self.lam).reshape(R.shape)
        N, memory = self.inner.apply(turned, state.memory)
        return NaturalGaLoreState(state.x - self.eta * lift(P, N), P, history, memory)


class NaturalSGD(AbstractAlgorithm):
    """x_{t+1} = x_t − F⁻¹ ∇F(x_t; ξ_t)/(t + 1) with a diagonal Fisher matrix F."""

    fisher: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        return State(state.x - oracle.grad(state.x, key) / self.fisher / (t + 1))
