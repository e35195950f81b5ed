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

KEPT = 64  # programs of a function
LONG = 20_000  # operations, of which NumPy makes some 3e5 a second
LARGE = 2**20  # entries of an array
Rule = Callable[..., Any]


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
            out = eqn.outvars[0]
            env[out] = np.asarray(RULES[name](eqn.params, *given), out.aval.dtype)
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


def _spread(p: Any, x: Any) -> Any:
    shape = [1] * len(p["shape"])
    for size, axis in zip(x.shape, p["broadcast_dimensions"]):
        shape[axis] = size
    return np.broadcast_to(x.reshape(shape), p["shape"])


def _cut(p: Any, x: Any) -> Any:
    steps = p["strides"] or [1] * x.ndim
    return x[tuple(map(slice, p["start_indices"], p["limit_indices"], steps))]


def _window(x: Any, sizes: Any, starts: Any) -> tuple[slice, ...]:
    at = [min(max(int(s), 0), n - k) for s, n, k in zip(starts, x.shape, sizes)]
    return tuple(slice(s, s + k) for s, k in zip(at, sizes))


def _put(p: Any, x: Any, new: Any, *starts: Any) -> Any:
    x = x.copy()
    x[_window(x, new.shape, starts)] = new
    return x


def _product(p: Any, a: Any, b: Any) -> Any:
    (ca, cb), (ba, bb) = p["dimension_numbers"]
    fa = [i for i in range(a.ndim) if i not in (*ca, *ba)]
    fb = [i for i in range(b.ndim) if i not in (*cb, *bb)]
    batch, inner = [a.shape[i] for i in ba], math.prod(a.shape[i] for i in ca)
    rows, columns = [a.shape[i] for i in fa], [b.shape[i] for i in fb]
    left = a.transpose(*ba, *fa, *ca).reshape(*batch, math.prod(rows), inner)
    right = b.transpose(*bb, *cb, *fb).reshape(*batch, inner, math.prod(columns))
    return np.matmul(left, right).reshape(*batch, *rows, *columns)


def _quotient(p: Any, a: Any, b: Any) -> Any:
    return a / b if a.dtype.kind in "fc" else np.trunc(a / b)


def _power(p: Any, x: Any) -> Any:
    return x ** p["y"] if p["y"] >= 0 else 1 / x ** -p["y"]


def _logistic(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


def _folded(ufunc: Any) -> Rule:
    return lambda p, x, **_: ufunc.reduce(x, axis=tuple(p["axes"]))


def _running(ufunc: Any) -> Rule:
    def run(p: Any, x: Any) -> Any:
        back = slice(None, None, -1) if p["reverse"] else slice(None)
        x = np.moveaxis(x, p["axis"], 0)[back]
        return np.moveaxis(ufunc.accumulate(x, axis=0)[back], 0, p["axis"])

    return run


def _same(function: Any) -> Rule:
    return lambda p, *args: function(*args)


RULES: dict[str, Rule] = {
    **{name: _same(function) for name, function in {
        "neg": np.negative, "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "exp": np.exp,
        "exp2": np.exp2, "log": np.log, "expm1": np.expm1, "log1p": np.log1p, "tanh": np.tanh,
        "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
        "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "asinh": np.arcsinh,
        "acosh": np.arccosh, "atanh": np.arctanh, "sqrt": np.sqrt, "cbrt": np.cbrt, "abs": np.abs,
        "rsqrt": lambda x: 1 / np.sqrt(x), "logistic": _logistic,
        "is_finite": np.isfinite, "not": np.invert, "square": np.square, "copy": np.copy,
        "copy_p": np.copy, "add": np.add,
        "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "max": np.maximum,
        "min": np.minimum, "rem": np.fmod, "pow": np.power, "atan2": np.arctan2,
        "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "eq": np.equal,
        "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
        "ge": np.greater_equal, "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    }.items()},
    "div": _quotient, "integer_pow": _power,
    "convert_element_type": lambda p, x: x.astype(p["new_dtype"]),
    "select_n": lambda p, which, *cases: (
        np.where(which, cases[1], cases[0]) if len(cases) == 2 else np.choose(which, cases)),
    "broadcast_in_dim": lambda p, x, *_: _spread(p, x), "slice": _cut,
    "reshape": lambda p, x, *_: x.reshape(p["new_sizes"]),
    "squeeze": lambda p, x: np.squeeze(x, tuple(p["dimensions"])),
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
    "rev": lambda p, x: np.flip(x, tuple(p["dimensions"])),
    "concatenate": lambda p, *xs: np.concatenate(xs, p["dimension"]),
    "dynamic_slice": lambda p, x, *starts: x[_window(x, p["slice_sizes"], starts)],
    "dynamic_update_slice": _put, "dot_general": _product,
    "reduce_sum": _folded(np.add), "reduce_prod": _folded(np.multiply),
    "reduce_max": _folded(np.maximum), "reduce_min": _folded(np.minimum),
    "reduce_and": _folded(np.logical_and), "reduce_or": _folded(np.logical_or),
    "cumsum": _running(np.add), "cumprod": _running(np.multiply),
    "cummax": _running(np.maximum), "cummin": _running(np.minimum),
    "argmax": lambda p, x: np.argmax(x, axis=p["axes"][0]),
    "argmin": lambda p, x: np.argmin(x, axis=p["axes"][0]),
}  # fmt: skip
