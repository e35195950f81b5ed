"""Arrays of balls: NumPy arrays of objects, each an `arb`, a midpoint with a radius.

A real value is an array of balls. Rational numbers are kept as such, `fmpq`, while they are short
where that is asked for: no precision tells two balls of one number to be equal. A truth value that
balls do not decide is None, in an array of objects; decided ones, integers and keys are ordinary
arrays and exact.
"""

from __future__ import annotations

import contextlib
import functools
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import flint
import jax
import jax.numpy as jnp
import numpy as np
from flint import arb, fmpq


def kind(aval: Any) -> str:
    """ "f" for reals, "b" for truth, "i" for integers, "k" for keys."""
    return _kind(aval.dtype)


@functools.cache
def _kind(dtype: Any) -> str:
    if jnp.issubdtype(dtype, jax.dtypes.extended):
        return "k"
    if jnp.issubdtype(dtype, np.floating):
        return "f"
    if jnp.issubdtype(dtype, np.complexfloating):
        raise Unsupported("complex numbers have no enclosure")
    return "b" if np.dtype(dtype).kind == "b" else "i"


class Undecided(ArithmeticError):
    """Balls are too wide to decide what the program does next: more precision may do."""


class Unsupported(Exception):
    """An operation without an enclosure here: no precision helps."""


_ALONE = threading.RLock()
_digits = 0  # of numerator and denominator together, in bits; longer rationals become balls


@contextlib.contextmanager
def bits(precision: int, rational: int = 0) -> Iterator[None]:
    """Compute with midpoints of so many bits, and keep rationals of up to `rational` bits. Other
    threads wait, for flint has one precision for all."""
    global _digits
    with _ALONE:
        before = flint.ctx.prec, _digits
        flint.ctx.prec, _digits = precision, rational
        try:
            yield
        finally:
            flint.ctx.prec, _digits = before


def number(v: Any) -> Any:
    """A float or integer as a rational, if they are kept, or as a ball."""
    if _digits and math.isfinite(v):
        return fmpq(*v.as_integer_ratio())
    return arb(v)


def tidy(x: Any) -> Any:
    """A result, as a ball if it is too long a rational."""
    if type(x) is fmpq and x.p.bit_length() + x.q.bit_length() > _digits:
        return arb(x)
    return x


def ball(x: Any) -> arb:
    """A number as a ball."""
    return arb(x) if type(x) is fmpq else x


def is_ball(value: Any) -> bool:
    """Whether a value of the interpreter is an array of objects: balls, or undecided truth."""
    return isinstance(value, np.ndarray) and value.dtype == object


def box(items: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The objects of a flat sequence as an array of this shape."""
    out = np.empty(len(items), object)
    out[:] = items
    return out.reshape(shape)


def exact(array: Any) -> np.ndarray:
    """Floats, integers or decided truth values as the rationals that they are."""
    host = np.asarray(array)
    if host.dtype.kind == "b":
        host = host.astype(np.int64)
    if host.dtype.kind not in "fiu":
        host = host.astype(np.float64)  # bfloat16 and its like; complex numbers raise
    return box([number(v) for v in host.ravel().tolist()], host.shape)


def floats(balls: np.ndarray, dtype: Any) -> np.ndarray | None:
    """The floats that exact balls are, or None where one is no float of `dtype`."""
    flat = [ball(b) for b in balls.ravel().tolist()]
    out = np.array([float(b) for b in flat], dtype).reshape(balls.shape)
    same = all(b.is_exact() and arb(float(v)) == b for b, v in zip(flat, out.ravel().tolist()))
    return out if same else None


def mids(balls: np.ndarray) -> np.ndarray:
    """The midpoints, as float64."""
    flat = [float(ball(b).mid()) for b in balls.ravel().tolist()]
    return np.array(flat, np.float64).reshape(balls.shape)


def each(f: Callable[..., Any], *arrays: Any) -> np.ndarray:
    """`f` entry by entry, with NumPy's broadcasting."""
    if len(arrays) == 1:
        return box([f(v) for v in arrays[0].ravel().tolist()], arrays[0].shape)
    first, *others = arrays
    if any(a.shape != first.shape for a in others):
        first, *others = np.broadcast_arrays(*arrays)
    flat = zip(first.ravel().tolist(), *(a.ravel().tolist() for a in others))
    return box([f(*entries) for entries in flat], first.shape)


def hull(a: Any, b: Any) -> Any:
    """The least ball around two; one truth value for two."""
    if isinstance(a, bool | None):
        return a if a is b else None
    if a is b or (type(a) is type(b) is fmpq and a == b):
        return a
    return ball(a).union(ball(b))


def settled(truth: np.ndarray) -> np.ndarray:
    """Truth values as booleans where all of them are decided."""
    flat = truth.ravel().tolist()
    return truth if any(v is None for v in flat) else np.array(flat, bool).reshape(truth.shape)


def truths(value: Any) -> np.ndarray:
    """Truth values as an array of True, False and None."""
    if is_ball(value):
        return value
    host = np.asarray(value)
    return box(host.ravel().tolist(), host.shape)


def decided(value: Any, what: str) -> Any:
    """An ordinary array, or `Undecided`."""
    if not is_ball(value):
        return value
    value = settled(value)
    if value.dtype == object:
        raise Undecided(f"{what} is not decided")
    return value


def less(a: Any, b: Any) -> bool | None:
    """a < b, None where the balls overlap."""
    return True if a < b else (False if a >= b else None)


def no_more(a: Any, b: Any) -> bool | None:
    """a ≤ b."""
    return True if a <= b else (False if a > b else None)


def same(a: Any, b: Any) -> bool | None:
    """a = b: true of equal exact numbers, false of balls apart."""
    return True if a == b else (False if a != b else None)


def opposite(v: bool | None) -> bool | None:
    """Not v."""
    return None if v is None else not v
