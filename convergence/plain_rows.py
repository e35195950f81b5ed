"""What operations of a program that was traced at one point do for many: whatever depends on the
point has a leading axis more, one entry a point. To trace them all at once takes several times as
long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convergence import plain_keys
from convergence.plain_rules import ELEMENTWISE, RULES
from convergence.walker import inside, needed

CALLS = ("jit", "remat2", "custom_jvp_call", "custom_vjp_call")
FOLDS = ("reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_and", "reduce_or")
RUNS = ("cumsum", "cumprod", "cummax", "cummin")


def _next(axes: Any) -> tuple[int, ...]:
    return tuple(int(axis) + 1 for axis in axes)


# The parameters of an operation on one array that has rows, for `count` of them.
MOVED: dict[str, Callable[[Any, int], dict[str, Any]]] = {
    "broadcast_in_dim": lambda p, count: {
        "shape": (count, *p["shape"]),
        "broadcast_dimensions": (0, *_next(p["broadcast_dimensions"])),
    },
    "reshape": lambda p, count: {"new_sizes": (count, *p["new_sizes"])},
    "squeeze": lambda p, count: {"dimensions": _next(p["dimensions"])},
    "transpose": lambda p, count: {"permutation": (0, *_next(p["permutation"]))},
    "rev": lambda p, count: {"dimensions": _next(p["dimensions"])},
    "slice": lambda p, count: {
        "start_indices": (0, *p["start_indices"]),
        "limit_indices": (count, *p["limit_indices"]),
        "strides": p["strides"] and (1, *p["strides"]),
    },
    "bitcast_convert_type": lambda p, count: p,
    "pad": lambda p, count: {"padding_config": ((0, 0, 0), *p["padding_config"])},
    **dict.fromkeys(FOLDS, lambda p, count: {"axes": _next(p["axes"])}),
    **dict.fromkeys(("argmax", "argmin"), lambda p, count: {"axes": _next(p["axes"])}),
    **dict.fromkeys(RUNS, lambda p, count: {**p, "axis": p["axis"] + 1}),
}
JOINED = {"concatenate": "dimension", "stack": "axis"}
SERVED = {*ELEMENTWISE, *MOVED, *JOINED, *plain_keys.NAMES, "dot_general", "gather", "iota"}


def serves(jaxpr: Any) -> bool:
    """Whether all operations of a program are among these."""
    return all(
        (eqn.primitive.name in SERVED and not plain_keys.foreign(eqn))
        or (eqn.primitive.name in CALLS and serves(called(eqn)))
        for eqn, _ in needed(jaxpr)
    )


def called(eqn: Any) -> Any:
    """The jaxpr that an equation calls."""
    return inside(eqn).jaxpr


def made(eqn: Any, wide: Sequence[bool]) -> Callable[..., Any]:
    """What an equation does where the arguments that are `wide`, some of them, have a row a
    point."""
    name, p = eqn.primitive.name, eqn.params
    if name in plain_keys.NAMES:
        return plain_keys.made(eqn)
    rule = RULES[name]
    if name in ELEMENTWISE:
        rank = len(eqn.outvars[0].aval.shape)
        ranks = [len(v.aval.shape) for v in eqn.invars]
        if all(r == rank for r, w in zip(ranks, wide) if w):
            return lambda *args: rule(p, *args)
        longer = [rank - r if w else 0 for r, w in zip(ranks, wide)]
        return lambda *args: rule(p, *map(_longer, args, longer))
    if name in MOVED:
        moved = MOVED[name]
        if any(wide[1:]):
            return lambda *args: np.stack([rule(p, *row) for row in zip(*_all(args, wide))])
        return lambda x, *more: rule(moved(p, len(x)), x, *more)
    if name in JOINED:
        joined = {JOINED[name]: p[JOINED[name]] + 1}
        return lambda *args: rule(joined, *_all(args, wide))
    if name == "gather":
        return _gathered(p, rule, wide)
    (ca, cb), (ba, bb) = p["dimension_numbers"]
    both = {"dimension_numbers": ((_next(ca), _next(cb)), ((0, *_next(ba)), (0, *_next(bb))))}
    if all(wide):
        return lambda a, b: rule(both, a, b)
    # The rows are free entries of one factor, and stand where it puts them.
    if wide[0]:
        first = {"dimension_numbers": ((_next(ca), cb), (_next(ba), bb))}
        return lambda a, b: np.moveaxis(rule(first, a, b), len(ba), 0)
    second = {"dimension_numbers": ((ca, _next(cb)), (ba, _next(bb)))}
    place = len(eqn.invars[0].aval.shape) - len(ca)
    return lambda a, b: np.moveaxis(rule(second, a, b), place, 0)


def _gathered(p: Any, rule: Any, wide: Sequence[bool]) -> Callable[..., Any]:
    """What rows of places point at, in one array or in that of their row."""
    d = p["dimension_numbers"]
    found = d._replace(
        offset_dims=_next(d.offset_dims),
        start_indices_batching_dims=_next(d.start_indices_batching_dims),
    )
    if not wide[0]:
        return lambda x, where: rule({**p, "dimension_numbers": found}, x, where)
    within = found._replace(
        collapsed_slice_dims=_next(d.collapsed_slice_dims),
        operand_batching_dims=(0, *_next(d.operand_batching_dims)),
        start_indices_batching_dims=(0, *found.start_indices_batching_dims),
        start_index_map=_next(d.start_index_map),
    )
    moved = {**p, "dimension_numbers": within, "slice_sizes": (1, *p["slice_sizes"])}
    return lambda *args: rule(moved, *_all(args, wide))


def _longer(x: Any, axes: int) -> Any:
    """Rows of numbers as rows of arrays."""
    return x.reshape((len(x), *(1,) * axes, *x.shape[1:])) if axes else x


def _all(args: Sequence[Any], wide: Sequence[bool]) -> list[Any]:
    count = next(len(x) for x, w in zip(args, wide) if w)
    return [x if w else np.broadcast_to(x, (count, *x.shape)) for x, w in zip(args, wide)]
