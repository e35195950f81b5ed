"""What is run: an experiment, and the simulation of it under the keys of a name."""

from __future__ import annotations

import dataclasses

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.metrics.base import AbstractMetric
from convergence.oracles.base import AbstractOracle
from convergence.problems.base import AbstractProblem

CHUNK = 256


class Experiment(eqx.Module):
    """What determines a record besides the horizon, the seed and the precision.

    Exact moments, which are asked about quadratics of their own, need no metric.
    """

    problem: AbstractProblem
    oracle: AbstractOracle
    algorithm: AbstractAlgorithm
    metric: AbstractMetric | None = None


@dataclasses.dataclass(frozen=True)
class Simulation:
    """Runs of an experiment up to T, `chunk` at a time, under the keys that belong to `slug`.

    marks: where to measure, if not at the usual checkpoints.
    """

    slug: str
    experiment: Experiment
    T: int
    chunk: int = CHUNK
    marks: np.ndarray | None = None
