"""The very run that a claim is judged by, replayed in balls."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.keys import claim_key, run_key
from convergence.proofs.balls import ball, bits, each
from convergence.proofs.interpreter import BUDGET, Interpreter
from convergence.runner.experiment import Simulation
from convergence.runner.run import checkpoints, placed, trajectory
from convergence.tiers import GENERATORS


class Enclosure(NamedTuple):
    """Balls that hold the metric at T of one run in exact arithmetic, and a digest of its draws."""

    values: np.ndarray
    draws: str


class Program(NamedTuple):
    """The traced program of one run and the arrays that it is given."""

    jaxpr: Any
    arrays: list[Any]

    def digest(self) -> str:
        """32 hexadecimal digits of the instance: its arrays, the key among them, byte by byte."""
        hasher = hashlib.blake2b(digest_size=16)
        for array in self.arrays:
            keys = jnp.issubdtype(array.dtype, jax.dtypes.prng_key)
            host = np.asarray(jax.random.key_data(array) if keys else array)
            hasher.update(f"{host.dtype.str}{host.shape}".encode() + host.tobytes())
        return hasher.hexdigest()


def program(what: Simulation, seed: int, index: int, generator: str = GENERATORS[0]) -> Program:
    """The run `index` that `runner.run.run` makes of a simulation under a seed, as traced."""
    experiment = placed(what.experiment)
    arrays, rest = eqx.partition(experiment, eqx.is_array)
    key = claim_key(what.slug, seed, what.T, generator)
    own = run_key(key, index)
    marks = checkpoints(what.T) if what.marks is None else what.marks
    marks = jax.device_put(np.asarray(marks, np.int32))

    def one(arrays: Any, marks: Any, key: Any) -> Any:
        return trajectory(eqx.combine(arrays, rest), marks, key)[0]

    jaxpr = jax.make_jaxpr(one)(arrays, marks, own)
    return Program(jaxpr, jax.tree.leaves((arrays, marks, own)))


def enclose(run: Program, precision: int, rational: int = 0, budget: int = BUDGET) -> Enclosure:
    """The metric at T, enclosed with midpoints of so many bits, rationals kept up to so many.

    Raises `Undecided` where more precision may help, `Unsupported` where none does.
    """
    walker = Interpreter(budget)
    with bits(precision, rational):
        values = [walker.value(a, v.aval) for a, v in zip(run.arrays, run.jaxpr.jaxpr.invars)]
        (found,) = walker.closed(run.jaxpr, values)
        last = each(ball, found[-1:]).reshape(found.shape[1:])
    return Enclosure(last, walker.drawn.hexdigest())
