"""DIMAT (Saadati et al. 2024): agents permute their neighbors' units before they average."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.errors import require
from convergence.oracles.base import AbstractOracle
from convergence.parts.graphs import check_agents
from convergence.parts.matching import matchings
from convergence.shapes import Count, Iterate, Key, Reals, real

MATCHES = ("weights", "activations", "none", "shift")


class DIMATState(AbstractState):
    """X (n, H, p), and P[i, j], the unit of j that agent i sees in the place of each of its own."""

    x: Iterate
    P: Int[Array, "n n H"]


class DIMAT(AbstractAlgorithm):
    """m_i = w_ii x_i + Σ_{j≠i} w_ij P_ij x_j, all from the same X, and X⁺ = M − αG(M).

    An agent's parameters are H rows, one a hidden unit: its weights, bias and outgoing weights, so
    that one permutation of rows moves a unit in both layers. match: P_ij maximizes ⟨x_i, P x_j⟩
    ("weights") or the correlation of the units' activations on probe data ("activations"), is the
    identity ("none": plain averaging), or a cyclic shift ("shift": no matching at all). once:
    match in the first round only, and keep these P. P_ji = P_ij⁻¹, also where several are best.

    Differs from the authors' code in: 1. one gradient step in place of epochs of SGD or Adam; 2.
    no agent's merge is copied to the others on a complete graph.
    """

    W: Reals = eqx.field(converter=real)
    alpha: Reals = eqx.field(converter=real)
    match: str = eqx.field(static=True, default="weights")
    once: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        require(self.match in MATCHES, f"match = {self.match!r}", f"one of {MATCHES}", "choose one")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> DIMATState:
        require(
            x0.ndim == 3,
            f"a stack of shape {x0.shape}",
            "(n, H, p), the rows of H units an agent",
            "stack one row a hidden unit",
        )
        check_agents(x0, self.W)
        return DIMATState(x0, self.matched(x0, oracle))

    def scores(self, X: Iterate, oracle: Any) -> Float[Array, "n n H H"]:
        """How well unit v of agent j fits in the place of unit u of agent i."""
        seen = X if self.match == "weights" else oracle.activations(X)
        if self.match == "activations":
            seen = seen - jnp.mean(seen, axis=2, keepdims=True)
            size = jnp.sqrt(jnp.sum(seen**2, axis=2, keepdims=True))
            seen = seen / jnp.where(size > 0, size, 1.0)
        return jnp.einsum("iuk,jvk->ijuv", seen, seen)

    def matched(self, X: Iterate, oracle: AbstractOracle) -> Int[Array, "n n H"]:
        """P."""
        n, H = X.shape[:2]
        if self.match in ("none", "shift"):
            own = jnp.arange(H, dtype=jnp.int32)
            other = own if self.match == "none" else (own + 1) % H
            return jnp.where(jnp.eye(n, dtype=bool)[:, :, None], own, other)
        return matchings(self.scores(X, oracle))

    def merged(self, X: Iterate, P: Int[Array, "n n H"]) -> Iterate:
        """M."""
        n = len(X)
        moved = jax.vmap(lambda p: jax.vmap(lambda x, q: x[q])(X, p))(P)  # [i, j] is P_ij x_j
        seen = jnp.where(jnp.eye(n, dtype=bool)[:, :, None, None], X[None], moved)
        return jnp.einsum("ij,ijup->iup", self.W, seen)

    def step(self, t: Count, state: DIMATState, oracle: AbstractOracle, key: Key) -> DIMATState:
        P = state.P if self.once else self.matched(state.x, oracle)
        M = self.merged(state.x, P)
        return DIMATState(M - self.alpha * oracle.grad(M, key), P)
