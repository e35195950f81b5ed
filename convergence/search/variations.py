"""Instances like a given one: its own numbers, each times a factor eᶻ.

What a class refuses to be built from (weights that no longer sum to one, matrices that no longer
mix) is not varied; nor is what has no certificate of its own, such as an orthogonal basis.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import equinox as eqx
import numpy as np

from convergence.errors import InvalidInput

STARTS = ("x0", "X0", "start")  # varied entry by entry, whatever their shape
KEPT = ("Q", "E", "U", "V", "W", "along", "chances", "p", "u", "v")  # bases, directions, orders


def fields(thing: Any) -> list[str] | None:
    """The names that `thing` is built from, or None if it is built from something else."""
    names = [f.name for f in dataclasses.fields(thing) if f.init]
    return names if list(inspect.signature(type(thing)).parameters) == names else None


def rebuilt(thing: Any, **new: Any) -> Any:
    """`thing` with some of its fields replaced, and checked as when it was built."""
    given = {name: getattr(thing, name) for name in fields(thing) or ()}
    return type(thing)(**{**given, **new})


def sizes(name: str, value: Any) -> tuple[int, ...]:
    """How many factors a field of real numbers may take, the most first: an entry each, or one."""
    dtype = getattr(value, "dtype", None)
    if name in KEPT or dtype is None or not np.issubdtype(dtype, np.floating):
        return ()
    entries = int(np.size(value))
    return (entries, 1) if name in STARTS or np.ndim(value) <= 1 else (1,)


def varied(name: str, value: Any, z: np.ndarray) -> np.ndarray:
    """The field's numbers times their factors."""
    factors = np.exp(np.clip(z, -20, 20))
    value = np.asarray(value, float)
    by = factors.reshape(value.shape) if len(z) == value.size else factors[0]
    return np.asarray(value * by)


def parts_of(thing: Any) -> list[tuple[str, int, Callable[[np.ndarray], Any]]]:
    """(name, number of factors, what makes it of them) of each field that is varied."""
    parts: list[tuple[str, int, Callable[[np.ndarray], Any]]] = []
    for name in fields(thing) or ():
        value = getattr(thing, name)
        if isinstance(value, eqx.Module):
            size, one = variations(value)
        else:
            tries = [k for k in sizes(name, value) if accepts(thing, name, value, k)]
            size, one = (tries or [0])[0], _factor(name, value)
        if size:
            parts.append((name, size, one))
    return parts


def like(*things: Any) -> str:
    """The name of the family of instances like these, with the fields that are varied."""
    named = {type(thing).__name__: [name for name, _, _ in parts_of(thing)] for thing in things}
    told = [f"{', '.join(names)} of {kind}" for kind, names in named.items() if names]
    return f"instances like its own ({'; '.join(told) or 'nothing varied'})"


def variations(thing: Any) -> tuple[int, Callable[[np.ndarray], Any]]:
    """(k, make): make(z) is `thing` with its numbers varied, z ∈ Rᵏ, and `thing` itself at 0."""
    parts = parts_of(thing)
    ends = np.cumsum([0, *(size for _, size, _ in parts)])

    def make(z: np.ndarray) -> Any:
        new = {n: m(z[i:j]) for (n, _, m), i, j in zip(parts, ends, ends[1:])}
        return rebuilt(thing, **new) if parts else thing

    return int(ends[-1]), make


def _factor(name: str, value: Any) -> Callable[[np.ndarray], np.ndarray]:
    return lambda z: varied(name, value, z)


def accepts(thing: Any, name: str, value: Any, size: int) -> bool:
    """Whether `thing` can be built with this field varied a little."""
    z = 0.01 * np.random.default_rng(0).standard_normal(size)
    try:
        rebuilt(thing, **{name: varied(name, value, z)})
    except (InvalidInput, ValueError, ArithmeticError, np.linalg.LinAlgError):
        return False
    return True
