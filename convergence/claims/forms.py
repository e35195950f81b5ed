"""What an instance answers has the form that runs need: another fails in a sum, or is spread over
it. Of what the package's own problems answer, its tests know."""

# What JAX and Equinox return is unknown to type checkers.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import STUMBLES, InvalidInput, place, require, shown
from convergence.laws.origin import ours
from convergence.noise.agents import Levels
from convergence.noise.base import AbstractNoise
from convergence.precision import precision
from convergence.problems.base import start_shape, started

STARS = "x_star", "saddle", "box_star"  # points of the iterate's shape after broadcasting


def check_start(problem: Any) -> tuple[int, ...]:
    """The shape of x_0, if that is an array of floating-point numbers and has entries."""
    x = started(problem) if ours(problem) else problem.start()
    good = isinstance(x, jax.Array | np.ndarray) and jnp.issubdtype(x.dtype, jnp.floating)
    require(
        good,
        f"{'' if good else shown(x)} from {type(problem).__name__}.start()",
        "an array of floating-point numbers",
        "return jnp.array([1.0, 2.0]), say",
    )
    require(x.size > 0, f"a start of shape {x.shape}", "an iterate with entries", "take d ≥ 1")
    if not ours(problem):
        _check_traced(problem)
    return x.shape


def _check_traced(problem: Any) -> None:
    """Refuse a start that knows numbers which only a run knows."""
    try:
        start_shape(problem)
    except jax.errors.JAXTypeError as error:
        raise InvalidInput(
            f"Got {type(problem).__name__}.start() with an `if`, a `float` or a call of NumPy on "
            "the problem's own arrays, but a run is traced, which knows their shapes alone; return "
            "a field, or compute x_0 by jax.numpy."
        ) from error


def check_samples(noise: Any, shape: tuple[int, ...]) -> None:
    """Refuse a noise that draws no array of this shape when it is given an iterate of it; so must
    that of every level, at its own shape."""
    if isinstance(noise, Levels):
        for level in "yz":
            check_samples(*noise.levels(shape)[level])
    if not noise.of_iterate:
        return  # it is handed something else
    drawn, dtype, why = _answer(noise, "draw", shape)
    if drawn != shape:
        raise InvalidInput(
            f"Got {shown(noise)} for an iterate of shape {shape}, but samples of that shape are "
            f"needed, not {why or drawn}; give its fields that shape, or take another noise."
        )
    if not ours(noise):
        own = _form("float64", shape)
        _held(noise, "draw(x, key)", _form(dtype, shape), dtype == "float64", own)
        if type(noise).potential is not AbstractNoise.potential:
            _check_potential(noise, shape)


def _check_potential(noise: Any, shape: tuple[int, ...]) -> None:
    try:
        found, dtype, why = _answer(noise, "potential", shape)
    except InvalidInput:
        return  # it gives none
    good = found == () and dtype == "float64"
    said = why or _form(dtype, found)
    _held(noise, "potential(x, key)", said, good, _form("float64", ()))


def check_problem(problem: Any, shape: tuple[int, ...], c: Constants) -> None:
    """Refuse a problem of a user's class whose f, ∇f, f* or minimizer is of another form."""
    if ours(problem):
        return
    for name, own in (("value", ()), ("grad", shape)):
        found, dtype, why = _answer(problem, name, shape)
        good = found == own and dtype == "float64"
        _held(problem, f"{name}(x)", why or _form(dtype, found), good, _form("float64", own))
    point = f"an array that broadcasts to the shape {shape} of the iterate"
    for name in STARS:
        if name in c:
            found = shown(c[name])
            _held(problem, f"constants().{name}", found, _fits(c[name], shape), point)
    for name, own, needed in (("x_star", shape, point), ("f_star", (), "a number")):
        asked = getattr(problem, name, None)
        if not callable(asked):
            continue
        try:
            found = asked()
        except InvalidInput:
            continue  # it has none
        _held(problem, f"{name}()", shown(found), _fits(found, own), needed)


