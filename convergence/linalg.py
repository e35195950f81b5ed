"""Haar frames, leading singular subspaces, and the lift from a subspace.

XLA multiplies a batch of small matrices one by one on a CPU; written out, a small product fuses
with what is around it.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from convergence.draws import normal
from convergence.shapes import Key

UNROLL = 32  # a longer contraction is left to XLA


def lift(P: Float[Array, "m r"], N: Float[Array, "r n"]) -> Float[Array, "m n"]:
    """P N as a sum of r outer products: up to twice as fast as `P @ N` under vmap for small r.

    It fuses into what uses it. A product of products needs a `lax.cond` or a loop between the two,
    or XLA computes the inner one again for every row of the outer.
    """
    if P.shape[1] > UNROLL:
        return P @ N
    total = P[:, 0, None] * N[0]
    for k in range(1, P.shape[1]):
        total = total + P[:, k, None] * N[k]
    return total


def orthonormal(Z: Float[Array, "m r"]) -> Float[Array, "m r"]:
    """The Q factor of Z with a positive diagonal of R, by Gram–Schmidt applied twice.

    Twice is enough for orthonormality to rounding; unrolled over the r columns it batches well.
    """
    columns: list[Array] = []
    for j in range(Z.shape[1]):
        z = Z[:, j]
        for _ in range(2):
            for q in columns:
                z = z - jnp.sum(q * z) * q
        columns.append(z / jnp.sqrt(jnp.sum(z * z)))
    return jnp.stack(columns, axis=1)


def haar(key: Key, m: int, r: int, dtype: Any = None) -> Float[Array, "m r"]:
    """P uniform on the Stiefel manifold {P : PᵀP = I_r}; E[PPᵀ] = (r/m) I.

    The Q factor (positive diagonal) of a Gaussian matrix is exactly Haar distributed.
    """
    Z = normal(key, (m, r), dtype or jnp.zeros(()).dtype)
    if r <= UNROLL:
        return orthonormal(Z)
    q, upper = jnp.linalg.qr(Z)
    return q * jnp.where(jnp.diagonal(upper) < 0, -1.0, 1.0)


def top_left(G: Float[Array, "m n"], r: int) -> Float[Array, "m r"]:
    """The r leading left singular vectors of G."""
    return jnp.linalg.svd(G, full_matrices=False)[0][:, :r]
