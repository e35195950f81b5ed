"""What the last digits of an instance are worth: its twins, with every float moved by an ulp.

A statement is about real numbers and an instance holds floats: Q is not exactly orthogonal, a root
is rounded. How far metric and bound part on twins says how much of a miss is owed to that.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import equinox as eqx
import jax
import numpy as np

from convergence.claims.settings import Session
from convergence.runner.experiment import Experiment
from convergence.runner.record import Record
from convergence.statistics import Sample

TWINS = 16


def moved(tree: Any, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
    """`tree` with every float but 0, which no rounding leaves, one ulp of `dtype` up or down."""

    def move(leaf: Any) -> Any:
        if not eqx.is_inexact_array(leaf) or not np.isrealobj(leaf):
            return leaf
        value = np.asarray(leaf)
        side = np.where(rng.integers(0, 2, value.shape) == 1, np.inf, -np.inf)
        near = np.nextafter(value.astype(dtype), side.astype(dtype)).astype(value.dtype)
        return np.where(value == 0, value, near)

    return jax.tree.map(move, tree)


def floats(tree: Any) -> int:
    """How many floats `moved` moves."""
    arrays = [leaf for leaf in jax.tree.leaves(tree) if eqx.is_inexact_array(leaf)]
    return sum(int(np.count_nonzero(leaf)) for leaf in arrays)


def excess(values: np.ndarray, bound: Any) -> np.ndarray:
    """(seeds,) how far each run lies beyond its bound, relative to the larger; negative inside."""
    low, high = bound if isinstance(bound, tuple) else (-math.inf, bound)
    known = max((abs(b) for b in (low, high) if math.isfinite(b)), default=0.0)
    scale = np.maximum(known, np.abs(values))
    beyond = np.maximum(values - high, low - values) / np.where(scale > 0, scale, 1.0)
    return beyond.reshape(len(beyond), -1).max(axis=1)


def sensitivity(claim: Any, record: Record, sample: Sample, session: Session) -> float:
    """How far, relatively, rounding the instance's n floats can move the worst run from its bound.

    To first order a twin's deviation is Σ ± s_i, whose root mean square is ‖s‖₂; the worst choice
    of signs gives Σ|s_i| ≤ √n ‖s‖₂. 0 where a run is not finite: no rounding does that.
    """
    if not np.all(np.isfinite(sample.values)):
        return 0.0
    T, dtype = record.T, session.settings.dtype
    problem, noise, _ = claim.instance(T)
    what = claim.simulation(T)
    method = what.experiment.algorithm, what.experiment.metric
    before = excess(sample.values, sample.bound)
    worst = int(np.argmax(before))
    shifts = []
    for twin in range(TWINS):
        rng = np.random.default_rng(twin)
        near, loud = moved((problem, noise), rng, dtype)
        bound = claim.theorem.bound(near.constants() | loud.constants(np.shape(near.start())), T)
        other = Experiment(near, claim.oracle(near, loud), *moved(method, rng, dtype))
        again = dataclasses.replace(what, experiment=other)
        values = session.run(again, range(worst, worst + 1), record.seeds).final()
        shifts.append(float(excess(values, bound)[0] - before[worst]))
    spread = math.sqrt(float(np.mean(np.square(shifts))) * floats((problem, noise, method)))
    return spread if math.isfinite(spread) else 0.0
