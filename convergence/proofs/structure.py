"""Enclosures of primitives that move, reduce, order or multiply arrays."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np
from flint import arb, arb_mat, fmpq

from convergence.plain_rules import RULES
from convergence.proofs.balls import (
    Undecided,
    ball,
    box,
    each,
    hull,
    is_ball,
    kind,
    less,
    settled,
    truths,
)
from convergence.proofs.elementwise import (
    BINARY,
    NAN,
    ONE,
    ZERO,
    both,
    either,
    largest,
    smallest,
    whole,
)

MOVES = (
    "pad", "gather", "dynamic_slice", "dynamic_update_slice", "split", "scatter", "tile", "unstack",
)  # fmt: skip


PLAIN = (
    "broadcast_in_dim", "slice", "reshape", "squeeze", "transpose", "rev", "concatenate", "stack",
)  # fmt: skip


def plain(eqn: Any, *args: Any) -> np.ndarray:
    """A primitive that moves entries to places known beforehand."""
    hosts = [a if is_ball(a) else np.asarray(a) for a in args]
    if any(map(is_ball, hosts)):
        hosts = [truths(a) for a in hosts]
    return RULES[eqn.primitive.name](eqn.params, *hosts)


def move(eqn: Any, plans: dict[Any, Any], *args: Any) -> list[Any]:
    """A primitive that moves entries, run on their numbers; a number below 1 is no entry."""
    data = [kind(v.aval) == kind(eqn.outvars[0].aval) for v in eqn.invars]
    plan = plans.get(id(eqn))
    if plan is None:
        numbers, count = [], 0
        for arg, moved in zip(args, data):
            if moved:
                many = math.prod(np.shape(arg))
                # From 1, so that what a gather out of bounds fills in, the least integer, is apart.
                numbers.append(np.arange(count + 1, count + many + 1).reshape(np.shape(arg)))
                count += many
            else:
                numbers.append(np.asarray(arg))
        found = RULES[eqn.primitive.name](eqn.params, *numbers)
        plan = found if eqn.primitive.multiple_results else [found]
        if all(data):  # nothing that is computed decides where the entries go
            plans[id(eqn)] = plan
    entries = [truths(a).ravel() for a, moved in zip(args, data) if moved]
    real = kind(eqn.outvars[0].aval) == "f"
    pool = np.concatenate([box([NAN if real else False], (1,)), *entries])
    moved = [box(pool[np.maximum(p.ravel(), 0)], p.shape) for p in plan]
    return moved if real else [settled(m) for m in moved]


START = {"reduce_sum": ZERO, "reduce_prod": ONE, "reduce_and": True, "reduce_or": False,
         "reduce_max": arb("-inf"), "reduce_min": arb("inf")}  # fmt: skip
FOLD: dict[str, Any] = {
    "reduce_sum": BINARY["add"], "reduce_prod": BINARY["mul"], "reduce_max": largest,
    "reduce_min": smallest, "reduce_and": both, "reduce_or": either,
}  # fmt: skip
RUNNING = {"cumsum": "reduce_sum", "cumprod": "reduce_prod", "cummax": "reduce_max",
           "cummin": "reduce_min"}  # fmt: skip


def reduce(eqn: Any, x: Any) -> Any:
    """Sum, product, maximum, minimum, all or any along axes."""
    name = eqn.primitive.name
    axes = tuple(eqn.params["axes"])
    x = np.moveaxis(truths(x), axes, range(len(axes)))
    shape = x.shape[len(axes) :]
    count = math.prod(shape)
    columns = x.reshape(x.size // max(count, 1), count).T.tolist() if x.size else [[]] * count
    found = [functools.reduce(FOLD[name], c) if c else START[name] for c in columns]
    total = box(found, shape)
    return total if kind(eqn.outvars[0].aval) == "f" else settled(total)


def running(eqn: Any, x: np.ndarray) -> np.ndarray:
    """Cumulative sums and their like along one axis."""
    fold = FOLD[RUNNING[eqn.primitive.name]]
    moved, back = np.moveaxis(x, eqn.params["axis"], 0), eqn.params["reverse"]
    rows = [box(r.ravel().tolist(), moved.shape[1:]) for r in np.split(moved, len(moved))]
    rows = rows[::-1] if back else rows
    found = list(itertools.accumulate(rows, lambda a, b: each(fold, a, b)))
    return np.moveaxis(np.stack(found[::-1] if back else found), 0, eqn.params["axis"])


def first(row: list[Any], before: Any) -> int:
    """The index of the entry that no other comes before; of equal ones the first."""
    best = 0
    for k in range(1, len(row)):
        ahead = before(row[k], row[best])
        if ahead is None:
            raise Undecided("which entry is extreme is not decided")
        best = k if ahead else best
    return best


def extreme(eqn: Any, x: np.ndarray) -> np.ndarray:
    """argmax or argmin."""
    down = eqn.primitive.name == "argmin"
    rows = np.moveaxis(x, eqn.params["axes"][0], -1)
    before = less if down else (lambda a, b: less(b, a))
    found = [first(list(row), before) for row in rows.reshape(-1, rows.shape[-1])]
    return np.array(found, eqn.params["index_dtype"]).reshape(rows.shape[:-1])


def ordered(rows: list[tuple[Any, ...]]) -> list[int]:
    """A stable order by decided comparisons of the entries of each tuple, the first one first."""

    def compare(i: int, j: int) -> int:
        for a, b in zip(rows[i], rows[j]):
            if isinstance(a, arb | fmpq):
                if a < b:
                    return -1
                if a > b:
                    return 1
                if not a == b:
                    raise Undecided("the order of two entries is not decided")
            elif a != b:
                return -1 if a < b else 1
        return 0

    return sorted(range(len(rows)), key=functools.cmp_to_key(compare))


def ranked(x: list[Any]) -> list[Any]:
    """Sorted values: the k-th smallest lies between the k-th smallest of the lower and of the upper
    ends, whatever the order of the balls is."""

    def sort(ends: list[arb]) -> list[arb]:
        return sorted(ends, key=functools.cmp_to_key(lambda a, b: -1 if a < b else int(a > b)))

    if all(type(v) is fmpq for v in x):
        return sorted(x)
    x = [ball(v) for v in x]
    return [hull(a, b) for a, b in zip(sort([v.lower() for v in x]), sort([v.upper() for v in x]))]


def sort(eqn: Any, *args: Any) -> list[Any]:
    """Entries in order; what is carried along needs a decided order."""
    axis, keys = eqn.params["dimension"], eqn.params["num_keys"]
    columns = [np.moveaxis(a if is_ball(a) else np.asarray(a), axis, -1) for a in args]
    shape = columns[0].shape
    flat = [c.reshape(-1, shape[-1]) for c in columns]
    if len(args) == 1:
        rows = [box(ranked(list(row)), (shape[-1],)) for row in flat[0]]
        return [np.moveaxis(np.stack(rows).reshape(shape), -1, axis)]
    orders = [ordered(list(zip(*(c[i] for c in flat[:keys])))) for i in range(len(flat[0]))]
    sorted_ = [np.stack([c[i][order] for i, order in enumerate(orders)]) for c in flat]
    return [np.moveaxis(c.reshape(shape), -1, axis) for c in sorted_]


def top_k(eqn: Any, x: np.ndarray) -> list[Any]:
    """The k largest entries along an axis, largest first, and their numbers."""
    axis, k = eqn.params.get("axis", -1), eqn.params["k"]
    rows = np.moveaxis(x, axis, -1)
    flat = rows.reshape(-1, rows.shape[-1])
    orders = [ordered([(-v,) for v in row])[:k] for row in flat]
    shape = (*rows.shape[:-1], k)
    values = np.stack([row[order] for row, order in zip(flat, orders)]).reshape(shape)
    numbers = np.array(orders, np.int32).reshape(shape)
    return [np.moveaxis(values, -1, axis), np.moveaxis(numbers, -1, axis)]


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product of two matrices of balls."""
    if 0 in (*a.shape, *b.shape):
        return box([ZERO] * (a.shape[0] * b.shape[1]), (a.shape[0], b.shape[1]))
    if any(type(v) is fmpq for v in (*a.flat, *b.flat)):
        rows, columns = a.tolist(), b.T.tolist()
        add, mul = BINARY["add"], BINARY["mul"]
        found = [functools.reduce(add, map(mul, r, c)) for r in rows for c in columns]
        return box(found, (a.shape[0], b.shape[1]))
    (m, k), n = a.shape, b.shape[1]
    return matrix(arb_mat(m, k, a.ravel().tolist()) * arb_mat(k, n, b.ravel().tolist()))


