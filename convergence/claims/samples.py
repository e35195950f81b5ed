"""Samples of a noise have the iterate's shape: others fail in a sum, or are spread over it."""

# What JAX and Equinox return is unknown to type checkers.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import functools
from typing import Any

import equinox as eqx
import jax
import numpy as np

from convergence.errors import STUMBLES, InvalidInput, shown
from convergence.precision import precision


def check_samples(noise: Any, shape: tuple[int, ...]) -> None:
    """Refuse a noise that draws no array of this shape when it is given an iterate of it."""
    if not noise.of_iterate:
        return  # it is handed something else
    leaves, structure = jax.tree_util.tree_flatten(noise)
    arrays = [np.asarray(leaf) for leaf in leaves]
    forms = tuple((a.shape, a.dtype) for a in arrays)
    drawn, why = _drawn(structure, forms, shape)
    if drawn != shape:
        raise InvalidInput(
            f"Got {shown(noise)} for an iterate of shape {shape}, but samples of that shape are "
            f"needed, not {why or drawn}; give its fields that shape, or take another noise."
        )


@functools.lru_cache(maxsize=4096)
def _drawn(structure: Any, forms: Any, shape: tuple[int, ...]) -> tuple[Any, str]:
    """The shape of a sample of a noise of this form, or None and why there is none."""
    leaves = [jax.ShapeDtypeStruct(*form) for form in forms]
    noise: Any = jax.tree_util.tree_unflatten(structure, leaves)

    def one(noise: Any, x: Any) -> Any:
        return noise.draw(x, jax.random.key(0))

    with precision("float64"):  # of which heavy tails do not warn
        x = jax.ShapeDtypeStruct(shape, np.float64)
        try:
            return eqx.filter_eval_shape(one, noise, x).shape, ""
        except InvalidInput:
            raise
        except STUMBLES as error:
            return None, " ".join(f"{type(error).__name__}: {error}".split())[:120]
