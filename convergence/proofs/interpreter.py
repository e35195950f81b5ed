"""A traced program, walked with balls for reals.

What a key draws through a sampler of `jax.random` or `convergence.draws` is taken as it is drawn:
the law of the draws is the noise's, their rounding belongs to it. All other reals are enclosed.
Integers and keys are computed as usual, exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from convergence.compiling import divided
from convergence.proofs import elementwise, linear, structure
from convergence.proofs.balls import (
    Undecided,
    Unsupported,
    box,
    decided,
    exact,
    floats,
    hull,
    is_ball,
    kind,
    truths,
)

INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr", "call")
# Integers and truth that are decided, without a compilation.
HOST: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "max": np.maximum, "min": np.minimum,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "not": np.invert,
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "eq": np.equal, "ne": np.not_equal, "abs": np.abs, "sign": np.sign, "neg": np.negative,
}  # fmt: skip
BUDGET = 20_000_000  # entries of one replay: minutes
RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys([*elementwise.UNARY, *elementwise.BINARY], elementwise.compute),
    **dict.fromkeys(elementwise.COMPARE, elementwise.compare),
    **dict.fromkeys(("and", "or", "xor", "not"), elementwise.compare),
    "integer_pow": elementwise.integer_pow, "round": elementwise.rounded,
    "clamp": elementwise.clamp, "is_finite": elementwise.is_finite,
    "select_n": elementwise.select_n, "convert_element_type": elementwise.convert,
    **dict.fromkeys(structure.FOLD, structure.reduce),
    **dict.fromkeys(structure.RUNNING, structure.running),
    "argmax": structure.extreme, "argmin": structure.extreme, "sort": structure.sort,
    "top_k": structure.top_k, "dot_general": structure.dot_general,
    "scatter-add": structure.scatter_add,
    "eigh": linear.eigh, "svd": linear.svd, "lu": linear.lu, "cholesky": linear.cholesky,
    "triangular_solve": linear.triangular_solve, "qr": linear.qr,
}  # fmt: skip
SAMPLERS = {name.lstrip("_") for name in dir(jax.random)} | {
    "normal_real", "shuffle", "gamma_one", "radial",
}  # fmt: skip


class Interpreter:
    """Walks jaxprs; keeps where entries move, and programs that need no balls, between steps."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.plans: dict[Any, Any] = {}
        self.plain: dict[int, tuple[Any, bool, Any]] = {}
        self.left = budget
        self.drawn = hashlib.blake2b(digest_size=16)

    def closed(self, jaxpr: Any, args: Sequence[Any]) -> list[Any]:
        """A closed jaxpr on values of this interpreter."""
        named = zip(jaxpr.consts, jaxpr.jaxpr.constvars)
        return self.walk(jaxpr.jaxpr, [self.value(c, v.aval) for c, v in named], args)

    def value(self, array: Any, aval: Any) -> Any:
        """An array of the program as a value: reals become balls."""
        return exact(array) if kind(aval) == "f" and not is_ball(array) else array

    def walk(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """The outputs of a jaxpr."""
        env: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args]))

        def read(v: Any) -> Any:
            return self.value(v.val, v.aval) if isinstance(v, core.Literal) else env[v]

        for eqn in jaxpr.eqns:
            outs = self.step(eqn, [read(v) for v in eqn.invars])
            env.update(zip(eqn.outvars, outs))
        return [read(v) for v in jaxpr.outvars]

    def step(self, eqn: Any, args: list[Any]) -> list[Any]:
        """One equation."""
        name = eqn.primitive.name
        if name in structure.PLAIN and kind(eqn.outvars[0].aval) != "k":
            return [structure.plain(eqn, *args)]
        native = self.native(eqn, args)
        if native is not None:
            return native
        if name in CONTROL:
            return CONTROL[name](self, eqn, args)
        self.left -= sum(int(np.prod(v.aval.shape)) for v in eqn.outvars)
        if self.left < 0:
            raise Unsupported("the replay is longer than its budget")
        if name in structure.MOVES:
            return structure.move(eqn, self.plans, *args)
        if name not in RULES:
            raise Unsupported(f"the operation {name} has no enclosure")
        made = RULES[name](eqn, *args)
        return made if isinstance(made, list) else [made]

    def native(self, eqn: Any, args: list[Any]) -> list[Any] | None:
        """The outputs where no real is computed, or where a sampler draws them; else None."""
        known = self.plain.get(id(eqn))
        if known is None:
            inner = jaxprs(eqn)
            real = any(kind(v.aval) == "f" for v in (*eqn.invars, *eqn.outvars)) or any(
                map(computes, inner)
            )
            name = str(eqn.params.get("name", "")).lstrip("_")
            sampler = name in SAMPLERS and any(map(draws, inner))
            moved = eqn.primitive.name in ("bitcast_convert_type", "random_bits", "iota")
            run = _program(eqn) if inner else None
            known = self.plain[id(eqn)] = (eqn, not real, sampler or moved, run)  # pyright: ignore
        _, free, given, run = known  # pyright: ignore
        if not (free or given) or (free and any(map(is_ball, args))):
            return None
        if given:
            args = [floats(a, v.aval.dtype) if is_ball(a) else a for a, v in zip(args, eqn.invars)]
            if any(a is None for a in args):
                return None
        if free and eqn.primitive.name in HOST and kind(eqn.invars[0].aval) != "k":
            with np.errstate(all="ignore"):
                out = HOST[eqn.primitive.name](*map(np.asarray, args))
            return [np.asarray(out, eqn.outvars[0].aval.dtype)]
        if free and eqn.primitive.name == "convert_element_type":
            return [np.asarray(args[0]).astype(eqn.outvars[0].aval.dtype)]
        found = run(*args) if run else eqn.primitive.bind(*args, **eqn.params)
        outs = found if eqn.primitive.multiple_results or run else [found]
        if given:
            for o, v in zip(outs, eqn.outvars):
                if kind(v.aval) != "k":
                    self.drawn.update(np.asarray(o).tobytes())
        return [exact(o) if kind(v.aval) == "f" else o for o, v in zip(outs, eqn.outvars)]