def check_law(noise: Any, shape: tuple[int, ...]) -> None:
    """Refuse a noise of a user's class that states its law in another form."""
    if ours(noise):
        return
    law = noise.atoms(shape)
    good = law is None or (isinstance(law, tuple) and len(law) == 2 and all(map(_real, law)))
    if good and law is not None:
        chances, values = map(np.shape, law)
        good = len(chances) == 1 and values == (*chances, *shape)
    needed = f"(chances (K,), values (K, {', '.join(map(str, shape))})), or None"
    _held(noise, "atoms(shape)", "" if good else shown(law), good, needed)
    unit = noise.of_unit(jnp.zeros(shape))
    good = np.shape(unit) == shape and _real(unit) if noise.normal or unit is not None else True
    needed = f"an array of shape {shape}{'' if noise.normal else ', or None'}"
    _held(noise, "of_unit(unit)", shown(unit), good, needed)
    tail = noise.tail(shape)
    if tail is not None:
        _held(noise, "tail(shape)", shown(tail), callable(tail), "a function of radii, or None")
        share = tail(np.ones(3))
        good = np.shape(share) == (3,) and _real(share)
        _held(noise, "tail(shape)(r)", shown(share), good, "a chance for each of the radii r, (3,)")


def _held(part: Any, what: str, found: str, good: object, needed: str) -> None:
    name = type(part).__name__
    require(
        good, f"{found} from {name}.{what}", needed, f"let {name}.{what.split('(')[0]} return that"
    )


def _form(dtype: str, shape: tuple[int, ...]) -> str:
    return f"an array {dtype}{shape}" if shape else f"a number {dtype}"


def _real(value: Any) -> bool:
    """Whether a value is an array of real numbers, none of them NaN."""
    try:
        found = np.asarray(value)
    except STUMBLES:
        return False
    return found.dtype.kind in "fiu" and not np.any(np.isnan(found))


def _fits(value: Any, shape: tuple[int, ...]) -> bool:
    """Whether it is an array of numbers that broadcasts to a shape."""
    try:
        return _real(value) and np.broadcast_shapes(np.shape(value), shape) == shape
    except STUMBLES:
        return False


def _answer(part: Any, name: str, shape: tuple[int, ...]) -> tuple[Any, str, str]:
    """The shape and dtype of what a method answers at an iterate of a shape in float64; None, and
    why, where that is no array."""
    leaves, structure = jax.tree_util.tree_flatten(part)
    # What is no array is no number of a run's: an `if` may ask it.
    forms = tuple(
        jax.ShapeDtypeStruct(v.shape, v.dtype)
        if isinstance(v, jax.Array | np.ndarray | np.generic)
        else v
        for v in leaves
    )
    try:
        hash((structure, forms))
    except TypeError:
        return _traced.__wrapped__(name, structure, forms, shape)
    return _traced(name, structure, forms, shape)


@functools.lru_cache(maxsize=4096)
def _traced(name: str, structure: Any, forms: Any, shape: Any) -> tuple[Any, str, str]:
    part: Any = jax.tree_util.tree_unflatten(structure, forms)

    def one(part: Any, x: Any) -> Any:
        keys = (jax.random.key(0),) if name in ("draw", "potential") else ()
        return getattr(part, name)(x, *keys)

    with precision("float64"):  # of which heavy tails do not warn
        x = jax.ShapeDtypeStruct(shape, np.float64)
        try:
            found = eqx.filter_eval_shape(one, part, x)
        except InvalidInput:
            raise
        except jax.errors.JAXTypeError as error:
            said = "an `if`, `float`, `int` or a function of NumPy on a number that only runs know"
            return None, "", f"{said}{_at(error)}"
        except STUMBLES as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:120]
            return None, "", f"{said}{_at(error)}"
    if isinstance(found, jax.ShapeDtypeStruct):
        return found.shape, str(found.dtype), ""
    return None, "", f"the {type(found).__name__} {shown(found)}"


def _at(error: Exception) -> str:
    where = place(error)
    return f" ({where})" if where else ""
