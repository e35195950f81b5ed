"""Keys by NumPy: one of two words is a number of 64 bits here, moved and chosen like any number.

Bit for bit what JAX makes of them, without the dozen programs of one operation that it takes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from convergence import philox

TURNS = (13, 15, 26, 6), (17, 29, 16, 24)  # of the rounds of threefry2x32
NAMES = ("random_seed", "random_fold_in", "random_split", "random_bits", "random_wrap",
         "random_unwrap")  # fmt: skip


class Maker(NamedTuple):
    """A generator, of arrays of NumPy: of many keys, as two columns of words, at once, and of as
    many seeds or numbers; what is made has a row for each. A split is of so many keys."""

    impl: Any
    seed: Callable[[Any], Any]
    fold_in: Callable[[Any, Any], Any]
    split: Callable[[Any, int], Any]
    bits: Callable[[Any, int, tuple[int, ...]], Any]


def _threefry(key: Any, left: Any, right: Any) -> tuple[Any, Any]:
    """Salmon, Moraes, Dror, Shaw, SC 2011, section 3.3: twenty rounds."""
    words = *key, key[0] ^ key[1] ^ np.uint32(0x1BD11BDA)
    left, right = left + words[0], right + words[1]
    for k in range(5):
        for turn in TURNS[k % 2]:
            left = left + right
            right = left ^ (right << np.uint32(turn) | right >> np.uint32(32 - turn))
        left = left + words[(k + 1) % 3]
        right = right + words[(k + 2) % 3] + np.uint32(k + 1)
    return left, right


def _counted(key: Any, size: int) -> tuple[Any, Any]:
    count = np.arange(size, dtype=np.uint32)
    return _threefry(key, np.zeros_like(count), count)


def _seed(seed: Any) -> Any:
    high = seed >> 32 if seed.dtype.itemsize > 4 else 0 * seed
    return np.stack([high, seed], axis=-1).astype(np.uint32)


def _bits(key: Any, width: int, shape: tuple[int, ...]) -> Any:
    left, right = (v.reshape(-1, *shape) for v in _counted(key, math.prod(shape)))
    if width == 64:
        return left.astype(np.uint64) << np.uint64(32) | right
    return (left ^ right).astype(f"uint{width}")


MAKERS = {  # by the name of the keys' dtype
    "key<phi>": Maker(
        philox.PHILOX,
        lambda seed: philox.seed(seed, np),
        lambda key, data: philox.derive(key, data, philox.FOLD, np),
        lambda key, size: philox.split(key, (size,), np),
        lambda key, width, shape: philox.bits(key, width, shape, np),
    ),
    "key<fry>": Maker(
        "threefry2x32",
        _seed,
        lambda key, data: np.stack(_threefry(key, np.zeros_like(data), data), axis=-1),
        lambda key, size: np.stack(_counted(key, size), axis=-1),
        _bits,
    ),
}


def extended(value: Any) -> bool:
    """Whether a value of JAX is made of keys."""
    return _extended(value.dtype)


@functools.cache
def _extended(dtype: Any) -> bool:
    return jax.numpy.issubdtype(dtype, jax.dtypes.extended)


def is_keyed(eqn: Any) -> bool:
    """Whether an equation is about keys."""
    return any(extended(v.aval) for v in (*eqn.invars, *eqn.outvars))


def foreign(eqn: Any) -> bool:
    """Whether an equation is about keys that stay JAX's."""
    return any(dtype_of(v.aval) is None for v in (*eqn.invars, *eqn.outvars))


def dtype_of(aval: Any) -> Any:
    """What an array has on the host; None for keys that stay JAX's."""
    if not extended(aval):
        return aval.dtype
    known = aval.dtype.name in MAKERS
    if aval.dtype.name == "key<fry>":  # it draws otherwise where this is not set
        known = getattr(jax.config, "jax_threefry_partitionable", True)
    return np.dtype(np.uint64) if known else None


def lowered(value: Any, aval: Any) -> Any:
    """An array of a program on the host."""
    dtype = dtype_of(aval)
    if dtype is None:
        return value
    if extended(aval) and not isinstance(value, np.ndarray):
        return _number(np.asarray(jax.random.key_data(value)))
    return np.asarray(value, dtype)


def raised(value: Any, aval: Any) -> Any:
    """An array of the host as JAX's, put on the device without a program for that."""
    if not isinstance(value, np.ndarray):
        return value
    if not extended(aval):
        return jax.device_put(value)
    words = jax.device_put(_words(value))
    return jax.random.wrap_key_data(words, impl=MAKERS[aval.dtype.name].impl)


def _words(numbers: Any) -> Any:
    return np.ascontiguousarray(numbers).reshape(*np.shape(numbers), 1).view(np.uint32)


def _number(words: Any) -> Any:
    return np.ascontiguousarray(words).view(np.uint64)[..., 0]


def made(eqn: Any) -> Callable[..., Any]:
    """What an equation among `NAMES` does on the host."""
    name, p, (out,) = eqn.primitive.name, eqn.params, [v.aval for v in eqn.outvars]
    if name == "random_wrap":
        return _number
    if name == "random_unwrap":
        return _words
    maker = MAKERS[next(v.aval.dtype.name for v in (*eqn.invars, *eqn.outvars) if extended(v.aval))]
    act = {
        "random_seed": maker.seed,
        "random_fold_in": lambda key, data: maker.fold_in(_columns(key), data.astype(np.uint32)),
        "random_split": lambda key: maker.split(_columns(key[:, None]), math.prod(p["shape"])),
        "random_bits": lambda key: maker.bits(_columns(key[:, None]), p["bit_width"], p["shape"]),
    }[name]
    inner = p["shape"] if name in ("random_split", "random_bits") else ()

    def each(*args: Any) -> Any:
        """At all keys at once, be they of the program or one a point."""
        args = tuple(np.broadcast_arrays(*args))
        outer = args[0].shape
        if 0 in (*outer, *inner):
            return np.zeros((*outer, *inner), dtype_of(out))
        with np.errstate(all="ignore"):
            found = act(*(v.ravel() for v in args))
        return (_number(found) if extended(out) else found).reshape((*outer, *inner))

    return each


def _columns(numbers: Any) -> tuple[Any, Any]:
    words = _words(numbers)
    return words[..., 0], words[..., 1]
