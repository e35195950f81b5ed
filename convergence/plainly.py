"""Programs that are traced by JAX and evaluated by NumPy: for what is asked a few times and takes
microseconds, as a look at an instance, compiling would be nearly all of the time.

A program that is long, is asked often or makes large arrays is compiled in haste instead. What
NumPy has no rule for here is run by JAX, one operation at a time.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax import core

from convergence import plain_rows
from convergence.compiling import ARRAYS, filling, hastily
from convergence.memory import CACHES
from convergence.plain_keys import extended, lowered, raised
from convergence.plain_walker import Walker
from convergence.precision import wide
from convergence.work import work

KEPT = 64  # programs of a function
LONG = 100_000  # operations of all calls, which take NumPy as long as XLA to compile them
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
        return self._made(*self._asked(args), args)

    def of(self, module: Any) -> Callable[..., Any]:
        """The function of the arrays that follow, for many calls with the same module."""
        last: tuple[Any, Any, list[Any]] = (None, None, [])

        def call(*arrays: np.ndarray) -> Any:
            nonlocal last
            args, form = (module, *arrays), [(v.shape, v.dtype) for v in arrays]
            if last[0] != form:
                known, leaves = self._asked(args)
                last = form, known, leaves[: len(leaves) - len(arrays)]
            return self._made(last[1], [*last[2], *arrays], args)

        return call

    def _made(self, known: Known, leaves: list[Any], args: Any) -> Any:
        known.left -= self._counted(known, args)
        return self._compiled(*args) if known.left < 0 else self._walked(known, leaves)

    def surely(self, most: float, *args: Any) -> Any | None:
        """What NumPy makes of it in so many operations, whatever was asked before: the bits hang on
        nothing else. None where it takes more."""
        known, leaves = self._asked(args)
        return self._walked(known, leaves) if self._counted(known, args) <= most else None

    def _counted(self, known: Known, args: Any) -> float:
        if self._turns is not None:
            return work(known.program.jaxpr, self._turns(*args), KEYED)
        # A program of all points has their entries in its arrays; that of one is made for each.
        rows = len(args[-1]) if known.wide else int(self._one is not None)
        if rows not in known.work:
            known.work[rows] = work(known.program.jaxpr, rows=rows)
        return known.work[rows]

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
        forms: list[Any] = [
            (v.shape, v.dtype) if isinstance(v, ARRAYS) else (type(v), v) for v in leaves
        ]
        fill, points = filling(structure, leaves), len(args) - 1
        if self._one is not None:  # the points, an array each, come last: any number is of one form
            alone = [(shape[1:], dtype) for shape, dtype in forms[-points:]]
            one = "one", structure, (*forms[:-points], *alone), wide()
            known = self._known(one, lambda: self._of_one(arrays, fill, points))
            if known.wide:
                return known, arrays
        whole = "all", structure, tuple(forms), wide()
        return self._known(whole, lambda: self._program(self._function, arrays, fill)), arrays

    def _known(self, key: Any, make: Callable[[], Known]) -> Known:
        known = self._kept.get(key)  # read once: other threads may clear
        if known is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            known = self._kept[key] = make()
        return known

    def _of_one(self, arrays: list[Any], fill: Any, points: int) -> Known:
        """The program of one point; not `wide` where it cannot be evaluated at many."""
        assert self._one is not None
        apart = len(arrays) - points
        known = self._program(self._one, [*arrays[:apart], *(v[0] for v in arrays[apart:])], fill)
        served = plain_rows.serves(known.program.jaxpr)
        return dataclasses.replace(
            known, wide=[k >= apart for k in range(len(arrays))] if served else ()
        )

    def _program(self, function: Callable[..., Any], arrays: list[Any], fill: Any) -> Known:
        def flat(*arrays: Any) -> Any:
            return function(*fill(arrays))

        program, shapes = jax.make_jaxpr(flat, return_shape=True)(*arrays)
        if any(isinstance(c, core.Tracer) for c in program.consts):  # as compiling would say
            raise jax.errors.UnexpectedTracerError("a value of a loop or branch is used outside")
        form = jax.tree.structure(shapes)
        return Known(program, form, {}, LONG, Walker())


@dataclasses.dataclass
class Known:
    """A traced program and the form of what it gives; work: its operations by the number of points;
    left: how many more are made by NumPy before it is compiled. wide: of a program of one point,
    which arguments have a row a point; empty for one of all."""

    program: Any
    form: Any
    work: dict[int, float]
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
