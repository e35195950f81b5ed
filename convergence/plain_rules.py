"""What operations of a traced program do, by NumPy: (parameters, arrays) → an array, or several."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

Rule = Callable[..., Any]


SMALL = 2**12  # entries that are copied sooner than a view of them is made


def _spread(p: Any, x: Any) -> Any:
    shape = [1] * len(p["shape"])
    for size, axis in zip(x.shape, p["broadcast_dimensions"]):
        shape[axis] = size
    if math.prod(p["shape"]) > SMALL:
        return np.broadcast_to(x.reshape(shape), p["shape"])
    out = np.empty(p["shape"], x.dtype)
    out[...] = x.reshape(shape)
    return out


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


def _pad(p: Any, x: Any, value: Any) -> Any:
    sizes = [
        max(0, lo + hi + n + k * max(n - 1, 0))
        for n, (lo, hi, k) in zip(x.shape, p["padding_config"])
    ]
    out = np.full(sizes, value, x.dtype)
    into, of = [], []
    for n, size, (low, _, k) in zip(x.shape, sizes, p["padding_config"]):
        step, first = k + 1, max(0, -(low // (k + 1)))  # i goes to low + i·step if that is inside
        last = max(first, min(n, (size - 1 - low) // step + 1))
        of.append(slice(first, last))
        into.append(slice(low + first * step, low + last * step, step))
    out[tuple(into)] = x[tuple(of)]
    return out


def _iota(p: Any) -> Any:
    shape, axis = p["shape"], p["dimension"]
    return _spread({"shape": shape, "broadcast_dimensions": (axis,)}, np.arange(shape[axis]))


def _places(x: Any, where: Any, sizes: Any, starts: Any, alone: Any, batches: Any) -> Any:
    """Where windows of x stand that rows of `where` point at, an array of indices an axis, moved
    inside; and which of them were. starts: the axes that a row is about; alone: those that a
    window has not; batches: axes of x and of `where` that go together."""
    batch = where.shape[:-1]
    free = [k for k in range(x.ndim) if k not in alone]
    lead, inside, places = len(batch), np.ones((), bool), []
    for k in range(x.ndim):
        place: Any = 0
        if k in starts:
            place = where[..., starts.index(k)].astype(np.int64)
        elif k in batches[0]:
            axis = batches[1][batches[0].index(k)]
            place = _iota({"shape": batch, "dimension": axis})
        place = np.reshape(place, (*(np.shape(place) or (1,) * lead), *(1,) * len(free)))
        most = x.shape[k] - sizes[k]
        inside = inside & (place >= 0) & (place <= most)
        place = np.minimum(np.maximum(place, 0), most)  # clip takes ten times as long
        if k in free:
            offset = [1] * (lead + len(free))
            offset[lead + free.index(k)] = sizes[k]
            place = place + np.arange(sizes[k]).reshape(offset)
        places.append(place)
    return places, inside, range(lead, lead + len(free))


def _gather(p: Any, x: Any, where: Any) -> Any:
    """What each row of `where` points at, of the sizes given."""
    d, sizes = p["dimension_numbers"], p["slice_sizes"]
    alone = (*d.collapsed_slice_dims, *d.operand_batching_dims)
    batches = d.operand_batching_dims, d.start_indices_batching_dims
    places, inside, windows = _places(x, where, sizes, d.start_index_map, alone, batches)
    found = x[tuple(np.broadcast_arrays(*places))] if places else x
    if p["mode"] == jax.lax.GatherScatterMode.FILL_OR_DROP:
        fill, kind = p["fill_value"], x.dtype.kind
        if fill is None and kind in "iu":
            fill = np.iinfo(x.dtype).min if kind == "i" else np.iinfo(x.dtype).max
        elif fill is None:
            fill = np.nan if kind == "f" else True
        found = np.where(inside, found, fill)
    return np.moveaxis(found, windows, d.offset_dims)


def _scatter(put: Callable[..., Any]) -> Rule:
    """x with entries of `new` put where rows of `where` point at; what falls outside is dropped."""

    def run(p: Any, x: Any, where: Any, new: Any) -> Any:
        d = p["dimension_numbers"]
        alone = (*d.inserted_window_dims, *d.operand_batching_dims)
        window = iter(d.update_window_dims)
        sizes = [1 if k in alone else new.shape[next(window)] for k in range(x.ndim)]
        batches = d.operand_batching_dims, d.scatter_indices_batching_dims
        starts = d.scatter_dims_to_operand_dims
        places, inside, windows = _places(x, where, sizes, starts, alone, batches)
        new = np.moveaxis(new, d.update_window_dims, windows)
        kept = np.broadcast_to(inside | (p["mode"] == jax.lax.GatherScatterMode.CLIP), new.shape)
        x = x.copy()
        put(x, tuple(np.broadcast_to(k, new.shape)[kept] for k in places), new[kept])
        return x

    return run


def _bits(p: Any, x: Any) -> Any:
    """The same bits as numbers of another type; of another width along a last axis."""
    new, old = np.dtype(p["new_dtype"]), x.dtype.itemsize
    x = np.ascontiguousarray(x).reshape(x.shape)
    if new.itemsize < old:
        return x[..., None].view(new)
    return x.view(new) if new.itemsize == old else x.view(new)[..., 0]


def _sort(p: Any, *xs: Any) -> Any:
    """Along an axis, by the first of the arrays; what is equal stays in order."""
    order = np.lexsort(xs[: p["num_keys"]][::-1], axis=p["dimension"])
    return [np.take_along_axis(x, order, p["dimension"]) for x in xs]


def _lu(p: Any, a: Any) -> Any:
    """L and U in one, what is exchanged at each column, and the order of rows that results."""
    many = a.shape[:-2]
    rows = [_lu_one(one.copy()) for one in a.reshape(-1, *a.shape[-2:])]
    return [np.stack(v).reshape(*many, *v[0].shape) for v in zip(*rows)]


def _lu_one(a: Any) -> tuple[Any, Any, Any]:
    order, swaps = np.arange(len(a), dtype=np.int32), []
    for j in range(min(a.shape)):
        k = j + int(np.argmax(np.abs(a[j:, j])))
        swaps.append(k)
        a[[j, k]], order[[j, k]] = a[[k, j]], order[[k, j]]
        a[j + 1 :, j] /= a[j, j]
        a[j + 1 :, j + 1 :] -= np.outer(a[j + 1 :, j], a[j, j + 1 :])
    return a, np.array(swaps, np.int32), order


def _svd(p: Any, x: Any) -> Any:
    if not np.all(np.isfinite(x)):  # where NumPy raises, XLA gives NaN
        return [np.full_like(v, np.nan) for v in _svd(p, np.zeros_like(x))]
    if not p["compute_uv"]:
        return [np.linalg.svd(x, compute_uv=False)]
    u, s, v = np.linalg.svd(x, p["full_matrices"])
    return s, u, v


def _triangular(p: Any, a: Any, b: Any) -> Any:
    a = np.tril(a) if p["lower"] else np.triu(a)
    if p["unit_diagonal"]:
        a = a - a * np.eye(a.shape[-1]) + np.eye(a.shape[-1])
    a = np.swapaxes(a, -1, -2) if p["transpose_a"] else a
    if p["left_side"]:
        return _solved(a, b)
    return np.swapaxes(_solved(np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2)), -1, -2)


def _solved(a: Any, b: Any) -> Any:
    """a⁻¹b; NaN for what is singular, where NumPy raises."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full_like(b, np.nan)
        return np.stack([_solved(each, one) for each, one in zip(a, b)])


