"""Runs whose iterate is vast: its entries are spread over all devices, one run at a time.

Large arrays of the instance and of the state are split along their longest axis; the compiler parts
the work, and sends what another device needs. Sums are then made in another order, so that the last
bits of a record hang on the number of devices, which enters its digest.
"""

# What JAX and Equinox return is unknown to type checkers.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false
from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import numpy as np

from convergence.problems.base import start_shape
from convergence.runner.experiment import Experiment
from convergence.shapes import Key

VAST = 10**6  # entries of an iterate from which a run is spread
LARGE = 2**15  # entries of an array from which it is split


def parts_of(experiment: Experiment) -> int:
    """Over how many devices a run is spread."""
    vast = math.prod(start_shape(experiment.problem)) >= VAST
    return jax.local_device_count() if vast else 1


def place(value: Any) -> jax.sharding.NamedSharding:
    """Where an array goes: its longest axis over the devices, where that can be shared evenly."""
    mesh = jax.sharding.Mesh(np.array(jax.local_devices()), ("entries",))
    shape = np.shape(value)
    longest = int(np.argmax(shape)) if shape else 0
    even = np.size(value) >= LARGE and shape[longest] % mesh.size == 0
    axes = ["entries" if even and axis == longest else None for axis in range(len(shape))]
    return jax.sharding.NamedSharding(mesh, jax.P(*axes))


class Spread(eqx.Module):
    """A method whose state is kept in parts."""

    method: Any

    def init(self, x0: Any, oracle: Any, key: Key) -> Any:
        """The method's, in parts."""
        return in_parts(self.method.init(x0, oracle, key))

    def step(self, t: Any, state: Any, oracle: Any, key: Key) -> Any:
        """The method's, in parts."""
        return in_parts(self.method.step(t, state, oracle, key))


def in_parts(state: Any) -> Any:
    """A state inside a program with each large array of it in parts."""
    return jax.tree.map(lambda v: jax.lax.with_sharding_constraint(v, place(v)), state)


def spread(experiment: Experiment) -> Experiment:
    """The experiment with its arrays in parts, and a method that keeps its state so."""
    placed = jax.tree.map(
        lambda v: jax.device_put(v, place(v)) if eqx.is_array(v) else v, experiment
    )
    return eqx.tree_at(lambda e: e.algorithm, placed, Spread(placed.algorithm))
