"""CE-LoRA: the backward product through a frozen layer from its leading part and few rows."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.errors import require
from convergence.parts.compressors import largest
from convergence.parts.matrix_products import sizes
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, Vector, real


class Layered(AbstractState):
    """θ, the rows I in use as a 0-1 vector, B₀A₀ and W_s = W − B₀A₀."""

    x: Iterate
    rows: Vector
    low: Matrix
    rest: Matrix


class CELoRA(AbstractAlgorithm):
    """ĝ = (R B₀)A₀ + R[:, I] W_s[I, :] + ξ,  θ⁺ = θ − ηĝ; I: the k rows of largest |R_i||W_s,i|
    (`rule` = "pairs") or |W_s,i| ("weights"), chosen anew every `refresh` steps, never rescaled.
    What lies below the layer turns the product into the gradient: `Layer.through`.

    Double-LoRA: W = B₀A₀ + W_s with the leading r0 singular triples in B₀A₀; r0 = 0 has none.
    Differs from the public layer in: (1) rows are chosen at step 0 already, not after the first
    period; (2) "weights" is what that code computes, "pairs" what it documents.
    """

    eta: Reals = eqx.field(converter=real)
    k: int = eqx.field(static=True)
    r0: int = eqx.field(static=True, default=0)
    refresh: int = eqx.field(static=True, default=1)
    rule: str = eqx.field(static=True, default="pairs")

    def __check_init__(self) -> None:
        require(self.k >= 1, f"k = {self.k} rows", "k ≥ 1", "keep at least one row")
        require(self.r0 >= 0, f"rank r0 = {self.r0}", "r0 ≥ 0", "use 0 for no split")
        require(self.refresh >= 1, f"a refresh period {self.refresh}", "≥ 1 step", "use 1")
        rules = ("pairs", "weights")
        require(self.rule in rules, f"rule {self.rule!r}", f"one of {rules}", "choose one")

    def init(self, x0: Iterate, oracle: Any, key: Key) -> Layered:
        _, W = oracle.factors(x0)
        m, n = W.shape
        require(self.k <= m, f"k = {self.k} of {m} rows", "k ≤ m", "keep at most all rows")
        full = min(m, n)
        require(self.r0 <= full, f"rank r0 = {self.r0}", f"r0 ≤ {full}", "split off less")
        U, S, Vt = jnp.linalg.svd(W, full_matrices=False)
        low = (U[:, : self.r0] * S[: self.r0]) @ Vt[: self.r0]
        return Layered(x0, jnp.ones(m, x0.dtype), low, W - low)

    def step(self, t: Count, state: Layered, oracle: Any, key: Key) -> Layered:
        R, _ = oracle.factors(state.x)
        norms = jnp.sqrt(jnp.sum(state.rest**2, axis=1))
        score = sizes(R, state.rest) if self.rule == "pairs" else norms
        rows = jnp.where(t % self.refresh == 0, largest(score, self.k), state.rows)
        product = R @ state.low + (R * rows) @ state.rest
        g = oracle.through(state.x, product) + oracle.disturbance(state.x, key)
        return Layered(state.x - self.eta * g, rows, state.low, state.rest)
