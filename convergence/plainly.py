"""Programs that are traced by JAX and evaluated by NumPy: for a look at an instance, which takes
microseconds, compiling would be nearly all of the time.

A program with keys, long loops or large arrays is compiled in haste instead. What NumPy has no rule
for here is run by JAX, one operation at a time.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.extend import core

from convergence.compiling import divided, hastily
from convergence.plain_rules import RULES

KEPT = 64  # programs of a function
LONG = 20_000  # operations, of which NumPy makes some 3e5 a second
LARGE = 2**20  # entries of an array


class Evaluated:
    """A function of modules and arrays, evaluated by NumPy where that is faster."""

    def __init__(self, function: Callable[..., Any]):
        functools.update_wrapper(self, function)
        self._function, self._compiled = function, hastily(function)
        self._kept: dict[Any, Any] = {}

    def __call__(self, *args: Any) -> Any:
        """What the function gives: arrays of NumPy, or of JAX where it was compiled."""
        arrays, rest = eqx.partition(args, eqx.is_array)
        leaves, structure = jax.tree.flatten(arrays)
        leaves = [np.asarray(v) if not _extended(v) else v for v in leaves]
        others, other = jax.tree.flatten(rest)
        key = structure, tuple((v.shape, v.dtype) for v in leaves), tuple(others), other, _wide()
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = self._traced(leaves, structure, rest)
        program, form = self._kept[key]
        if program is None:
            return self._compiled(*args)
        with np.errstate(all="ignore"):
            return jax.tree.unflatten(form, closed(program, leaves))

    def _traced(self, leaves: list[Any], structure: Any, rest: Any) -> tuple[Any, Any]:
        """The program and the form of what it gives; None for one that had better be compiled."""

        def flat(*leaves: Any) -> Any:
            return self._function(*eqx.combine(jax.tree.unflatten(structure, leaves), rest))

        if any(map(_extended, leaves)):
            return None, None
        program, shapes = jax.make_jaxpr(flat, return_shape=True)(*leaves)
        return (program if _light(program.jaxpr) else None), jax.tree.structure(shapes)


def plainly(function: Callable[..., Any]) -> Evaluated:
    """For a look at an instance: traced once a form of arguments, and evaluated by NumPy."""
    return Evaluated(function)


def _wide() -> bool:
    return bool(jax.config.jax_enable_x64)  # pyright: ignore[reportAttributeAccessIssue]


def _extended(leaf: Any) -> bool:
    return jax.numpy.issubdtype(leaf.dtype, jax.dtypes.extended)


def _light(jaxpr: Any) -> bool:
    """Whether a program is short, of small arrays, and without keys."""
    try:
        return _work(jaxpr) <= LONG
    except NotImplementedError:
        return False


def _work(jaxpr: Any) -> int:
    """How many operations a program makes; a loop of unknown length counts as a hundred turns."""
    total = 0
    for eqn in jaxpr.eqns:
        for v in eqn.outvars:
            if _extended(v.aval) or math.prod(v.aval.shape) > LARGE:
                raise NotImplementedError
        name, inner = eqn.primitive.name, _programs(eqn)
        if inner and name not in CONTROL:
            raise NotImplementedError
        turns = {"scan": eqn.params.get("length", 1), "while": 100}.get(name, 1)
        total += 1 + turns * sum(_work(getattr(j, "jaxpr", j)) for j in inner)
    return total


def _programs(eqn: Any) -> list[Any]:
    found = []
    for value in eqn.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if hasattr(item, "eqns") or hasattr(item, "jaxpr"):
                found.append(item)
    return found


def closed(program: Any, args: Sequence[Any]) -> list[Any]:
    """The outputs of a closed program."""
    return walk(program.jaxpr, [np.asarray(c) for c in program.consts], args)


def walk(jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
    """The outputs of a program, equation by equation."""
    env: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args]))

    def read(v: Any) -> Any:
        given: Any = v.aval
        return np.asarray(v.val, given.dtype) if isinstance(v, core.Literal) else env[v]

    for eqn in jaxpr.eqns:
        name, given = eqn.primitive.name, [read(v) for v in eqn.invars]
        if name in CONTROL:
            env.update(zip(eqn.outvars, CONTROL[name](eqn, given)))
        elif name in RULES:
            made = RULES[name](eqn.params, *given)
            outs = made if eqn.primitive.multiple_results else [made]
            env.update((v, np.asarray(out, v.aval.dtype)) for v, out in zip(eqn.outvars, outs))
        else:
            found = eqn.primitive.bind(*given, **eqn.params)
            outs = found if eqn.primitive.multiple_results else [found]
            env.update(zip(eqn.outvars, map(np.asarray, outs)))
    return [read(v) for v in jaxpr.outvars]


def _call(eqn: Any, args: list[Any]) -> list[Any]:
    inner = next(
        eqn.params[name]
        for name in ("jaxpr", "call_jaxpr", "fun_jaxpr", "call")
        if name in eqn.params
    )
    return closed(inner, args) if hasattr(inner, "jaxpr") else walk(inner, [], args)


def _solve(eqn: Any, args: list[Any]) -> list[Any]:
    lengths = eqn.params["const_lengths"]
    ends = np.cumsum([lengths.matvec, lengths.vecmat, lengths.solve, lengths.transpose_solve])
    return closed(eqn.params["jaxprs"].solve, [*args[ends[1] : ends[2]], *args[ends[3] :]])


def _scan(eqn: Any, args: list[Any]) -> list[Any]:
    p = eqn.params
    a, n = divided(eqn)
    carry, rows = list(args[a : a + n]), []
    turns = range(p["length"])
    for k in reversed(turns) if p["reverse"] else turns:
        outs = closed(p["jaxpr"], [*args[:a], *carry, *(x[k] for x in args[a + n :])])
        carry = outs[:n]
        rows.append(outs[n:])
    rows = rows[::-1] if p["reverse"] else rows
    stacks = [
        np.stack([row[j] for row in rows]) if rows else np.zeros(v.aval.shape, v.aval.dtype)
        for j, v in enumerate(eqn.outvars[n:])
    ]
    return [*carry, *stacks]


def _while(eqn: Any, args: list[Any]) -> list[Any]:
    p = eqn.params
    a = p["cond_nconsts"]
    b = a + p["body_nconsts"]
    carry = list(args[b:])
    while bool(closed(p["cond_jaxpr"], [*args[:a], *carry])[0]):
        carry = closed(p["body_jaxpr"], [*args[a:b], *carry])
    return carry


def _branch(eqn: Any, args: list[Any]) -> list[Any]:
    branches = eqn.params["branches"]
    return closed(branches[int(np.clip(int(args[0]), 0, len(branches) - 1))], args[1:])


CONTROL: dict[str, Callable[[Any, list[Any]], list[Any]]] = {
    **dict.fromkeys(
        ("jit", "pjit", "remat2", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call"), _call),
    "custom_linear_solve": _solve, "scan": _scan, "while": _while, "cond": _branch,
}  # fmt: skip
