"""Programs that are traced by JAX and evaluated by NumPy: for what is asked a few times and takes
microseconds, as a look at an instance, compiling would be nearly all of the time.

A program that is long, is asked often or makes large arrays is compiled in haste instead. What
NumPy has no rule for here, keys among it, is run by JAX, one operation at a time.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jax import core
from jax.extend.core import Literal

from convergence.compiling import hastily
from convergence.memory import CACHES
from convergence.plain_rules import RULES
from convergence.precision import wide
from convergence.walker import CONTROL, AbstractWalker, needed

KEPT = 64  # programs of a function
LONG = 40_000  # operations of all calls, of which NumPy makes some 4e5 a second
UNKNOWN = 100  # turns that a loop of unknown length counts as, where nothing else is said
KEYED = 1000  # operations that one with keys, which JAX makes, counts as
LARGE = 2**20  # entries of an array


class Evaluated:
    """A function of modules and arrays, evaluated by NumPy where that is faster."""

    def __init__(
        self,
        function: Callable[..., Any],
        turns: Callable[..., int] | None = None,
        compiled: Callable[..., Any] | None = None,
    ):
        functools.update_wrapper(self, function)
        self._function, self._turns = function, turns
        self._compiled = compiled or hastily(function)
        self._kept: dict[Any, Known] = {}
        CACHES.append(self._kept.clear)

    def __call__(self, *args: Any) -> Any:
        """What the function gives: arrays of NumPy, or of JAX where it was compiled."""
        arrays, rest = eqx.partition(args, eqx.is_array)
        leaves, structure = jax.tree.flatten(arrays)
        leaves = [v if extended(v) else np.asarray(v) for v in leaves]
        others, other = jax.tree.flatten(rest)
        key = structure, tuple((v.shape, v.dtype) for v in leaves), tuple(others), other, wide()
        known = self._kept.get(key)  # read once: other threads may clear
        if known is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            known = self._kept[key] = self._traced(leaves, structure, rest)
        counted = self._turns and _work(known.program.jaxpr, self._turns(*args), KEYED)
        known.left -= counted or known.work
        if known.left < 0:
            return self._compiled(*args)
        with np.errstate(all="ignore"):
            return jax.tree.unflatten(known.form, known.walker.closed(known.program, leaves))

    def _traced(self, leaves: list[Any], structure: Any, rest: Any) -> Known:
        def flat(*leaves: Any) -> Any:
            return self._function(*eqx.combine(jax.tree.unflatten(structure, leaves), rest))

        program, shapes = jax.make_jaxpr(flat, return_shape=True)(*leaves)
        if any(isinstance(c, core.Tracer) for c in program.consts):  # as compiling would say
            raise jax.errors.UnexpectedTracerError("a value of a loop or branch is used outside")
        form, work = jax.tree.structure(shapes), _work(program.jaxpr)
        return Known(program, form, work, LONG, Walker())


@dataclasses.dataclass
class Known:
    """A traced program and the form of what it gives; left: how many more operations are made by
    NumPy before it is compiled."""

    program: Any
    form: Any
    work: float
    left: float
    walker: Walker


def plainly(
    function: Callable[..., Any],
    turns: Callable[..., int] | None = None,
    compiled: Callable[..., Any] | None = None,
) -> Evaluated:
    """For what is asked a few times: traced once a form of arguments, and evaluated by NumPy.

    turns: of the arguments, how often a loop of unknown length turns, for what may turn so often
    that operations with keys count. compiled: what it is where NumPy would take longer; in haste
    unless given.
    """
    return Evaluated(function, turns, compiled)


def extended(value: Any) -> bool:
    """Whether a value is made of keys."""
    return jax.numpy.issubdtype(value.dtype, jax.dtypes.extended)


def _keyed(eqn: Any) -> bool:
    """Whether an equation is about keys."""
    return any(extended(v.aval) for v in (*eqn.invars, *eqn.outvars))


def _work(jaxpr: Any, unknown: int = UNKNOWN, keyed: int = 1) -> float:
    """How many operations a program makes, of which one with keys counts as so many; infinite for
    one of large arrays."""
    total = 0.0
    for eqn, _ in needed(jaxpr):
        if any(math.prod(v.aval.shape) > LARGE for v in eqn.outvars):
            return math.inf
        name = eqn.primitive.name
        if name in CONTROL:
            turns = {"scan": eqn.params.get("length", 1), "while": unknown}.get(name, 1)
            inner = [_work(getattr(j, "jaxpr", j), unknown, keyed) for j in _programs(eqn)]
            total += 1 + turns * sum(inner)
        else:
            total += keyed if _keyed(eqn) else 1
    return total


def _programs(eqn: Any) -> list[Any]:
    found = []
    for value in eqn.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if hasattr(item, "eqns") or hasattr(item, "jaxpr"):
                found.append(item)
    return found


class Plan(NamedTuple):
    """A program by places: what stands there at first, with what goes in and what the program
    holds left out; by equation its function, the places of its arguments and results, and which of
    all are empty afterwards; and where the outputs stand."""

    places: list[Any]
    steps: list[tuple[Callable[..., Any], list[int], list[int], list[int]]]
    outs: list[int]


class Walker(AbstractWalker):
    """Walks a program with arrays of NumPy; keys stay JAX's. What an equation comes to is settled
    once a program: an operation takes about as long as that."""

    def __init__(self) -> None:
        super().__init__()
        self._plans: dict[int, Any] = {}

    def value(self, array: Any, aval: Any) -> Any:
        """An array that the program holds, on the host."""
        return array if extended(aval) else np.asarray(array, aval.dtype)

    def entry(self, x: Any, k: int) -> Any:
        """x[k], an array even where it is a number."""
        return np.asarray(x[k]) if isinstance(x, np.ndarray) else x[k]

    def walk(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """The outputs of a jaxpr."""
        known = self._plans.get(id(jaxpr))
        if known is None:  # with the jaxpr, so that no other has its id
            known = self._plans[id(jaxpr)] = jaxpr, self._planned(jaxpr)
        places, steps, outs = known[1]
        held = [*consts, *args, *places]
        for made, ins, into, over in steps:
            for k, v in zip(into, made(*[held[k] for k in ins])):
                held[k] = v
            for k in over:
                held[k] = None
        return [held[k] for k in outs]

    def _planned(self, jaxpr: Any) -> Plan:
        given = [*jaxpr.constvars, *jaxpr.invars]
        at: dict[Any, int] = {v: k for k, v in enumerate(given)}
        places: list[Any] = []

        def place(v: Any) -> int:
            if isinstance(v, Literal):
                places.append(self.value(v.val, v.aval))
                return len(given) + len(places) - 1
            if v not in at:
                places.append(None)
                at[v] = len(given) + len(places) - 1
            return at[v]

        def all_of(variables: Any) -> list[int]:
            return [place(v) for v in variables]

        steps = [
            (self.made(eqn), all_of(eqn.invars), all_of(eqn.outvars), all_of(over))
            for eqn, over in needed(jaxpr)
        ]
        return Plan(places, steps, all_of(jaxpr.outvars))

    def made(self, eqn: Any) -> Callable[..., list[Any]]:
        """What one equation does."""
        control, params = CONTROL.get(eqn.primitive.name), eqn.params
        if control is not None:
            return lambda *args: control(self, eqn, list(args))
        rule = None if _keyed(eqn) else RULES.get(eqn.primitive.name)
        many, dtypes = eqn.primitive.multiple_results, [v.aval.dtype for v in eqn.outvars]
        if rule is None:
            return lambda *args: _bound(eqn, args)
        if many:
            return lambda *args: list(map(np.asarray, rule(params, *args), dtypes))
        (dtype,) = dtypes
        return lambda *args: [np.asarray(rule(params, *args), dtype)]


def _bound(eqn: Any, args: Sequence[Any]) -> list[Any]:
    """What JAX makes of an equation, its arguments put on the device without a program for that."""
    given = [jax.device_put(v) if isinstance(v, np.ndarray) else v for v in args]
    found = eqn.primitive.bind(*given, **eqn.params)
    many = found if eqn.primitive.multiple_results else [found]
    return [v if extended(v) else np.asarray(v) for v in many]
