"""Estimators of a product XY = Σ_i X_i Y_i from few of its column-row pairs (X_i, Y_i).

X is s × m with columns X_i, Y is m × n with rows Y_i, S = Σ_j |X_j||Y_j| and p_i = |X_i||Y_i|/S,
the sampling of least variance. `estimate` is the arithmetic for given draws; calling draws them.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from convergence.errors import require
from convergence.parts.compressors import largest
from convergence.shapes import AbstractModule, Key, Matrix

Chances = Float[Array, " m"]
Draws = Int[Array, " k"]


def sizes(X: Matrix, Y: Matrix) -> Chances:
    """(m,) |X_i||Y_i|."""
    return jnp.sqrt(jnp.sum(X**2, axis=0) * jnp.sum(Y**2, axis=1))


def chances(X: Matrix, Y: Matrix) -> Chances:
    """(m,) p_i = |X_i||Y_i|/S; uniform where the product is 0 term by term."""
    size = sizes(X, Y)
    total = jnp.sum(size)
    return jnp.where(total > 0, size / jnp.where(total > 0, total, 1.0), 1 / size.shape[0])


def kept(X: Matrix, Y: Matrix, weights: Chances) -> Matrix:
    """Σ_i weights_i X_i Y_i."""
    return (X * weights) @ Y


def counts(draws: Draws, live: Any, m: int) -> Chances:
    """(m,) how often each index was drawn by the slots that are live."""
    return jnp.sum((draws[:, None] == jnp.arange(m)) * live[:, None], axis=0)


class AbstractProduct(AbstractModule):
    """An estimator of XY from k column-row pairs."""

    k: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        require(self.k >= 1, f"k = {self.k}", "k ≥ 1 pairs", "keep at least one")

    @abstractmethod
    def __call__(self, X: Matrix, Y: Matrix, key: Key) -> Matrix:
        """The estimate."""


class TopPairs(AbstractProduct):
    """Σ_{i ∈ I} X_i Y_i over the k largest |X_i||Y_i|, not rescaled: deterministic and biased."""

    def __call__(self, X: Matrix, Y: Matrix, key: Key) -> Matrix:
        m = X.shape[1]
        require(self.k <= m, f"k = {self.k} of m = {m} pairs", "k ≤ m", "keep at most all")
        return kept(X, Y, largest(sizes(X, Y), self.k))


class CRS(AbstractProduct):
    """(1/k) Σ_{t≤k} X_j Y_j/p_j with j_1..j_k i.i.d. from p: unbiased, of variance
    (S² − ‖XY‖²)/k. `rescale` = False forgets 1/p (a fault to be caught)."""

    rescale: bool = eqx.field(static=True, default=True)

    def estimate(self, X: Matrix, Y: Matrix, draws: Draws) -> Matrix:
        """The estimate for given indices (k,)."""
        p = chances(X, Y)
        hits = counts(draws, jnp.ones(self.k), X.shape[1])
        safe = jnp.where(p > 0, p, 1.0) if self.rescale else 1.0
        return kept(X, Y, hits / (self.k * safe))

    def __call__(self, X: Matrix, Y: Matrix, key: Key) -> Matrix:
        draws = jax.random.categorical(key, jnp.log(chances(X, Y)), shape=(self.k,))
        return self.estimate(X, Y, draws)


class WTA(AbstractProduct):
    """Σ_{i∈C} X_i Y_i + (1 − P_C)/(k − c) Σ_{t≤k−c} X_j Y_j/p_j: the c likeliest pairs for sure,
    k − c draws from the others, by p renormalized there. c ≤ k − 1; c = None chooses it by the
    score (1 − P_C)/(k − c), which bounds the variance. `weigh` = False forgets 1 − P_C (a fault).
    """

    c: int | None = eqx.field(static=True, default=None)
    weigh: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        c = self.c if self.c is not None else 0
        require(
            0 <= c <= self.k - 1, f"|C| = {c} of k = {self.k}", "0 ≤ |C| ≤ k − 1", "leave one draw"
        )

    def sure(self, p: Chances) -> Any:
        """|C|: as given, or the first minimizer of (1 − P_C)/(k − |C|) over 0..k − 1."""
        if self.c is not None:
            return jnp.asarray(self.c)
        m = p.shape[0]
        top = jnp.concatenate([jnp.zeros(1, p.dtype), jnp.cumsum(jnp.sort(p)[::-1])])
        c = jnp.arange(min(self.k, m))
        return jnp.argmin((1 - top[: len(c)]) / (self.k - c))

    def split(self, X: Matrix, Y: Matrix) -> tuple[Chances, Chances, Any]:
        """(1 on C, p restricted to the others and renormalized, |C|)."""
        p = chances(X, Y)
        c = self.sure(p)
        inside = largest(p, c)
        rest = p * (1 - inside)
        total = jnp.sum(rest)
        rest = jnp.where(total > 0, rest / jnp.where(total > 0, total, 1.0), 1 / p.shape[0])
        return inside, rest, c

    def estimate(self, X: Matrix, Y: Matrix, draws: Draws) -> Matrix:
        """The estimate for given indices (k,) outside C; only the first k − |C| are used."""
        p = chances(X, Y)
        inside, _, c = self.split(X, Y)
        hits = counts(draws, (jnp.arange(self.k) < self.k - c).astype(p.dtype), X.shape[1])
        factor = 1 - jnp.sum(p * inside) if self.weigh else 1.0
        safe = jnp.where(p > 0, p, 1.0)
        return kept(X, Y, inside + (1 - inside) * factor * hits / ((self.k - c) * safe))

    def __call__(self, X: Matrix, Y: Matrix, key: Key) -> Matrix:
        _, rest, _ = self.split(X, Y)
        draws = jax.random.categorical(key, jnp.log(rest), shape=(self.k,))
        return self.estimate(X, Y, draws)
