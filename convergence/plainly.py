"""Programs that are traced by JAX and evaluated by NumPy: for what is asked a few times and takes
microseconds, as a look at an instance, compiling would be nearly all of the time.

A program that is long, is asked often or makes large arrays is compiled in haste instead. What
NumPy has no rule for here is run by JAX, one operation at a time.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import core
from jax.extend.core import Literal

from convergence import plain_keys, plain_rows
from convergence.compiling import ARRAYS, filling, hastily
from convergence.memory import CACHES
from convergence.plain_keys import dtype_of, extended, lowered, raised
from convergence.plain_rules import RULES
from convergence.precision import wide
from convergence.walker import CONTROL, AbstractWalker, inside, needed
from convergence.work import work

KEPT = 64  # programs of a function
LONG = 40_000  # operations of all calls, of which NumPy makes some 4e5 a second
KEYED = 100  # operations that one with keys counts as


class Evaluated:
    """A function of modules and arrays, evaluated by NumPy where that is faster."""

    def __init__(
        self,
        function: Callable[..., Any],
        turns: Callable[..., int] | None = None,
        compiled: Callable[..., Any] | None = None,
        rows: bool = False,
    ):
        self._one, self._turns = function if rows else None, turns
        self._function = _at_all(function) if rows else function
        functools.update_wrapper(self, self._function)
        self._compiled = compiled or hastily(self._function)
        self._kept: dict[Any, Known] = {}
        CACHES.append(self._kept.clear)

    def __call__(self, *args: Any) -> Any:
        """What the function gives: arrays of NumPy, or of JAX where it was compiled."""
        known, leaves = self._asked(args)
        known.left -= self._counted(known, args)
        return self._compiled(*args) if known.left < 0 else self._walked(known, leaves)

    def surely(self, most: float, *args: Any) -> Any | None:
        """What NumPy makes of it in so many operations, whatever was asked before: the bits hang on
        nothing else. None where it takes more."""
        known, leaves = self._asked(args)
        return self._walked(known, leaves) if self._counted(known, args) <= most else None

    def _counted(self, known: Known, args: Any) -> float:
        turns = self._turns
        return known.work if turns is None else work(known.program.jaxpr, turns(*args), KEYED)

    def _walked(self, known: Known, leaves: list[Any]) -> Any:
        leaves = list(map(lowered, leaves, known.program.in_avals))
        with np.errstate(all="ignore"):
            if known.wide:
                found = known.walker.rows(known.program, leaves, known.wide)
            else:
                found = known.walker.closed(known.program, leaves)
        outs = zip(found, known.program.out_avals)
        return jax.tree.unflatten(known.form, [raised(v, a) if extended(a) else v for v, a in outs])

    def shapes(self, *args: Any) -> Any:
        """What the function would give, without its numbers."""
        known, _ = self._asked(args)
        return jax.tree.unflatten(known.form, known.program.out_avals)

    def _asked(self, args: Any) -> tuple[Known, list[Any]]:
        leaves, structure = jax.tree.flatten(args)
        arrays = [v for v in leaves if isinstance(v, ARRAYS)]
        arrays = [v if extended(v) else np.asarray(v) for v in arrays]
        forms = [(v.shape, v.dtype) if isinstance(v, ARRAYS) else (type(v), v) for v in leaves]
        key = structure, tuple(forms), wide()
        known = self._kept.get(key)  # read once: other threads may clear
        if known is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            known = self._kept[key] = self._traced(
                arrays, filling(structure, leaves), len(args) - 1
            )
        return known, arrays

    def _traced(self, arrays: list[Any], fill: Any, points: int) -> Known:
        if self._one is not None:
            alone = len(arrays) - points  # the points, an array each, come last
            wide = [k >= alone for k in range(len(arrays))]
            single = [v[0] if w else v for v, w in zip(arrays, wide)]
            known = self._program(self._one, single, fill)
            if plain_rows.serves(known.program.jaxpr):
                return dataclasses.replace(known, wide=wide)
        return self._program(self._function, arrays, fill)

    def _program(self, function: Callable[..., Any], arrays: list[Any], fill: Any) -> Known:
        def flat(*arrays: Any) -> Any:
            return function(*fill(arrays))

        program, shapes = jax.make_jaxpr(flat, return_shape=True)(*arrays)
        if any(isinstance(c, core.Tracer) for c in program.consts):  # as compiling would say
            raise jax.errors.UnexpectedTracerError("a value of a loop or branch is used outside")
        form = jax.tree.structure(shapes)
        return Known(program, form, work(program.jaxpr), LONG, Walker())


@dataclasses.dataclass
class Known:
    """A traced program and the form of what it gives; left: how many more operations are made by
    NumPy before it is compiled. wide: of a program of one point, which arguments have a row a
    point; empty for one of all."""

    program: Any
    form: Any
    work: float
    left: float
    walker: Walker
    wide: Sequence[bool] = ()


def _at_all(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a problem and one point, or some arrays of it, at all points."""

    def at_all(problem: Any, *points: Any) -> Any:
        return jax.vmap(lambda *point: function(problem, *point))(*points)

    return functools.wraps(function)(at_all)


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


def by_rows(function: Callable[..., Any]) -> Evaluated:
    """`plainly`, of a function of a module and of arrays of one point; a call has a row a point of
    each array, and so has the answer."""
    return Evaluated(function, rows=True)


