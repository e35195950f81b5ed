"""The array types used in every signature: jaxtyping names, checked by beartype in tests only; and
what has fields of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from inspect import signature
from numbers import Rational
from typing import TYPE_CHECKING, Any, TypeVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from convergence.errors import STUMBLES, InvalidInput, require, shown

Scalar = Float[Array, ""]
Vector = Float[Array, " d"]
Matrix = Float[Array, "_m _n"]  # two matrices in one signature may differ in shape
Iterate = Float[Array, "..."]
Count = Int[Array, ""]
Flag = Bool[Array, ""]
Key = PRNGKeyArray | Shaped[Array, "2"]
# What a field holds after `real` or `whole`: NumPy's on the host, JAX's within a program. Type
# checkers are told of the latter, which is what steps, gradients and metrics compute with.
if TYPE_CHECKING:
    Reals = Float[Array, "..."]
    Whole = Int[Array, "..."]
else:
    Reals = Float[Array, "..."] | Float[np.ndarray, "..."]
    Whole = Int[Array, "..."] | Int[np.ndarray, "..."]
Numbers = ArrayLike | Sequence[Any]  # what may be given for them
# `property` for a class attribute that depends on the fields; to type checkers, any value.
varies: Any = property
_T = TypeVar("_T")
KINDS = {"real": "fiuV", "whole": "iu"}  # of NumPy's types; bfloat16 and its like are V


if TYPE_CHECKING:  # which knows fields of `eqx.Module` alone
    AbstractModule = eqx.Module
else:

    class _Sentences(type(eqx.Module)):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().__call__(*args, **kwargs)
            except (InvalidInput, jax.errors.JAXTypeError, jax.errors.JAXIndexError):
                raise
            except STUMBLES as error:
                if str(error).startswith("Can't instantiate abstract"):
                    raise  # no argument would help
                given = [shown(value, 60) for value in args]
                given += [f"{name}={shown(value, 60)}" for name, value in kwargs.items()]
                why = " ".join(str(error).split())[:160]
                raise InvalidInput(
                    f"Got {cls.__name__}({', '.join(given)[:200]}), but fields of the kinds and "
                    f"shapes that its docstring names are needed ({type(error).__name__}: {why}); "
                    f"it takes ({', '.join(signature(cls).parameters)})."
                ) from error

    class AbstractModule(eqx.Module, metaclass=_Sentences):
        """What has fields; arguments that its checks stumble on are refused in a sentence."""


def real(value: Numbers) -> Reals:
    """A real hyper-parameter as an array leaf, so that a new value never retraces.

    Numbers become NumPy float64 (JAX narrows them when float32 is selected), JAX's arrays as well,
    so that whatever has a value is checked; tracers of reals pass through.
    """
    if isinstance(value, Tracer):
        _check(value, value.dtype.kind in KINDS["real"], "real")
        return value if jnp.issubdtype(value.dtype, jnp.floating) else value.astype(float)
    return cast(Reals, _host(value, np.float64, "real"))


def whole(value: Numbers) -> Whole:
    """An integer hyper-parameter (a period, a batch size) as an array leaf; see `real`."""
    if isinstance(value, Tracer):
        _check(value, value.dtype.kind in KINDS["whole"], "whole")
        return value
    return cast(Whole, _host(value, np.int32, "whole"))


def _host(value: Any, dtype: Any, what: str) -> np.ndarray:
    """Numbers on the host; text, complex or masked ones are refused, which NumPy would convert."""
    made, good = np.zeros(0), False
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        found = np.asarray(value)
        known = found.dtype.kind in KINDS[what] and not np.ma.is_masked(value)
        if found.dtype.kind == "O":  # fractions, and whole numbers beyond 64 bits
            known = all(isinstance(number, Rational) for number in found.flat)
        made = found.astype(dtype) if known else made
        good = known and (what == "real" or np.array_equal(made, found))
    _check(value, good, what)
    return made


def _check(value: Any, good: object, what: str) -> None:
    if not good:  # a sentence about a good value would take longer than the check
        needed = "a real number" if what == "real" else "a whole number of 32 bits"
        require(good, f"{shown(value)} in a field", f"{needed} or an array of them", "give one")


def optional(convert: Callable[[Numbers], _T]) -> Callable[[Numbers | None], _T | None]:
    """The same converter for a field that may be left out."""
    return lambda value: None if value is None else convert(value)
