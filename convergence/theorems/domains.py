"""Domains of a theorem's own fields: the values that its proof allows, checked where it is built.

A theorem declares `domain = {"r": count(), "eta": number("(0, 2)")}`; a subclass adds to what it
inherits or replaces it. What depends on the instance or the horizon is an assumption instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from jax.core import Tracer

from convergence.errors import require


class Domain(NamedTuple):
    """The values a field may take, in words and as a predicate; `values` lists them if few."""

    needed: str
    admits: Callable[[Any], bool]
    values: tuple[Any, ...] = ()


def number(interval: str, array: bool = False) -> Domain:
    """A number in an interval such as "(0, 2)", "[0, 1)" or "(0, inf)", or an `array` of them."""
    low, high = (float(end) for end in interval[1:-1].split(","))
    left, right = interval[0] == "[", interval[-1] == "]"

    def admits(value: Any) -> bool:
        x = np.asarray(value)
        if x.dtype.kind not in "fiu" or (x.ndim and not array):
            return False
        above = (x >= low) if left else (x > low)
        below = (x <= high) if right else (x < high)
        return bool(np.all(above & below))

    return Domain(f"a number in {interval}{' or an array of them' * array}", admits)


def count(low: int = 1) -> Domain:
    """A whole number that is at least `low`."""

    def admits(value: Any) -> bool:
        x = np.asarray(value)
        return x.ndim == 0 and x.dtype.kind in "iu" and int(x) >= low

    return Domain(f"a whole number ≥ {low}", admits)


def one_of(*values: Any) -> Domain:
    """One of a few values."""
    return Domain(
        " or ".join(map(repr, values)),
        lambda value: any(type(value) is type(v) and value == v for v in values),
        values,
    )


def a(*kinds: type, such: Callable[[Any], bool] | None = None, that: str = "") -> Domain:
    """An object of one of these classes, such as a projector or a solver, with a property."""
    names = " or ".join(kind.__name__ for kind in kinds)
    return Domain(
        f"{names} {that}".strip(),
        lambda value: isinstance(value, kinds) and (such is None or such(value)),
    )


def domains(theorem: type) -> Mapping[str, Domain]:
    """Field → domain, of a class of theorems with what it inherits."""
    found: dict[str, Domain] = {}
    for ancestor in reversed(theorem.__mro__):
        found.update(vars(ancestor).get("domain", {}))
    return found


def check_fields(theorem: Any) -> None:
    """Refuse a theorem with a field outside its domain."""
    for name, domain in domains(type(theorem)).items():
        value = getattr(theorem, name)
        if isinstance(value, Tracer):
            continue
        shown = value.tolist() if isinstance(value, np.ndarray) else value
        require(
            domain.admits(value),
            f"{name} = {shown!r} in {type(theorem).__name__}",
            domain.needed,
            "the statement is proved for nothing else",
        )


def check_defaults(statement: Any) -> None:
    """Refuse a statement with another value than the default in a field that no domain frees."""
    free = domains(type(statement))
    for field in dataclasses.fields(statement):
        if field.name in free or field.default is dataclasses.MISSING:
            continue
        value = getattr(statement, field.name)
        require(
            value is field.default or bool(value == field.default),
            f"{field.name} = {value!r} in {type(statement).__name__}",
            repr(field.default),
            "the statement is proved for nothing else",
        )


def code_of(*names: str) -> Domain:
    """Whose code is judged. Values are not listed: a search keeps to what a claim names."""
    return Domain(" or ".join(map(repr, names)), lambda value: value in names)


CODE = code_of("own", "optax", "torch")
