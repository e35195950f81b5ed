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


def quotient_square(x: Float[Array, "H p"], y: Float[Array, "H p"]) -> Scalar:
    """min_P ‖x − Py‖²: the distance of two networks whose units have no order."""
    cost = jnp.sum((x[:, None] - y[None]) ** 2, axis=2)
    H = x.shape[0]
    if H <= SMALL:
        return jnp.min(jnp.sum(cost[jnp.arange(H), jnp.asarray(permutations(H))], axis=1))
    return jnp.sum(cost[jnp.arange(H), best_assignment(-cost)])
