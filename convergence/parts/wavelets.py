"""The orthonormal Haar wavelet transform along the last axis."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from convergence.errors import require

HALF = 0.5**0.5


def check_level(n: int, level: int) -> None:
    """Refuse a level that does not halve n evenly."""
    require(level >= 0, f"level {level}", "level ≥ 0", "0 is the identity")
    require(
        n >= 1 and n % 2**level == 0,
        f"blocks of length {2**level} on n = {n} columns",
        f"n divisible by 2^level = {2**level}",
        "lower the level or pad the matrix",
    )


def split(G: Float[Array, "... n"], level: int) -> tuple[Array, tuple[Array, ...]]:
    """(A_l, (D_l, …, D_1)): A = (g₀ + g₁)/√2, D = (g₀ − g₁)/√2 on pairs, recursively on A.

    The sum is taken before the product, so that g₁ = −g₀ gives A = 0 exactly.
    """
    check_level(G.shape[-1], level)
    details: list[Array] = []
    A = G
    for _ in range(level):
        even, odd = A[..., 0::2], A[..., 1::2]
        details.insert(0, (even - odd) * HALF)
        A = (even + odd) * HALF
    return A, tuple(details)


def merge(A: Float[Array, "... k"], details: tuple[Array, ...]) -> Float[Array, "... n"]:
    """The inverse of `split`."""
    for D in details:
        pairs = jnp.stack([(A + D) * HALF, (A - D) * HALF], axis=-1)
        A = pairs.reshape(*D.shape[:-1], 2 * D.shape[-1])
    return A
