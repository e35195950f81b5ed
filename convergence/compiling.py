"""How programs are compiled, where most of the time of a short run goes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np

ARRAYS = np.ndarray, np.generic, jax.Array  # leaves that are traced; others are of the program

# One piece of code instead of up to 32 that are compiled side by side.
PARTED = {"xla_cpu_parallel_codegen_split_count": 1}
# And no loop of a step parted among threads: of a chunk of small iterates it took a third of the
# time, and the parts waited for each other. Products of matrices stay with the library that XLA
# calls for them; its sums part themselves too, and NSGD-M took up to 1.7 times as long with them.
WHOLE = {
    **PARTED,
    "xla_disable_hlo_passes": "cpu-parallel-task-assigner",
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT",
}
# This halves the time to compile; steps become up to a third slower.
HASTE = {**WHOLE, "xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 1}
# Level 0 would halve it again, and is wrong: it contracts a·b + c in one of two places that compute
# the same, and the largest of some numbers is then none of them; its gradient is 0/0.


@functools.cache
def known(option: str, value: Any) -> bool:
    """Whether the XLA at hand has an option, which some of its versions lack."""
    try:
        jax.jit(lambda: 0, compiler_options={option: value}).lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


def at_hand(options: dict[str, Any]) -> dict[str, Any]:
    """Those that the XLA at hand has, where its programs run on a CPU; none elsewhere."""
    if jax.default_backend() != "cpu":
        return {}
    return {name: value for name, value in options.items() if known(name, value)}


def filling(structure: Any, leaves: Sequence[Any]) -> Callable[[Sequence[Any]], Any]:
    """What makes a tree of other arrays in the places of these, beside its other leaves."""
    held = [None if isinstance(v, ARRAYS) else (v,) for v in leaves]

    def fill(arrays: Sequence[Any]) -> Any:
        rest = iter(arrays)
        return jax.tree.unflatten(structure, [next(rest) if v is None else v[0] for v in held])

    return fill


class Jitted:
    """`eqx.filter_jit` of a function, with options of XLA where its programs run on a CPU."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]):
        functools.update_wrapper(self, function)
        self._function, self._options = function, options

    @functools.cached_property
    def _chosen(self) -> Any:
        # Typed as Any: Equinox hands compiler options on to JAX without saying so.
        jit: Any = eqx.filter_jit
        found = at_hand(self._options)
        return jit(self._function, compiler_options=found) if found else jit(self._function)

    def __call__(self, *args: Any) -> Any:
        """What the function gives."""
        return self._chosen(*args)

    def lower(self, *args: Any) -> Any:
        """The program, not compiled yet."""
        return self._chosen.lower(*args)


def carefully(function: Callable[..., Any]) -> Jitted:
    """Compiled for speed, each call on one core."""
    return Jitted(function, WHOLE)


def widely(function: Callable[..., Any]) -> Jitted:
    """Compiled for the speed of one call on all cores."""
    return Jitted(function, PARTED)


def hastily(function: Callable[..., Any]) -> Jitted:
    """Compiled in a hurry, for what is run a few times."""
    return Jitted(function, HASTE)
