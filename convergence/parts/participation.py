"""Which clients take part in a round, and which blocks a client can afford."""

from __future__ import annotations

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.errors import is_whole, numbers, require, shown
from convergence.shapes import AbstractModule, Key, Reals, Vector, real


class AbstractParticipation(AbstractModule):
    """Draws how often each of n clients takes part in a round."""

    m: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        require(self.m >= 1, f"m = {self.m} clients a round", "m ≥ 1", "sample at least one")

    def check(self, n: int) -> None:
        """Refuse more clients a round than there are."""
        require(self.m <= n, f"m = {self.m} of n = {n} clients", "m ≤ n", "sample fewer clients")

    def draw(self, key: Key, n: int) -> Vector:
        """(n,) times a client takes part; they sum to m."""
        raise NotImplementedError


class UniformClients(AbstractParticipation):
    """m of n clients, uniformly and without replacement."""

    def draw(self, key: Key, n: int) -> Vector:
        self.check(n)
        if self.m == n:
            return jnp.ones(n)
        return (jax.random.permutation(key, n) < self.m).astype(float)

    def patterns(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """(chances (K,), outcomes (K, n)) of all subsets."""
        self.check(n)
        chosen = list(itertools.combinations(range(n), self.m))
        found = np.zeros((len(chosen), n))
        for row, which in zip(found, chosen, strict=True):
            row[list(which)] = 1.0
        return np.full(len(found), 1 / len(found)), found


class GivenClients(AbstractParticipation):
    """The same outcome in every round."""

    outcome: Reals = eqx.field(converter=real)

    def draw(self, key: Key, n: int) -> Vector:
        return jnp.asarray(self.outcome)


def knapsack(scores: Any, sizes: Any, budget: int) -> np.ndarray:
    """(B,) of 0 and 1: the blocks of largest total score whose sizes sum to at most `budget`.

    scores: (B,) ≥ 0. sizes: (B,) whole numbers ≥ 1. Exact, by dynamic programming over sizes.
    """
    scores, sizes = numbers(scores, "scores"), np.asarray(sizes)
    require(
        is_whole(budget, -(2**31), 2**31),
        f"a budget of {shown(budget)}",
        "a whole number of entries",
        "round it down",
    )
    require(
        scores.ndim == 1 and sizes.shape == scores.shape and sizes.dtype.kind in "iu"
        and bool(np.all(sizes >= 1)) and bool(np.all(scores >= 0)),
        f"scores {scores.shape} and sizes {sizes.shape} ({sizes.dtype})",
        "one score ≥ 0 and one whole size ≥ 1 a block",
        "count entries, and shift scores",
    )  # fmt: skip
    require(
        budget >= int(sizes.min()),
        f"a budget of {budget} for blocks of {int(sizes.min())} or more entries",
        "room for one block",
        "raise the budget, or cut finer blocks",
    )
    best = np.zeros((len(scores) + 1, budget + 1))
    for i, (score, size) in enumerate(zip(scores, sizes, strict=True)):
        best[i + 1] = best[i]
        if size <= budget:
            taken = best[i, : budget + 1 - size] + score
            best[i + 1, size:] = np.maximum(best[i, size:], taken)
    chosen, room = np.zeros(len(scores)), budget
    for i in reversed(range(len(scores))):
        if best[i + 1, room] > best[i, room]:
            chosen[i] = 1.0
            room -= int(sizes[i])
    return chosen
