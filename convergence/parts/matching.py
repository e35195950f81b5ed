"""Permutations that align the units of one network with those of another."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Int

from convergence.shapes import Scalar

SMALL = 4  # units up to which all permutations are tried


def permutations(H: int) -> np.ndarray:
    """(H!, H) all of them, in lexicographic order."""
    return np.array(list(itertools.permutations(range(H))), dtype=np.int32)


def best_assignment(S: Float[Array, "H H"]) -> Int[Array, " H"]:
    """The permutation p of largest Σ_u S[u, p_u], exactly: by trying all up to `SMALL` units, by
    the Hungarian method on the host beyond. Of several the first."""
    H = S.shape[0]
    if H <= SMALL:
        every = jnp.asarray(permutations(H))
        totals = jnp.sum(S[jnp.arange(H), every], axis=1)
        return every[jnp.argmax(totals)]
    like = jax.ShapeDtypeStruct((H,), jnp.int32)
    return jax.pure_callback(_hungarian, like, S, vmap_method="sequential")


def _hungarian(S: Any) -> np.ndarray:
    return scipy.optimize.linear_sum_assignment(np.asarray(S), maximize=True)[1].astype(np.int32)


def matchings(S: Float[Array, "n n H H"]) -> Int[Array, "n n H"]:
    """P_ij by `best_assignment` of S_ij = S_jiᵀ for i < j, and P_ji = P_ij⁻¹, which of several best
    ones the first need not be."""
    P = jax.vmap(jax.vmap(best_assignment))(S)
    back = jnp.argsort(P, axis=2).astype(P.dtype)
    later = jnp.tril(jnp.ones(S.shape[:2], bool), -1)
    return jnp.where(later[:, :, None], jnp.swapaxes(back, 0, 1), P)


def alone(S: Any, p: Any, rounded: float = 0.0) -> bool:
    """Whether the permutation p has a larger Σ_u S[u, p_u] than any other, by more than `rounded`:
    than any that leaves out one of its pairs. On the host."""
    S, p, units = np.asarray(S, float), np.asarray(p), np.arange(len(p))
    total, far = S[units, p].sum(), 1 + 2 * len(p) * np.abs(S).max(initial=0.0)
    for u in units if len(p) > 1 else ():
        other = S.copy()
        other[u, p[u]] -= far
        rows, columns = scipy.optimize.linear_sum_assignment(other, maximize=True)
        if S[rows, columns].sum() >= total - rounded:
            return False
    return True


def quotient_square(x: Float[Array, "H p"], y: Float[Array, "H p"]) -> Scalar:
    """min_P ‖x − Py‖²: the distance of two networks whose units have no order."""
    cost = jnp.sum((x[:, None] - y[None]) ** 2, axis=2)
    H = x.shape[0]
    if H <= SMALL:
        return jnp.min(jnp.sum(cost[jnp.arange(H), jnp.asarray(permutations(H))], axis=1))
    return jnp.sum(cost[jnp.arange(H), best_assignment(-cost)])