def _program(eqn: Any) -> Any:
    """An equation with programs inside, compiled once."""

    def run(*args: Any) -> Any:
        found = eqn.primitive.bind(*args, **eqn.params)
        return found if eqn.primitive.multiple_results else [found]

    return jax.jit(run)


def jaxprs(eqn: Any) -> list[Any]:
    """The programs inside an equation."""
    found = []
    for value in eqn.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if hasattr(item, "eqns") or hasattr(item, "jaxpr"):
                found.append(getattr(item, "jaxpr", item))
    return [*found, expansion(eqn).jaxpr] if eqn.primitive.name == "call_hi_primitive" else found


def computes(jaxpr: Any) -> bool:
    """Whether a program computes reals."""
    return any(
        any(kind(v.aval) == "f" for v in e.outvars) or any(map(computes, jaxprs(e)))
        for e in jaxpr.eqns
    )


def draws(jaxpr: Any) -> bool:
    """Whether a program draws bits from a key."""
    return any(e.primitive.name == "random_bits" or any(map(draws, jaxprs(e))) for e in jaxpr.eqns)


def call(self: Interpreter, eqn: Any, args: list[Any]) -> list[Any]:
    """A call of another program."""
    inner = next(eqn.params[name] for name in INNER if name in eqn.params)
    return self.closed(inner, args) if hasattr(inner, "jaxpr") else self.walk(inner, [], args)


def expanded(self: Interpreter, eqn: Any, args: list[Any]) -> list[Any]:
    """What newer versions of JAX keep as one operation until it is compiled."""
    return self.closed(expansion(eqn), args)


def expansion(eqn: Any) -> Any:
    """Its closed jaxpr."""
    whole = eqn.params["_prim"]
    like = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in eqn.invars]
    return jax.make_jaxpr(whole.expand)(*jax.tree.unflatten(whole.in_tree, like))


