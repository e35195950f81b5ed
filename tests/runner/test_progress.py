"""What a run tells of how far it is."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.metrics.pointwise import Value
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.quadratic import Isotropic
from convergence.runner import plan
from convergence.runner.experiment import Experiment
from convergence.runner.run import run


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize(
    ("seeds", "told"),
    [
        (range(5, 29), [3, 8, 8, 5]),  # chunks begin at multiples of 8
        (range(8, 24), [8, 8]),
        (range(11, 14), [3]),
    ],
)
def test_runs_that_were_asked_for_are_told_once_each(
    at_once: int, seeds: range, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "calls_at_once", lambda calls: at_once)
    problem, done = Isotropic(np.ones(2)), list[int]()
    experiment = Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.1), Value())
    record = run(experiment, 3, jax.random.key(0), seeds=seeds, chunk=8, progress=done.append)
    assert done == told
    assert record.seeds == sum(told)
