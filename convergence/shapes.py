"""The array types used in every signature: jaxtyping names, checked by beartype in tests only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

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


def real(value: Numbers) -> Reals:
    """A real hyper-parameter as an array leaf, so that a new value never retraces.

    Host numbers become NumPy float64 (JAX narrows them when float32 is selected); JAX arrays and
    tracers of reals pass through.
    """
    if isinstance(value, jnp.ndarray):
        return value if jnp.issubdtype(value.dtype, jnp.floating) else value.astype(float)
    return cast(Reals, np.asarray(value, dtype=np.float64))


def whole(value: Numbers) -> Whole:
    """An integer hyper-parameter (a period, a batch size) as an array leaf; see `real`."""
    if isinstance(value, jnp.ndarray):
        return value
    return cast(Whole, np.asarray(value, dtype=np.int32))


def optional(convert: Callable[[Numbers], _T]) -> Callable[[Numbers | None], _T | None]:
    """The same converter for a field that may be left out."""
    return lambda value: None if value is None else convert(value)