def linear_solve(self: Interpreter, eqn: Any, args: list[Any]) -> list[Any]:
    """What the solver inside finds: its enclosure holds the solution."""
    lengths, programs = eqn.params["const_lengths"], eqn.params["jaxprs"]
    ends = np.cumsum([lengths.matvec, lengths.vecmat, lengths.solve, lengths.transpose_solve])
    consts = args[ends[1] : ends[2]]
    return self.closed(programs.solve, [*consts, *args[ends[3] :]])


def scan(self: Interpreter, eqn: Any, args: list[Any]) -> list[Any]:
    p = eqn.params
    a, n = divided(eqn)
    b = a + n
    consts, carry, xs = args[:a], list(args[a:b]), args[b:]
    rows: list[list[Any]] = []
    for k in reversed(range(p["length"])) if p["reverse"] else range(p["length"]):
        outs = self.closed(p["jaxpr"], [*consts, *carry, *[entry(x, k) for x in xs]])
        carry = outs[:n]
        rows.append(outs[n:])
    rows = rows[::-1] if p["reverse"] else rows
    return [
        *carry,
        *[stack([row[j] for row in rows]) for j in range(len(eqn.outvars) - len(carry))],
    ]


def entry(x: Any, k: int) -> Any:
    """x[k], an array even where it is a number."""
    return box(x[k : k + 1].ravel().tolist(), x.shape[1:]) if is_ball(x) else x[k]


def stack(rows: list[Any]) -> Any:
    """Outputs of steps as one array."""
    if any(map(is_ball, rows)):
        return np.stack([truths(r) for r in rows])
    if jnp.issubdtype(rows[0].dtype, jax.dtypes.extended):
        return jax.numpy.stack(rows)
    return np.stack([np.asarray(r) for r in rows])


def loop(self: Interpreter, eqn: Any, args: list[Any]) -> list[Any]:
    p = eqn.params
    a = p["cond_nconsts"]
    b = a + p["body_nconsts"]
    carry = list(args[b:])
    while True:
        (going,) = self.closed(p["cond_jaxpr"], [*args[:a], *carry])
        if not bool(decided(going, "whether a loop goes on")):
            return carry
        carry = self.closed(p["body_jaxpr"], [*args[a:b], *carry])


def branch(self: Interpreter, eqn: Any, args: list[Any]) -> list[Any]:
    """One branch; the hull of all where truth does not choose."""
    which, *operands = args
    branches = eqn.params["branches"]
    if not is_ball(which):
        index = int(np.clip(int(np.asarray(which)), 0, len(branches) - 1))
        return self.closed(branches[index], operands)
    every = [self.closed(inner, operands) for inner in branches]
    return [union(values, v) for values, v in zip(zip(*every), eqn.outvars)]


def union(values: Sequence[Any], v: Any) -> Any:
    """The hull of what branches return."""
    if kind(v.aval) == "f":
        out = values[0]
        for other in values[1:]:
            out = np.frompyfunc(hull, 2, 1)(out, other)
        return out if isinstance(out, np.ndarray) else truths(np.array(out, object))
    if all(np.array_equal(np.asarray(values[0]), np.asarray(w)) for w in values[1:]):
        return values[0]
    raise Undecided("branches that balls do not choose between return different integers")


def platform(self: Interpreter, eqn: Any, args: list[Any]) -> list[Any]:
    """The branch for CPUs, which is what a replay is of; else the default, the last one."""
    found = [k for k, names in enumerate(eqn.params["platforms"]) if names and "cpu" in names]
    last = len(eqn.params["platforms"]) - 1
    return [np.int32(found[0] if found else last)]


CONTROL: dict[str, Callable[..., list[Any]]] = {
    **dict.fromkeys(
        ("jit", "remat2", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call"), call),
    "custom_linear_solve": linear_solve, "scan": scan, "while": loop, "cond": branch,
    "platform_index": platform, "call_hi_primitive": expanded,
}  # fmt: skip