def _product(p: Any, a: Any, b: Any) -> Any:
    (ca, cb), (ba, bb) = p["dimension_numbers"]
    fa = [i for i in range(a.ndim) if i not in (*ca, *ba)]
    fb = [i for i in range(b.ndim) if i not in (*cb, *bb)]
    batch, inner = [a.shape[i] for i in ba], math.prod(a.shape[i] for i in ca)
    rows, columns = [a.shape[i] for i in fa], [b.shape[i] for i in fb]
    dtype = p.get("preferred_element_type") or a.dtype  # of whole numbers a wider one, for instance
    a, b = (v.astype(dtype, copy=False) for v in (a, b))
    left = a.transpose(*ba, *fa, *ca).reshape((*batch, math.prod(rows), inner))
    right = b.transpose(*bb, *cb, *fb).reshape((*batch, inner, math.prod(columns)))
    return np.matmul(left, right).reshape((*batch, *rows, *columns))


def _ranks(x: Any) -> Any:
    """Whole numbers in the total order of floats, in which −0 < 0 and NaN stands at either end."""
    if x.dtype.kind != "f":
        return x
    bits = x.view(f"i{x.itemsize}")
    return np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits)


def _quotient(p: Any, a: Any, b: Any) -> Any:
    if a.dtype.kind in "fc":
        return a / b
    down, left = np.divmod(a, b)  # toward 0, as XLA does; by 0 it gives −1
    return np.where(b == 0, -1, down + ((left != 0) & ((a < 0) != (b < 0)))).astype(a.dtype)


