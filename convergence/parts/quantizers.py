"""Rounding to a grid, stochastic (unbiased) or to nearest (not), and group-wise integers."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from convergence.errors import require
from convergence.shapes import Key


def round_stochastic(y: Float[Array, ...], h: Any, key: Key) -> Float[Array, ...]:
    """Q(y) ∈ hℤ: up with probability frac(y/h), else down. E Q(y) = y and E‖Q(y) − y‖² ≤ d h²/4.

    The variance is h² f(1 − f) an entry, f the fraction; it is largest halfway between two points.
    """
    scaled = y / h
    down = jnp.floor(scaled)
    rounded = h * (down + (jax.random.uniform(key, y.shape, y.dtype) < scaled - down))
    return jnp.where(_apart(scaled), rounded, y)


def round_nearest(y: Float[Array, ...], h: Any) -> Float[Array, ...]:
    """The nearest point of hℤ (ties to even)."""
    scaled = y / h
    return jnp.where(_apart(scaled), h * jnp.round(scaled), y)


def _apart(scaled: Array) -> Array:
    """Whether y/h has a fraction: else y is as near to a point of hℤ as floats are to each other,
    and y/h may overflow."""
    return jnp.abs(scaled) < 1 / jnp.finfo(scaled.dtype).eps


class Groups(NamedTuple):
    """Integers q with one scale and one zero point a group: w ≈ (q − zero) · scale."""

    q: Array
    scale: Array
    zero: Array


def check_groups(size: int, bits: int, group: int) -> None:
    """Refuse a format that does not fit `size` entries."""
    require(1 <= bits <= 16, f"bits = {bits}", "1 ≤ bits ≤ 16", "4 and 8 are usual")
    require(
        group >= 1 and size % group == 0,
        f"groups of {group} for {size} entries",
        "a group length that divides the number of entries",
        "choose a divisor",
    )


def _fit(w: Array, bits: int, group: int) -> tuple[Array, Array, Array]:
    check_groups(w.size, bits, group)
    rows = w.reshape(-1, group)
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    top = 2**bits - 1
    scale = jnp.maximum(high - low, 1e-5) / top
    zero = jnp.clip(jnp.round(-low / scale), 0, top)
    return rows, scale, zero


def quantize(w: Float[Array, ...], bits: int, group: int, key: Key | None = None) -> Groups:
    """Asymmetric integers of `bits` bits by groups: scale = (max − min)/(2^bits − 1), zero =
    round(−min/scale), both q and zero clamped to [0, 2^bits − 1]; to nearest, or stochastically
    with a key.

    ‖error‖∞ ≤ scale/2 (to nearest) holds only for groups with min ≤ 0 ≤ max: the clamped zero of
    a group on one side of 0 adds its distance from 0. Stochastic rounding is unbiased on a fixed
    scale, except where the clamp acts. Source: the public code of arXiv 2407.08296.
    """
    rows, scale, zero = _fit(w, bits, group)
    levels = rows / scale
    rounded = jnp.round(levels) if key is None else round_stochastic(levels, 1.0, key)
    return Groups(jnp.clip(rounded + zero, 0, 2**bits - 1), scale, zero)


def dequantize(groups: Groups, shape: tuple[int, ...]) -> Float[Array, ...]:
    """(q − zero) · scale in the given shape."""
    return ((groups.q - groups.zero) * groups.scale).reshape(shape)
