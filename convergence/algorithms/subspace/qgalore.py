"""Q-GaLore (arXiv 2407.08296): weights and projector in few bits, and the rounding alone."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.algorithms.subspace.projected import SIDES, transposed
from convergence.constants import Constants
from convergence.errors import require
from convergence.linalg import lift, top_left
from convergence.oracles.base import AbstractOracle
from convergence.parts.momenta import AbstractInner, Plain
from convergence.parts.quantizers import (
    check_groups,
    dequantize,
    quantize,
    round_nearest,
    round_stochastic,
)
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, real

ROUNDINGS = ("stochastic", "nearest")


class RoundedSGD(AbstractAlgorithm):
    """x_{t+1} = Q(x_t − η∇F(x_t; ξ_t)) with Q onto the grid hℤ: rounding "stochastic" (E Q(y) = y)
    or "nearest"."""

    eta: Reals = eqx.field(converter=real)
    h: Reals = eqx.field(converter=real)
    rounding: str = eqx.field(static=True, default="stochastic")

    def coins(self, c: Constants, T: int) -> tuple[float, float]:
        """Rounding adds less than the spacing h to each entry, whatever the iterate: a coin of
        this kind multiplies nothing."""
        return 0.0, float(self.eta) * float(c.get("mu", 0.0))

    def __check_init__(self) -> None:
        require(float(self.h) > 0, f"grid width h = {float(self.h):g}", "h > 0", "widen the grid")
        known = self.rounding in ROUNDINGS
        require(known, f"rounding {self.rounding!r}", f"one of {ROUNDINGS}", "choose one")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        sample, toss = jax.random.split(key)
        y = state.x - self.eta * oracle.grad(state.x, sample)
        if self.rounding == "nearest":
            return State(round_nearest(y, self.h))
        return State(round_stochastic(y, self.h, toss))


class QGaLoreState(AbstractState):
    """The dequantized weights x, frame P, the inner memory, and the lazy refresh: the current gap,
    the next refresh step, the queue of cosines (NaN where empty) and the number of refreshes."""

    x: Iterate
    P: Matrix
    memory: Any
    gap: Array
    due: Array
    queue: Array
    refreshes: Array


class QGaLore(AbstractAlgorithm):
    """W ← Q_w(W − η Q_p(P) inner(Q_p(P)ᵀG)), P the r leading left singular vectors of G when due.

    Q_w: stochastic rounding to `weight_bits` by groups; Q_p: to nearest, `frame_bits` by groups.
    At each refresh |cos| of the leading singular vector with its predecessor enters a queue of
    length 5; once it is full with mean ≥ `threshold`, the gap doubles. The next refresh is due a
    gap later (`schedule` = "elapsed", the paper's lazy update) or when the gap divides t ("clock",
    the public code): gaps 2, 4, 8, 16 refresh at 10, 14, 22, 38 or at 10, 12, 16, 32. side: as in
    `Subspace`; the public code's is "std".

    Differs from the public code in: 1. the moments of `inner` are kept in full precision; 2. |cos|
    where the code takes cos, since the sign of a singular vector means nothing; 3. by default, the
    schedule and the side.
    """

    eta: Reals = eqx.field(converter=real)
    r: int = eqx.field(static=True)
    gap: int = eqx.field(static=True, default=200)
    inner: AbstractInner = Plain()
    weight_bits: int = eqx.field(static=True, default=8)
    frame_bits: int = eqx.field(static=True, default=4)
    weight_group: int = eqx.field(static=True, default=256)
    frame_group: int = eqx.field(static=True, default=256)
    threshold: Reals = eqx.field(converter=real, default=0.4)
    rounding: str = eqx.field(static=True, default="stochastic")
    schedule: str = eqx.field(static=True, default="elapsed")
    side: str = eqx.field(static=True, default="left")

    def __check_init__(self) -> None:
        for name, value, known in (
            ("schedule", self.schedule, ("elapsed", "clock")),
            ("side", self.side, SIDES),
            ("rounding", self.rounding, ROUNDINGS),
        ):
            require(value in known, f"{name} {value!r}", f"one of {known}", "choose one")
        require(self.r >= 1, f"rank r = {self.r}", "r ≥ 1", "give at least one column")
        require(self.gap >= 1, f"gap = {self.gap}", "gap ≥ 1 steps", "1 refreshes always")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> QGaLoreState:
        m, n = x0.shape[::-1] if transposed(self.side, x0.shape) else x0.shape
        require(self.r <= min(m, n), f"r = {self.r} for {m} × {n}", "r ≤ min(m, n)", "lower it")
        check_groups(x0.size, self.weight_bits, min(self.weight_group, x0.size))
        check_groups(m * self.r, self.frame_bits, min(self.frame_group, m * self.r))
        return QGaLoreState(
            x0,
            jnp.zeros((m, self.r), x0.dtype),
            self.inner.init(jnp.zeros((self.r, n), x0.dtype)),
            jnp.asarray(self.gap, jnp.int32),
            jnp.zeros((), jnp.int32),
            jnp.full((5,), jnp.nan, x0.dtype),
            jnp.zeros((), jnp.int32),
        )

    def refresh(self, t: Count, G: Matrix, state: QGaLoreState) -> Any:
        """(P, gap, due, queue, refreshes) after a refresh at step t."""
        P = top_left(G, self.r)
        cos = jnp.abs(jnp.sum(P[:, 0] * state.P[:, 0]))
        queue = jnp.where(
            state.refreshes > 0, jnp.concatenate([state.queue[1:], cos[None]]), state.queue
        )
        steady = jnp.mean(queue) >= self.threshold  # False while the queue holds a NaN
        gap = jnp.where(steady, 2 * state.gap, state.gap)
        due = t + gap if self.schedule == "elapsed" else gap * (t // gap + 1)
        return P, gap, due.astype(jnp.int32), queue, state.refreshes + 1

    def step(self, t: Count, state: QGaLoreState, oracle: AbstractOracle, key: Key) -> QGaLoreState:
        sample, toss = jax.random.split(key)
        turned = transposed(self.side, state.x.shape)

        def view(G: Matrix) -> Matrix:
            return G.T if turned else G

        G = view(oracle.grad(state.x, sample))
        P, gap, due, queue, refreshes = jax.lax.cond(
            t >= state.due,
            lambda: self.refresh(t, G, state),
            lambda: (state.P, state.gap, state.due, state.queue, state.refreshes),
        )
        stored = view(P)  # groups run along rows of what is kept, Pᵀ on the right
        held = quantize(stored, self.frame_bits, min(self.frame_group, P.size))
        low = view(dequantize(held, stored.shape))
        N, memory = self.inner.apply(low.T @ G, state.memory)
        W = state.x - self.eta * view(lift(low, N))
        coin = toss if self.rounding == "stochastic" else None
        held = quantize(W, self.weight_bits, min(self.weight_group, W.size), coin)
        x = dequantize(held, W.shape).astype(W.dtype)
        return QGaLoreState(x, P, memory, gap, due, queue, refreshes)
