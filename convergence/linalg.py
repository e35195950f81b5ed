"""Haar frames, leading singular subspaces, and small products that stay fast under `vmap`.

XLA multiplies a batch of small matrices one by one on a CPU. `product` has a batching rule instead:
the batch axis goes last and the contraction is unrolled into fused multiply-adds over the batch.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from convergence.shapes import Key

UNROLL = 32  # a longer contraction is left to XLA


@jax.custom_batching.custom_vmap
def product(a: Float[Array, "m k"], b: Float[Array, "k n"]) -> Float[Array, "m n"]:
    """a b."""
    return a @ b


@product.def_vmap
def _product_rule(size: int, batched: Any, a: Array, b: Array) -> tuple[Array, bool]:
    a_last = jnp.moveaxis(a, 0, -1) if batched[0] else a[..., None]
    b_last = jnp.moveaxis(b, 0, -1) if batched[1] else b[..., None]
    inner = a_last.shape[1]
    if inner > UNROLL:
        spec = f"{'z' if batched[0] else ''}mk,{'z' if batched[1] else ''}kn->zmn"
        return jnp.einsum(spec, a, b), True
    total = a_last[:, 0, None, :] * b_last[None, 0, :, :]
    for k in range(1, inner):
        total = total + a_last[:, k, None, :] * b_last[None, k, :, :]
    return jnp.moveaxis(total, -1, 0), True


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
    Z = jax.random.normal(key, (m, r), dtype or jnp.zeros(()).dtype)
    if r <= UNROLL:
        return orthonormal(Z)
    q, upper = jnp.linalg.qr(Z)
    return q * jnp.where(jnp.diagonal(upper) < 0, -1.0, 1.0)


def top_left(G: Float[Array, "m n"], r: int) -> Float[Array, "m r"]:
    """The r leading left singular vectors of G."""
    return jnp.linalg.svd(G, full_matrices=False)[0][:, :r]
