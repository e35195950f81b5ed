"""Many candidates as one compiled program, so that a batch of them costs one compilation."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import numpy as np

from convergence.compiling import hastily
from convergence.parts.solvers import AbstractDescent
from convergence.runner.experiment import Experiment
from convergence.runner.run import checkpoints, trajectory

LONGEST = 20_000  # inner steps of a run, for a batch of runs is a program that nothing ends


@hastily
def _batch(arrays: Any, axes: Any, rest: Any, marks: Any, keys: Any) -> Any:
    """(candidates, seeds, …): the metric at the last mark, NaN where a run diverged."""

    def one(arrays: Any, key: Any) -> Any:
        values, finite = trajectory(eqx.combine(arrays, rest), marks, key)
        return jax.numpy.where(finite[-1], values[-1], math.nan)

    return jax.vmap(jax.vmap(one, in_axes=(None, 0)), in_axes=(axes, 0))(arrays, keys)


def program(experiment: Experiment) -> Any:
    """What two candidates must share to run in one program: all but the numbers in arrays."""
    leaves, structure = jax.tree.flatten(experiment)
    arrays = [(v.shape, v.dtype) if eqx.is_array(v) else v for v in leaves]
    return structure, tuple(arrays)


def _axis(*leaves: Any) -> int | None:
    """None for an integer that all candidates share, like the period of a refresh: were it
    batched, every branch on it would be taken at every step."""
    whole = np.issubdtype(leaves[0].dtype, np.integer)
    return None if whole and all(np.array_equal(leaves[0], v) for v in leaves) else 0


def _stacked(axis: int | None, *leaves: Any) -> Any:
    return leaves[0] if axis is None else np.stack(leaves)


def simulate(experiments: list[Experiment], T: int, keys: Any) -> np.ndarray:
    """(candidates, seeds, …): the metric at T of experiments of one `program`, NaN where a run
    diverged. keys: (candidates, seeds)."""
    split = [eqx.partition(e, eqx.is_array) for e in experiments]
    each = [a for a, _ in split]
    axes = jax.tree.map(_axis, *each)
    arrays = jax.tree.map(_stacked, axes, *each, is_leaf=lambda axis: axis is None)
    run: Any = _batch
    return np.asarray(run(arrays, axes, split[0][1], checkpoints(T), keys))


def inner(algorithm: Any) -> int:
    """How many steps of inner solvers a step surely takes: of those that no accuracy ends."""
    parts = jax.tree.leaves(algorithm, is_leaf=lambda part: isinstance(part, AbstractDescent))
    solvers = [part for part in parts if isinstance(part, AbstractDescent)]
    return sum(int(s.N) for s in solvers if float(s.eps) == 0)
