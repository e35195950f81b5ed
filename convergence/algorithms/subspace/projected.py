"""GaLore, GoLore and their relatives: one loop, exchangeable projector and inner optimizer.

    if t mod τ = 0:  P_t = frame(gradient at the refresh)      else P_t = P_{t−1}
    R_t = P_tᵀ G_t;   N_t = inner(R_t);   X_{t+1} = X_t − η P_t N_t

Source: GaLore, arXiv 2403.03507, Algorithm 2; GoLore, arXiv 2410.11289, Algorithm 1.
Differs from the papers in:
 1. G is the gradient (GaLore's listing calls −∇f by that name and adds the update).
 2. β₁ weighs the new gradient, as in GoLore.
 3. the scale α of GaLore is part of η.
Differs from the public code of GaLore in:
 1. frames are of the gradient's precision, there of float32.
Differs from the public code of GoLore in:
 1. `momentum` = "project" writes the turned memory back. There the step of a refresh applies it and
    forgets it together with that step's gradient: `momentum` = "code".
 2. an average, where its SGD keeps torch's buffer m ← βm + R: (1 − β) is part of η there.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms import coins
from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.constants import Constants
from convergence.errors import require
from convergence.linalg import lift
from convergence.oracles.base import AbstractOracle, mean_grad
from convergence.parts.momenta import AbstractInner, Plain
from convergence.parts.projectors import AbstractProjector, Haar
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, Whole, optional, real, whole

SIDES = ("left", "right", "short", "std")


def transposed(side: str, shape: tuple[int, ...]) -> bool:
    """Whether a frame on this side acts on the columns of a matrix of this shape."""
    tall = shape[0] >= shape[1] if side == "std" else shape[0] > shape[1]
    return side == "right" or (side != "left" and tall)


class SubspaceState(AbstractState):
    """X, the frame P and the inner optimizer's memory."""

    x: Iterate
    P: Matrix
    memory: Any


class Subspace(AbstractAlgorithm):
    """The loop above.

    r: the rank. tau: the refresh period (traced: it may vary with the horizon). side: "left" uses
    P ∈ R^{m×r} on G, "right" Q ∈ R^{n×r} on Gᵀ, "short" the shorter side, "std" too, but "right" on
    squares, as in GaLore's code. momentum: at a refresh "keep" leaves the memory as it is,
    "project" turns it by P_newᵀ P_old, "code" turns it for this one step only. refresh_batch: if
    given, the gradient of a refresh step is a mean of that many samples.
    """

    projector: AbstractProjector
    eta: Reals = eqx.field(converter=real)
    r: int = eqx.field(static=True)
    tau: Whole = eqx.field(converter=whole, default=1)
    inner: AbstractInner = Plain()
    side: str = eqx.field(static=True, default="left")
    momentum: str = eqx.field(static=True, default="keep")
    refresh_batch: Whole | None = eqx.field(converter=optional(whole), default=None)

    def coins(self, c: Constants, T: int) -> tuple[float, float]:
        """In the norm of the Hessian a period multiplies what the frame sees by at most 1 and at
        least (1 − ηL)^τ, L the largest curvature."""
        if float(self.eta) * c.L > 1:
            return math.inf, 0.0
        tau, m = min(int(self.tau), T), c.m if self.side == "left" else c.n
        kept = (1 - float(self.eta) * c.L) ** (2 * tau)
        variance = coins.haar(m, self.r) if isinstance(self.projector, Haar) else 0.25
        v, k = coins.projected(1 - kept, self.r / m, variance)
        return v / tau, k / tau

    def __check_init__(self) -> None:
        require(self.r >= 1, f"rank r = {self.r}", "r ≥ 1", "ask for at least one direction")
        require(
            bool(np.all(self.tau >= 1)),
            f"period tau = {self.tau}",
            "tau ≥ 1",
            "use tau = 1 for a fresh subspace at every step",
        )
        require(
            self.side in SIDES,
            f"side {self.side!r}",
            f"one of {SIDES}",
            "choose one of them",
        )
        require(
            self.momentum in ("keep", "project", "code"),
            f"momentum {self.momentum!r}",
            "'keep', 'project' or 'code'",
            "choose one of them",
        )

    def _turned(self, shape: tuple[int, ...]) -> bool:
        """Whether the loop works on transposes."""
        return transposed(self.side, shape)

    def rows(self, shape: tuple[int, ...]) -> int:
        """m: how many rows the loop sees of an iterate of this shape."""
        return shape[1] if self._turned(shape) else shape[0]

    def init(self, x0: Matrix, oracle: AbstractOracle, key: Key) -> SubspaceState:
        require(x0.ndim == 2, f"an iterate of shape {x0.shape}", "a matrix", "reshape it")
        m, n = x0.shape[::-1] if self._turned(x0.shape) else x0.shape
        require(
            self.r <= min(m, n),
            f"rank r = {self.r} for a {m} × {n} matrix",
            "r ≤ min(m, n)",
            "lower the rank",
        )
        P = jnp.zeros((m, self.r), x0.dtype)
        return SubspaceState(x0, P, self.inner.init(jnp.zeros((self.r, n), x0.dtype)))

    def step(
        self, t: Count, state: SubspaceState, oracle: AbstractOracle, key: Key
    ) -> SubspaceState:
        turned = self._turned(state.x.shape)

        def view(G: Matrix) -> Matrix:
            return G.T if turned else G

        G = view(oracle.grad(state.x, key))

        def refresh() -> tuple[Matrix, Matrix, Any]:
            # Derived here and not by a split above: between refreshes no hash is spent on it.
            batch, fresh = jax.random.split(jax.random.fold_in(key, 1))
            seen = G
            if self.refresh_batch is not None:
                seen = view(mean_grad(oracle, state.x, batch, self.refresh_batch))
            P = self.projector.frame(t, seen, fresh, self.r)
            memory = state.memory
            if self.momentum != "keep":
                memory = self.inner.carry(memory, P.T @ state.P)
            return lift(P.T, seen), P, memory

        def keep() -> tuple[Matrix, Matrix, Any]:
            return lift(state.P.T, G), state.P, state.memory

        # R is computed inside the branches: outside, XLA would fuse it into P N and compute it
        # again for every row.
        R, P, memory = jax.lax.cond(t % self.tau == 0, refresh, keep)
        N, memory = self.inner.apply(R, memory)
        if self.momentum == "code":
            forgotten = (t % self.tau == 0) & (t > 0)
            memory = jax.tree.map(
                lambda old, new: jnp.where(forgotten, old, new), state.memory, memory
            )
        return SubspaceState(state.x - self.eta * view(lift(P, N)), P, memory)
