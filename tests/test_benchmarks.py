"""Benchmarks compare like with like."""

from __future__ import annotations

import numpy as np

from convergence.algorithms import Subspace
from convergence.keys import claim_key
from convergence.metrics import Distance
from convergence.noise import CornerSign
from convergence.oracles import Oracle
from convergence.parts import TopSVD
from convergence.precision import precision
from convergence.problems import Counterexample
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.benchmarks.engine import ETA, TAU, hand_written, instance


def test_the_method_written_out_makes_the_runs_of_the_runner() -> None:
    T, seeds, chunk, key = 9, 24, 8, claim_key("like", 0, 9)
    with precision("float64"):
        drawn = instance(6, 2)
        problem = Counterexample(0.1 * drawn.D, drawn.X0)  # the noise is what the method sees
        method = Subspace(TopSVD(), ETA, r=2, tau=TAU)
        oracle = Oracle(problem, CornerSign(1.0, 2))
        experiment = Experiment(problem, oracle, method, Distance(0.0))
        ours = run(experiment, T, key, seeds=range(seeds), chunk=chunk).final()
        ends = np.concatenate(hand_written(problem, 2, chunk, key)(T, seeds))
    # Equal here; a processor may round nine steps in another order.
    np.testing.assert_allclose(np.sum(ends**2, axis=(1, 2)) ** 0.5, ours, rtol=1e-12)
    assert len(np.unique(np.round(ours, 9))) > 1
