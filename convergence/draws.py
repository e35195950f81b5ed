"""Normal numbers from random bits by a table of the inverse distribution function.

A word of bits gives a sign and v in (0, 1/2), and |x| = −Φ⁻¹(v). Between consecutive numbers of
the form (1 + s/2^m) 2^{−e}, Φ⁻¹ is a polynomial to the last digits; exponent and leading bits of v
are its row in the table, with no logarithm and no branch. In float64 v has 52 random bits, |x| ≤
8.2 and |error| < 1e-13; in float32 31 bits, |x| ≤ 6.4 and |error| < 2e-6.
XLA's inverse error function took 9.3 ns a number on one core, the table 1.6.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from convergence.shapes import Iterate, Key, Scalar, Vector


class _Layout(NamedTuple):
    """Of a floating-point type and of the table for it."""

    word: Any  # the integer type of its bits
    mantissa: int  # stored bits
    one: int  # the bits of 1
    octaves: int  # v lies in [2^{−1−octaves}, 1/2)
    m: int
    degree: int


LAYOUTS = {
    "float64": _Layout(np.uint64, 52, 0x3FF << 52, 53, 5, 5),
    "float32": _Layout(np.uint32, 23, 0x7F << 23, 32, 4, 3),
}


@functools.cache
def table(dtype: str) -> np.ndarray:
    """(degree + 1, octaves · 2^m): coefficients of Φ⁻¹ in y = v·2^e − 1 − s/2^m, interpolated at
    Chebyshev's nodes.

    By divided differences, entry by entry: a solver's last digits, and with them every draw,
    would hang on the processor.
    """
    from scipy.special import ndtri

    _, _, _, octaves, m, degree = LAYOUTS[dtype]
    row = np.arange(octaves << m)
    e, s = (row >> m) - octaves - 1, row & ((1 << m) - 1)
    count = degree + 1
    # Nodes of 2^m y, short enough that no library's cosine is seen in them.
    nodes = [
        round(2**19 * (math.cos((k + 0.5) * math.pi / count) + 1)) / 2**20 for k in range(count)
    ]
    news = [ndtri(np.ldexp(1 + (s + node) / 2**m, e)) for node in nodes]
    for k in range(1, count):  # Newton's coefficients
        for i in range(degree, k - 1, -1):
            news[i] = (news[i] - news[i - 1]) / (nodes[i] - nodes[i - k])
    found = [news[degree]]
    for k in range(degree - 1, -1, -1):  # times (2^m y − node), plus the next
        found = [
            low - nodes[k] * high
            for low, high in zip([news[k], *found], [*found, 0.0], strict=True)
        ]
    return np.array([np.ldexp(c, m * i) for i, c in enumerate(found)], dtype)


def _unit(bits: Any, dtype: str) -> Any:
    """(0, 1): the middle of each of the intervals that the bits tell apart."""
    if dtype == "float64":
        one = np.uint64(LAYOUTS[dtype].one)
        return jax.lax.bitcast_convert_type((bits >> np.uint64(12)) | one, dtype) - (1 - 2.0**-53)
    middle = (bits >> np.uint32(1)).astype(dtype) * np.float32(2.0**-31) + np.float32(2.0**-32)
    return jnp.minimum(middle, np.float32(1 - 2.0**-24))  # the sum may be rounded up to 1


def _quantile(bits: Any, dtype: str) -> Any:
    word, mantissa, one, octaves, m, _ = LAYOUTS[dtype]

    def real(bits: Any) -> Any:
        return jax.lax.bitcast_convert_type(bits, dtype)

    # Divided by ±1 instead of multiplied, here and below: what is dear, XLA does once. The random
    # bits of a draw were made again for each column of the table, and the draw for each reader.
    w = _unit(bits, dtype) / _sign(bits, dtype)
    v = jax.lax.bitcast_convert_type(abs(w) / 2, word)
    lowest = (one >> (mantissa - m)) - ((octaves + 1) << m)
    row = (v >> word(mantissa - m)).astype(jnp.int32) - lowest
    inside = v & word((1 << mantissa) - 1)
    leading = inside & word(((1 << m) - 1) << (mantissa - m))
    y = real(inside | word(one)) - real(leading | word(one))
    *lower, x = (jnp.asarray(c).at[row].get(mode="promise_in_bounds") for c in table(dtype))
    for c in reversed(lower):
        x = x * y + c
    sign = jax.lax.bitcast_convert_type(w, word) & word(1 << (8 * word(0).itemsize - 1))
    return x / real(sign | word(one))


def _sign(bits: Any, dtype: str) -> Any:
    """±1 by the lowest bit."""
    word, _, one, *_ = LAYOUTS[dtype]
    sign = (bits & word(1)) << word(8 * word(0).itemsize - 1)
    return jax.lax.bitcast_convert_type(sign | word(one), dtype)


@functools.partial(jax.jit, static_argnums=(1, 2))
def _normal(key: Key, shape: tuple[int, ...], dtype: str) -> Iterate:
    return _quantile(jax.random.bits(key, shape, LAYOUTS[dtype].word), dtype)


@functools.partial(jax.jit, static_argnums=(1, 2))
def _radial(key: Key, size: int, dtype: str) -> tuple[Scalar, Vector]:
    if size == 1:  # one word is enough for both
        bits = jax.random.bits(key, (), LAYOUTS[dtype].word)
        return _unit(bits, dtype), _sign(bits, dtype)[None]
    bits = jax.random.bits(key, (size + 1,), LAYOUTS[dtype].word)
    return _unit(bits[0], dtype), _quantile(bits[1:], dtype)


def normal(key: Key, shape: tuple[int, ...] = (), dtype: Any = None) -> Iterate:
    """Independent N(0, 1) numbers of a shape, float64 or float32 (else by JAX's own way)."""
    name = jnp.zeros((), dtype).dtype.name
    return _normal(key, shape, name) if name in LAYOUTS else jax.random.normal(key, shape, dtype)


def radial(key: Key, size: int, dtype: Any) -> tuple[Scalar, Vector]:
    """A uniform number in (0, 1), and a vector (size,) with a uniform direction: normal numbers, ±1
    if size is 1. From one call of the generator, whose code is a large part of a compiled step."""
    return _radial(key, size, jnp.zeros((), dtype).dtype.name)