def matrix(m: Any) -> np.ndarray:
    """A flint matrix as an array of its entries."""
    return box(m.entries(), (m.nrows(), m.ncols()))


def dot_general(eqn: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A batch of matrix products; of a vector with itself a sum of squares."""
    (ca, cb), (ba, bb) = eqn.params["dimension_numbers"]
    fa = [i for i in range(a.ndim) if i not in (*ca, *ba)]
    fb = [i for i in range(b.ndim) if i not in (*cb, *bb)]
    free_a, free_b = [a.shape[i] for i in fa], [b.shape[i] for i in fb]
    batch, inner = [a.shape[i] for i in ba], math.prod([a.shape[i] for i in ca])
    left = a.transpose(*ba, *fa, *ca).reshape(math.prod(batch), math.prod(free_a), inner)
    right = b.transpose(*bb, *cb, *fb).reshape(math.prod(batch), inner, math.prod(free_b))
    if eqn.invars[0] is eqn.invars[1] and not (fa or fb or ba) and ca == cb:
        left, right = each(whole(2), left), each(lambda v: ONE, right)
    products = [multiply(x, y) for x, y in zip(left, right)]
    return np.concatenate([p.ravel() for p in products]).reshape((*batch, *free_a, *free_b))


def scatter_add(eqn: Any, x: np.ndarray, where: Any, updates: np.ndarray) -> np.ndarray:
    """x with each update added where a scatter would put it."""
    total, dtype = x.ravel().copy(), eqn.outvars[0].aval.dtype
    for k, update in enumerate(updates.ravel().tolist()):
        hot = (np.arange(updates.size) == k).reshape(updates.shape).astype(dtype)
        hits = RULES["scatter-add"](eqn.params, np.zeros(x.shape, dtype), np.asarray(where), hot)
        for i in np.flatnonzero(hits):
            total[i] = BINARY["add"](total[i], update)
    return total.reshape(x.shape)
