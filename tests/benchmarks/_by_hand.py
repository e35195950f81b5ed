"""Methods written out in JAX for one problem, batched over seeds as the runner batches them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from convergence.compiling import carefully
from convergence.keys import run_keys


def batched(
    one: Callable[[Any, Any], Any], chunk: int, base: Any
) -> Callable[[int, int], list[Any]]:
    """Of one run `one(key, T)`: the runs of so many seeds up to T, in chunks, with the runner's
    options of the compiler and its keys under `base`, which no trace can make."""

    @carefully
    def batch(indices: Any, T: Any) -> Any:
        return jax.vmap(one, in_axes=(0, None))(run_keys(base, indices), T)

    def everything(T: int, seeds: int) -> list[Any]:
        parts = [
            batch(np.arange(i, i + chunk, dtype=np.uint32), np.int32(T))
            for i in range(0, seeds, chunk)
        ]
        return jax.block_until_ready(parts)

    return everything