def _rest(a: Any, b: Any) -> Any:
    return np.fmod(a, b) if a.dtype.kind in "fc" else np.where(b == 0, a, np.fmod(a, b))


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


# Entry by entry, of arrays of one shape and of numbers.
ELEMENTWISE: dict[str, Rule] = {
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
        "min": np.minimum, "rem": _rest, "pow": np.power, "atan2": np.arctan2,
        "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "eq": np.equal,
        "shift_left": np.left_shift, "shift_right_arithmetic": np.right_shift,
        "shift_right_logical": lambda x, by: (
            x.view(f"u{x.itemsize}") >> by.view(f"u{x.itemsize}")).view(x.dtype),
        "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
        "ge": np.greater_equal, "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    }.items()},
    "div": _quotient, "integer_pow": _power,
    "convert_element_type": lambda p, x: x.astype(p["new_dtype"]),
    "select_n": lambda p, which, *cases: (
        np.where(which, cases[1], cases[0]) if len(cases) == 2 else np.choose(which, cases)),
    "lt_to": lambda p, x, y: _ranks(x) < _ranks(y), "stop_gradient": lambda p, x: x,
    "erf": _same(np.vectorize(math.erf, otypes=[float])),
}  # fmt: skip
RULES: dict[str, Rule] = {
    **ELEMENTWISE,
    "broadcast_in_dim": lambda p, x, *_: _spread(p, x), "slice": _cut,
    "reshape": lambda p, x, *_: x.reshape(p["new_sizes"]),
    "squeeze": lambda p, x: np.squeeze(x, tuple(p["dimensions"])),
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
    "rev": lambda p, x: np.flip(x, tuple(p["dimensions"])),
    "concatenate": lambda p, *xs: np.concatenate(xs, p["dimension"]),
    "dynamic_slice": lambda p, x, *starts: x[_window(x, p["slice_sizes"], starts)],
    "dynamic_update_slice": _put, "sort": _sort,
    "scatter": _scatter(lambda x, at, new: x.__setitem__(at, new)),
    "scatter-add": _scatter(np.add.at), "bitcast_convert_type": _bits,
    "unstack": lambda p, x: list(np.moveaxis(x, p["axis"], 0)), "pad": _pad, "iota": _iota,
    "gather": _gather, "lu": _lu, "svd": _svd, "triangular_solve": _triangular,
    "split": lambda p, x: np.split(x, np.cumsum(p["sizes"])[:-1], p["axis"]),
    "tile": lambda p, x: np.tile(x, p["reps"]), "stack": lambda p, *xs: np.stack(xs, p["axis"]),
    "dot_general": _product,
    "reduce_sum": _folded(np.add), "reduce_prod": _folded(np.multiply),
    "reduce_max": _folded(np.maximum), "reduce_min": _folded(np.minimum),
    "reduce_and": _folded(np.bitwise_and), "reduce_or": _folded(np.bitwise_or),
    "cumsum": _running(np.add), "cumprod": _running(np.multiply),
    "cummax": _running(np.maximum), "cummin": _running(np.minimum),
    "argmax": lambda p, x: np.argmax(x, axis=p["axes"][0]),
    "argmin": lambda p, x: np.argmin(x, axis=p["axes"][0]),
}  # fmt: skip
