"""How programs are compiled: most of the time of a short run goes there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

# One piece of code instead of up to 32 that are compiled side by side.
WHOLE = {"xla_cpu_parallel_codegen_split_count": 1}
# This halves the time to compile; steps become up to a third slower.
HASTE = {**WHOLE, "xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 1}


class Jitted:
    """`eqx.filter_jit` of a function, with options of XLA where its programs run on a CPU."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]):
        functools.update_wrapper(self, function)
        # Typed as Any: Equinox hands compiler options on to JAX without saying so.
        jit: Any = eqx.filter_jit
        self._plain, self._on_cpu = jit(function), jit(function, compiler_options=options)

    def _chosen(self) -> Any:
        return self._on_cpu if jax.default_backend() == "cpu" else self._plain

    def __call__(self, *args: Any) -> Any:
        """What the function gives."""
        return self._chosen()(*args)

    def lower(self, *args: Any) -> Any:
        """The program, not compiled yet."""
        return self._chosen().lower(*args)


def carefully(function: Callable[..., Any]) -> Jitted:
    """Compiled for speed."""
    return Jitted(function, WHOLE)


def hastily(function: Callable[..., Any]) -> Jitted:
    """Compiled in a hurry, for what is run a few times."""
    return Jitted(function, HASTE)
