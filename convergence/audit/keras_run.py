"""Optimizers of Keras 3, as pure functions on JAX: `stateless_apply` in the form of optax.

Keras takes parameters as a list and a rate as a number or a schedule object of its own.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Mapping
from typing import Any


def prefer_jax() -> None:
    """Keras reads its backend when it is imported."""
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "jax")


def is_keras(value: Any) -> bool:
    """A class of Keras's optimizers that takes a rate, if Keras has been imported by anyone."""
    keras: Any = sys.modules.get("keras")
    base = getattr(getattr(keras, "optimizers", None), "Optimizer", None)
    return (
        base is not None and isinstance(value, type) and issubclass(value, base)
        and value is not base and "inner_optimizer" not in options(value)
    )  # fmt: skip


def options(value: Any) -> Mapping[str, Any]:
    """The parameters of its constructor."""
    return inspect.signature(value).parameters


def transformation(made: type) -> Any:
    """A factory of transformations from a class of Keras's."""

    def factory(**chosen: Any) -> Any:
        import jax
        import keras  # pyright: ignore[reportMissingImports]
        import optax

        optimizer: Any = made(**chosen)

        def init(params: Any) -> Any:
            variables = [keras.Variable(p, dtype=str(p.dtype)) for p in params]
            optimizer.build(variables)
            return [v.value for v in optimizer.variables]

        def update(updates: Any, state: Any, params: Any = None) -> Any:
            new, state = optimizer.stateless_apply(state, list(updates), list(params))
            return jax.tree.map(lambda a, b: a - b, new, list(params)), state

        return optax.GradientTransformation(init, update)

    marked: Any = factory
    marked.lists_only = True
    return marked
