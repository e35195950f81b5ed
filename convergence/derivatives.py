"""Derivatives of what a user wrote, whose rules and loops may not go both ways."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax

from convergence.errors import InvalidInput, told

# What JAX says of rules that work backward alone, and of loops that work forward alone.
BACKWARD = re.compile("custom_vjp|custom_lin|not support JVP")
FORWARD = re.compile("Reverse-mode differentiation does not work")
STOPS = NotImplementedError, TypeError, ValueError


def backward_alone(error: BaseException) -> bool:
    """Whether a derivative along a direction failed at a rule that works backward alone."""
    return isinstance(error, STOPS) and bool(BACKWARD.search(str(error)))


def along(function: Callable[[Any], Any], x: Any, v: Any, name: str) -> tuple[Any, Any]:
    """A function, called `name`, at x, and its derivative along v."""
    try:
        return jax.jvp(function, (x,), (v,))
    except STOPS as error:
        if not backward_alone(error):
            raise
        raise InvalidInput(
            f"Got {name} with a derivative that JAX finds backward alone ({told(error)}), but "
            "derivatives along directions are needed; write its rule by jax.custom_jvp, which "
            "serves both ways."
        ) from None


def slope_along(function: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Of a function that gives a number, its derivative along v: forward, since a mean over a batch
    is a loop, or backward where its rule works so alone."""
    try:
        return jax.jvp(function, (x,), (v,))[1]
    except STOPS as error:
        if not backward_alone(error):
            raise
        return jax.numpy.vdot(jax.grad(function)(x), v)


def value_and_slope(function: Callable[[Any], tuple[Any, Any]], x: Any) -> tuple[Any, Any, Any]:
    """Of a function that gives a number and more: both, and the gradient of the number at x;
    forward, an entry at a time, where a loop of unknown length is in the way of backward."""
    try:
        (value, more), slope = jax.value_and_grad(function, has_aux=True)(x)
    except ValueError as error:
        if not FORWARD.search(str(error)):
            raise
        value, more = function(x)
        slope = jax.jacfwd(lambda y: function(y)[0])(x)
    return value, more, slope
