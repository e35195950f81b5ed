"""Compressors C of one message a worker: E‖C(v) − v‖² ≤ (1 − δ)‖v‖² with a certified δ.

A compressor acts on a stack V ∈ Rⁿˣᵈ, one row a worker, independently from row to row. Where its
law has finitely many outcomes `patterns` lists them, so that moments are finite sums.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.errors import InvalidInput, is_whole, require, shown
from convergence.shapes import AbstractModule, Key, Matrix, Reals, real

LISTED = 2**24  # entries of all masks that a law may be listed by


def largest(score: Any, k: Any) -> Any:
    """1 at the k largest entries of the last axis, 0 elsewhere; ties go to the first.

    Each pair is compared once and both ranks use the outcome. XLA computes `score` anew for either
    side of a comparison and may round it differently: an entry compared with itself, or a pair
    compared twice, could lose against itself and fall out.
    """
    place = jnp.arange(score.shape[-1])
    pair = place[:, None] < place[None, :]
    first = score[..., :, None] >= score[..., None, :]
    rank = jnp.sum(first & pair, axis=-2) + jnp.sum(~first & pair, axis=-1)
    return (rank < k).astype(score.dtype)


class AbstractCompressor(AbstractModule):
    """One δ-contractive compressor; `random` unless C(v) is a function of v."""

    random: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, V: Matrix, key: Key) -> Matrix:
        """C applied to every row."""

    @abstractmethod
    def contraction(self, d: int) -> float:
        """The certified δ ∈ (0, 1] on Rᵈ."""

    def patterns(self, n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
        """(chances, masks): shapes (K,) and (K, n, d), for C(V) = mask · V with a random mask."""
        raise InvalidInput(
            f"Got the compressor {type(self).__name__}, but one that multiplies by a random mask "
            "is needed for exact second moments; use RandK or Bernoulli, or a simulation."
        )


def check_listed(law: AbstractCompressor, log_count: float, n: int, d: int) -> None:
    """Refuse to list a law of too many masks (n, d)."""
    require(
        log_count + math.log(n * d) <= math.log(LISTED),
        f"{law} on {n} × {d} entries, of 10^{log_count / math.log(10):.3g} masks",
        f"one whose masks have at most {LISTED} entries together",
        "take fewer entries, or a simulation",
    )


class Exactly(AbstractCompressor):
    """C(v) = v: δ = 1."""

    random = False

    def __call__(self, V: Matrix, key: Key) -> Matrix:
        return V

    def contraction(self, d: int) -> float:
        return 1.0

    def patterns(self, n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
        return np.ones(1), np.ones((1, n, d))


class Masks(AbstractCompressor):
    """C(V) = mask · V for one given mask, of the shape of V: an outcome of a random compressor."""

    mask: Reals = eqx.field(converter=real)
    random = False

    def __call__(self, V: Matrix, key: Key) -> Matrix:
        return self.mask * V

    def contraction(self, d: int) -> float:
        raise InvalidInput(
            "Got Masks, one outcome of a random compressor, but one with a certified δ is needed; "
            "use the compressor that it is an outcome of."
        )


class AbstractKeep(AbstractCompressor):
    """What top-k and rand-k share: k entries survive, δ = k/d."""

    k: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        good = is_whole(self.k, 1, 2**31)  # of 1.5 entries two would be sent
        require(good, f"k = {shown(self.k)}", "a whole k ≥ 1 of entries", "send at least one")

    def fits(self, d: int) -> None:
        """Refuse more entries than there are."""
        require(self.k <= d, f"k = {self.k} of d = {d} entries", "k ≤ d", "send at most all")

    def contraction(self, d: int) -> float:
        self.fits(d)
        return self.k / d


class TopK(AbstractKeep):
    """The k entries of largest modulus. ‖C(v) − v‖² is the sum of the d − k smallest squares, at
    most (1 − k/d)‖v‖², with equality where all moduli agree."""

    random = False

    def __call__(self, V: Matrix, key: Key) -> Matrix:
        self.fits(V.shape[-1])
        return largest(jnp.abs(V), self.k) * V


class RandK(AbstractKeep):
    """k entries chosen uniformly, not rescaled: E‖C(v) − v‖² = (1 − k/d)‖v‖² exactly."""

    def __call__(self, V: Matrix, key: Key) -> Matrix:
        self.fits(V.shape[-1])
        return largest(jax.random.uniform(key, V.shape, V.dtype), self.k) * V

    def patterns(self, n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
        self.fits(d)
        rest = math.lgamma(self.k + 1) + math.lgamma(d - self.k + 1)
        check_listed(self, n * (math.lgamma(d + 1) - rest), n, d)
        rows = np.zeros((math.comb(d, self.k), d))
        for row, kept in zip(rows, itertools.combinations(range(d), self.k)):
            row[list(kept)] = 1.0
        masks = np.stack([np.stack(choice) for choice in itertools.product(rows, repeat=n)])
        return np.full(len(masks), 1 / len(masks)), masks


class ScaledSign(AbstractCompressor):
    """C(v) = (‖v‖₁/d) sign(v): ‖C(v) − v‖² = ‖v‖² − ‖v‖₁²/d ≤ (1 − 1/d)‖v‖² without zeros in v, and
    less with them (sign 0 = 0); 1/d is approached next to an axis."""

    random = False

    def __call__(self, V: Matrix, key: Key) -> Matrix:
        return jnp.mean(jnp.abs(V), axis=-1, keepdims=True) * jnp.sign(V)

    def contraction(self, d: int) -> float:
        return 1 / d


class Bernoulli(AbstractCompressor):
    """C(v) = v with probability δ and 0 otherwise: E‖C(v) − v‖² = (1 − δ)‖v‖² exactly."""

    delta: Reals = eqx.field(converter=real, default=0.5)

    def __check_init__(self) -> None:
        delta = float(self.delta)
        require(0 < delta <= 1, f"delta = {delta:g}", "0 < δ ≤ 1", "use δ = 1 for no compression")

    def __call__(self, V: Matrix, key: Key) -> Matrix:
        sent = jax.random.uniform(key, (V.shape[0], 1), V.dtype) < self.delta
        return jnp.where(sent, V, 0.0)

    def contraction(self, d: int) -> float:
        return float(self.delta)

    def patterns(self, n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
        check_listed(self, n * math.log(2), n, d)
        delta = float(self.delta)
        sent = np.array(list(itertools.product([0.0, 1.0], repeat=n)))
        chances = np.prod(np.where(sent == 1, delta, 1 - delta), axis=1)
        return chances, np.broadcast_to(sent[:, :, None], (len(sent), n, d)).copy()


class Scaling(AbstractCompressor):
    """C(v) = s v, 0 < s < 2: δ = 1 − (1 − s)²; s = 1 + √(1 − δ) is the hardest for stability."""

    s: Reals = eqx.field(converter=real, default=1.0)
    random = False

    def __check_init__(self) -> None:
        s = float(self.s)
        require(0 < s < 2, f"a factor s = {s:g}", "0 < s < 2", "keep |1 − s| < 1")

    def __call__(self, V: Matrix, key: Key) -> Matrix:
        return self.s * V

    def contraction(self, d: int) -> float:
        return 1 - (1 - float(self.s)) ** 2

    def patterns(self, n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
        return np.ones(1), np.full((1, n, d), float(self.s))
