"""A traced program, walked with balls for reals.

What a key draws through a sampler of `jax.random` or `convergence.draws` is taken as it is drawn:
the law of the draws is the noise's, their rounding belongs to it. All other reals are enclosed.
Integers and keys are computed as usual, exactly, by NumPy.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from convergence.memory import CACHES
from convergence.plain_keys import lowered, raised
from convergence.plain_walker import Walker
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
from convergence.walker import CONTROL, AbstractWalker, expansion
from convergence.work import work

BUDGET = 20_000_000  # entries of one replay: minutes
LONG = 1000  # operations on integers that are worth a compilation
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


GOES_ON = "whether a loop goes on"


class Interpreter(AbstractWalker):
    """Walks jaxprs; keeps where entries move, and programs that need no balls, between steps."""

    def __init__(self, budget: int = BUDGET) -> None:
        super().__init__()
        self.plans: dict[Any, Any] = {}
        self.plain: dict[int, tuple[Any, bool, bool, Any]] = {}
        self.host = Walker()
        self.left = budget
        self.drawn = hashlib.blake2b(digest_size=16)

    def value(self, array: Any, aval: Any) -> Any:
        """An array of the program as a value: reals become balls."""
        if kind(aval) != "f":
            return lowered(array, aval)
        return array if is_ball(array) else exact(array)

    def truth(self, going: Any) -> bool:
        """Whether a loop goes on, if balls decide it."""
        return super().truth(decided(going, GOES_ON))

    def going(self, going: Any, new: Any, old: Any) -> Any:
        """The new rows where they go on, else the old."""
        return super().going(decided(going, GOES_ON), new, old)

    def entry(self, x: Any, k: int) -> Any:
        """x[k], an array even where it is a number."""
        return box(x[k : k + 1].ravel().tolist(), x.shape[1:]) if is_ball(x) else np.asarray(x[k])

    def stack(self, rows: list[Any]) -> Any:
        """Outputs of steps as one array."""
        if any(map(is_ball, rows)):
            return np.stack([truths(r) for r in rows])
        return super().stack(rows)

    def chosen(self, which: Any, branches: Sequence[Any], operands: list[Any], eqn: Any) -> Any:
        """The branch that is taken; the hull of all where truth does not choose."""
        if not is_ball(which):
            return super().chosen(which, branches, operands, eqn)
        every = [self.closed(inner, operands) for inner in branches]
        return [union(values, v) for values, v in zip(zip(*every), eqn.outvars)]

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
        self.left -= sum(math.prod(v.aval.shape) for v in eqn.outvars)
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
            brief = not inner or (not real and sum(map(work, inner)) < LONG)
            run = self.host.made(eqn) if brief else _program(eqn)
            known = self.plain[id(eqn)] = (eqn, not real, sampler or moved, run)
        _, free, given, run = known
        if not (free or given) or (free and any(map(is_ball, args))):
            return None
        if given:
            args = [floats(a, v.aval.dtype) if is_ball(a) else a for a, v in zip(args, eqn.invars)]
            if any(a is None for a in args):
                return None
        with np.errstate(all="ignore"):
            outs = run(*args)
        if given:
            for o, v in zip(outs, eqn.outvars):
                if kind(v.aval) != "k":
                    self.drawn.update(o.tobytes())
        return [exact(o) if kind(v.aval) == "f" else o for o, v in zip(outs, eqn.outvars)]


def _program(eqn: Any) -> Any:
    """An equation with programs inside, by JAX."""
    compiled = _compiled(eqn.primitive, tuple(sorted(eqn.params.items())))
    avals = [v.aval for v in eqn.invars], [v.aval for v in eqn.outvars]
    return lambda *args: list(map(lowered, compiled(*map(raised, args, avals[0])), avals[1]))


@functools.lru_cache(1024)
def _compiled(primitive: Any, params: tuple[tuple[str, Any], ...]) -> Any:
    """Compiled once, whatever the walk: what draws is the same program each time."""

    def run(*args: Any) -> Any:
        found = primitive.bind(*args, **dict(params))
        return found if primitive.multiple_results else [found]

    return jax.jit(run)


CACHES.append(_compiled.cache_clear)


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
