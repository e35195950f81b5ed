"""A traced program, walked equation by equation: its calls, loops and branches. What the other
equations do is for whoever walks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr", "call")


class AbstractWalker:
    """Walks jaxprs; a value is dropped after its last use."""

    def __init__(self) -> None:
        self._kept: dict[int, Any] = {}

    def value(self, array: Any, aval: Any) -> Any:
        """An array that the program holds, as a value."""
        del aval
        return array

    def step(self, eqn: Any, args: list[Any]) -> list[Any]:
        """The outputs of one equation."""
        raise NotImplementedError

    def truth(self, going: Any) -> bool:
        """Whether a loop goes on, one of rows while one of them does."""
        return bool(np.any(going))

    def going(self, going: Any, new: Any, old: Any) -> Any:
        """The new rows where they go on, else the old."""
        where = jax.numpy.where if isinstance(new, jax.Array) else np.where  # keys are JAX's
        return where(np.reshape(going, (*going.shape, *(1,) * (new.ndim - going.ndim))), new, old)

    def entry(self, x: Any, k: int) -> Any:
        """x[k], an array even where it is a number."""
        return x[k]

    def stack(self, rows: list[Any]) -> Any:
        """Outputs of steps as one array."""
        if jax.numpy.issubdtype(rows[0].dtype, jax.dtypes.extended):
            return jax.numpy.stack(rows)
        return np.stack([np.asarray(r) for r in rows])

    def chosen(self, which: Any, branches: Sequence[Any], operands: list[Any], eqn: Any) -> Any:
        """The outputs of the branch that is taken."""
        del eqn
        index = int(np.clip(int(np.asarray(which)), 0, len(branches) - 1))
        return self.closed(branches[index], operands)

    def closed(self, jaxpr: Any, args: Sequence[Any]) -> list[Any]:
        """A closed jaxpr on values."""
        named = zip(jaxpr.consts, jaxpr.jaxpr.constvars)
        return self.walk(jaxpr.jaxpr, [self.value(c, v.aval) for c, v in named], args)

    def walk(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """The outputs of a jaxpr."""
        env: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args]))

        def read(v: Any) -> Any:
            return self.value(v.val, v.aval) if isinstance(v, core.Literal) else env[v]

        for eqn, over in self._needed(jaxpr):
            outs = self.step(eqn, [read(v) for v in eqn.invars])
            env.update(zip(eqn.outvars, outs))
            for v in over:
                env.pop(v, None)
        return [read(v) for v in jaxpr.outvars]

    def _needed(self, jaxpr: Any) -> list[tuple[Any, list[Any]]]:
        known = self._kept.get(id(jaxpr))
        if known is None:  # with the jaxpr, so that no other has its id
            known = self._kept[id(jaxpr)] = jaxpr, needed(jaxpr)
        return known[1]


def needed(jaxpr: Any) -> list[tuple[Any, list[Any]]]:
    """The equations that an output depends on, or that do something besides, and what each is the
    last to use: a derivative comes with much that it does not need, a step with its key."""
    used = {v for v in jaxpr.outvars if not isinstance(v, core.Literal)}
    found: list[tuple[Any, list[Any]]] = []
    for eqn in reversed(jaxpr.eqns):
        if not eqn.effects and used.isdisjoint(eqn.outvars):
            continue
        seen = {v for v in (*eqn.invars, *eqn.outvars) if not isinstance(v, core.Literal)}
        found.append((eqn, list(seen - used)))
        used |= seen
    return found[::-1]


def inside(eqn: Any) -> Any:
    """The program that an equation calls, closed or not."""
    return next(eqn.params[name] for name in INNER if name in eqn.params)


def call(self: AbstractWalker, eqn: Any, args: list[Any]) -> list[Any]:
    """A call of another program."""
    inner = inside(eqn)
    return self.closed(inner, args) if hasattr(inner, "jaxpr") else self.walk(inner, [], args)


def expanded(self: AbstractWalker, eqn: Any, args: list[Any]) -> list[Any]:
    """What newer versions of JAX keep as one operation until it is compiled."""
    return self.closed(expansion(eqn), args)


def expansion(eqn: Any) -> Any:
    """Its closed jaxpr."""
    whole = eqn.params["_prim"]
    like = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in eqn.invars]
    return jax.make_jaxpr(whole.expand)(*jax.tree.unflatten(whole.in_tree, like))


def linear_solve(self: AbstractWalker, eqn: Any, args: list[Any]) -> list[Any]:
    """What the solver inside finds."""
    lengths, programs = eqn.params["const_lengths"], eqn.params["jaxprs"]
    ends = np.cumsum([lengths.matvec, lengths.vecmat, lengths.solve, lengths.transpose_solve])
    consts = args[ends[1] : ends[2]]
    return self.closed(programs.solve, [*consts, *args[ends[3] :]])


def divided(scan: Any) -> tuple[int, int]:
    """How many arguments of a scan's equation are constants, and how many are carried.

    By shapes: what is scanned over has an axis more outside, and so have the rows that come out.
    The parameters that say so have other names in other versions of JAX.
    """
    inner = getattr(scan.params["jaxpr"], "jaxpr", scan.params["jaxpr"])

    def flat(outside: Any, inside: Any) -> int:
        return sum(len(v.aval.shape) == len(w.aval.shape) for v, w in zip(outside, inside))

    carried = flat(scan.outvars, inner.outvars)
    return flat(scan.invars, inner.invars) - carried, carried


def scan(self: AbstractWalker, eqn: Any, args: list[Any]) -> list[Any]:
    """A loop over entries."""
    p = eqn.params
    a, n = divided(eqn)
    b = a + n
    consts, carry, xs = args[:a], list(args[a:b]), args[b:]
    rows: list[list[Any]] = []
    for k in reversed(range(p["length"])) if p["reverse"] else range(p["length"]):
        outs = self.closed(p["jaxpr"], [*consts, *carry, *[self.entry(x, k) for x in xs]])
        carry = outs[:n]
        rows.append(outs[n:])
    rows = rows[::-1] if p["reverse"] else rows
    found = [
        self.stack([row[j] for row in rows])
        if rows
        else self.value(np.zeros(v.aval.shape, v.aval.dtype), v.aval)
        for j, v in enumerate(eqn.outvars[n:])
    ]
    return [*carry, *found]


def loop(self: AbstractWalker, eqn: Any, args: list[Any]) -> list[Any]:
    """A loop while something is true."""
    p = eqn.params
    a = p["cond_nconsts"]
    b = a + p["body_nconsts"]
    carry = list(args[b:])
    rows = bool(p["cond_jaxpr"].out_avals[0].shape)  # each with an end of its own
    while self.truth(going := self.closed(p["cond_jaxpr"], [*args[:a], *carry])[0]):
        after = self.closed(p["body_jaxpr"], [*args[a:b], *carry])
        carry = [self.going(going, *pair) for pair in zip(after, carry)] if rows else after
    return carry


def branch(self: AbstractWalker, eqn: Any, args: list[Any]) -> list[Any]:
    """One of several programs."""
    return self.chosen(args[0], eqn.params["branches"], args[1:], eqn)


def platform(self: AbstractWalker, eqn: Any, args: list[Any]) -> list[Any]:
    """The branch for CPUs; else the default, the last one."""
    del self, args
    found = [k for k, names in enumerate(eqn.params["platforms"]) if names and "cpu" in names]
    last = len(eqn.params["platforms"]) - 1
    return [np.int32(found[0] if found else last)]


CONTROL: dict[str, Callable[..., list[Any]]] = {
    **dict.fromkeys(
        ("jit", "remat2", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call"), call),
    "custom_linear_solve": linear_solve, "scan": scan, "while": loop, "cond": branch,
    "platform_index": platform, "call_hi_primitive": expanded,
}  # fmt: skip