class Steps(NamedTuple):
    """A program by places: what stands there at first, with what goes in and what the program
    holds left out; by equation its function, the places of its arguments and results, and which of
    all are empty afterwards; where the outputs stand, and which of them have a row a point."""

    places: list[Any]
    steps: list[tuple[Callable[..., Any], list[int], list[int], list[int]]]
    outs: list[int]
    wide: list[bool]


class Walker(AbstractWalker):
    """Walks a program with arrays of NumPy. What an equation comes to is settled once a program: an
    operation takes about as long as that."""

    def __init__(self) -> None:
        super().__init__()
        self._plans: dict[Any, Any] = {}

    def value(self, array: Any, aval: Any) -> Any:
        """An array that the program holds, on the host."""
        return lowered(array, aval)

    def entry(self, x: Any, k: int) -> Any:
        """x[k], an array even where it is a number."""
        return np.asarray(x[k]) if isinstance(x, np.ndarray) else x[k]

    def walk(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """The outputs of a jaxpr."""
        return self._follow(self._plan(jaxpr), consts, args)

    def rows(self, program: Any, args: Sequence[Any], wide: Sequence[bool]) -> list[Any]:
        """The outputs of a closed jaxpr of one point, a row a point, where the `wide` of its
        arguments have one; `plain_rows.serves` it."""
        plan = self._plan(program.jaxpr, tuple(wide))
        consts = [self.value(c, v.aval) for c, v in zip(program.consts, program.jaxpr.constvars)]
        count = next(len(x) for x, w in zip(args, wide) if w)
        found = self._follow(plan, consts, args)
        return [
            x if w else np.broadcast_to(x, (count, *np.shape(x))) for x, w in zip(found, plan.wide)
        ]

    def _follow(self, plan: Steps, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        held = [*consts, *args, *plan.places]
        for made, ins, into, over in plan.steps:
            for k, v in zip(into, made(*[held[k] for k in ins])):
                held[k] = v
            for k in over:
                held[k] = None
        return [held[k] for k in plan.outs]

    def _plan(self, jaxpr: Any, wide: tuple[bool, ...] = ()) -> Steps:
        known = self._plans.get((id(jaxpr), wide))
        if known is None:  # with the jaxpr, so that no other has its id
            known = self._plans[id(jaxpr), wide] = jaxpr, self._planned(jaxpr, wide)
        return known[1]

    def _planned(self, jaxpr: Any, wide: tuple[bool, ...]) -> Steps:
        given = [*jaxpr.constvars, *jaxpr.invars]
        at: dict[Any, int] = {v: k for k, v in enumerate(given)}
        rowed = {v for v, w in zip(jaxpr.invars, wide) if w}
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

        steps: list[Any] = []
        for eqn, over in needed(jaxpr):
            each = [not isinstance(v, Literal) and v in rowed for v in eqn.invars]
            made, some = self.rowed(eqn, each) if any(each) else (self.made(eqn), ())
            rowed.update(v for v, w in zip(eqn.outvars, some) if w)
            steps.append((made, all_of(eqn.invars), all_of(eqn.outvars), all_of(over)))
        return Steps(places, steps, all_of(jaxpr.outvars), [
            not isinstance(v, Literal) and v in rowed for v in jaxpr.outvars
        ])  # fmt: skip

    def rowed(self, eqn: Any, wide: Sequence[bool]) -> tuple[Callable[..., Any], list[bool]]:
        """What one equation does to rows, and which of its results have some."""
        if eqn.primitive.name in plain_rows.CALLS:
            program = inside(eqn)
            plan = self._plan(program.jaxpr, tuple(wide))
            named = zip(program.consts, program.jaxpr.constvars)
            consts = [self.value(c, v.aval) for c, v in named]
            return (lambda *args: self._follow(plan, consts, args)), plan.wide
        (dtype,), act = [v.aval.dtype for v in eqn.outvars], plain_rows.made(eqn, wide)
        return (lambda *args: [np.asarray(act(*args), dtype)]), [True]

    def made(self, eqn: Any) -> Callable[..., list[Any]]:
        """What one equation does."""
        control, params = CONTROL.get(eqn.primitive.name), eqn.params
        if control is not None:
            return lambda *args: control(self, eqn, list(args))
        many, dtypes = eqn.primitive.multiple_results, [dtype_of(v.aval) for v in eqn.outvars]
        foreign = any(dtype_of(v.aval) is None for v in (*eqn.invars, *eqn.outvars))
        if not foreign and eqn.primitive.name in plain_keys.NAMES:
            act = plain_keys.made(eqn)
            return lambda *args: [act(*args)]
        rule = None if foreign else RULES.get(eqn.primitive.name)
        if rule is None:
            return lambda *args: _bound(eqn, args)
        if many:
            return lambda *args: list(map(np.asarray, rule(params, *args), dtypes))
        (dtype,) = dtypes
        return lambda *args: [np.asarray(rule(params, *args), dtype)]


def _bound(eqn: Any, args: Sequence[Any]) -> list[Any]:
    """What JAX makes of an equation."""
    given = [raised(v, i.aval) for v, i in zip(args, eqn.invars)]
    found = eqn.primitive.bind(*given, **eqn.params)
    many = found if eqn.primitive.multiple_results else [found]
    return [lowered(v, o.aval) for v, o in zip(many, eqn.outvars)]
