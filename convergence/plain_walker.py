"""A traced program, evaluated by NumPy, at one point or at many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax.extend.core import Literal

from convergence import plain_keys, plain_rows
from convergence.plain_keys import dtype_of, lowered, raised
from convergence.plain_rules import RULES
from convergence.walker import CONTROL, AbstractWalker, inside, needed


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
        (dtype,), act = [dtype_of(v.aval) for v in eqn.outvars], plain_rows.made(eqn, wide)
        return (lambda *args: [np.asarray(act(*args), dtype)]), [True]

    def made(self, eqn: Any) -> Callable[..., list[Any]]:
        """What one equation does."""
        control, params = CONTROL.get(eqn.primitive.name), eqn.params
        if control is not None:
            return lambda *args: control(self, eqn, list(args))
        many, dtypes = eqn.primitive.multiple_results, [dtype_of(v.aval) for v in eqn.outvars]
        foreign = plain_keys.foreign(eqn)
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
