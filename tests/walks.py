"""A few steps of a method outside the runner, for comparison with numbers worked by hand."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle

KEY = jax.random.key(0)


def walk(
    algorithm: Any, problem: Any, steps: int, noise: Any = None, oracle: Any = Oracle
) -> list[Any]:
    """The states of one run; step t has the key fold_in(KEY, t)."""
    asked = oracle(problem, noise or Noiseless())
    path = [algorithm.init(problem.start(), asked, KEY)]
    for t in range(steps):
        key = jax.random.fold_in(KEY, t)
        path.append(algorithm.step(jnp.asarray(t, jnp.int32), path[-1], asked, key))
    return path


def iterates(*arguments: Any, **more: Any) -> list[np.ndarray]:
    """The iterates of `walk`."""
    return [np.asarray(state.x) for state in walk(*arguments, **more)]
