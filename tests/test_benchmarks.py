"""Benchmarks compare like with like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convergence.algorithms import Subspace
from convergence.keys import claim_key
from convergence.metrics import Distance
from convergence.noise import CornerSign
from convergence.oracles import Oracle
from convergence.parts import TopSVD, graphs
from convergence.precision import precision
from convergence.problems import Counterexample
from convergence.problems.agents import heterogeneous
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.benchmarks import bench_mixing, bench_nsgd
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


def ends_of_nsgd() -> tuple[Any, Any]:
    written = bench_nsgd.hand_written(5, 512, claim_key("like", 0, 60))
    return bench_nsgd.numpy_batched(5, 60, 512), written(60, 512)[0]


def ends_of_mixing() -> tuple[Any, Any]:
    problem = heterogeneous(graphs.lazy(graphs.ring(8)), 2)
    written = bench_mixing.hand_written(problem, claim_key("like", 0, bench_mixing.T))
    ends = written(bench_mixing.T, bench_mixing.SEEDS)[0]
    return bench_mixing.numpy_batched(problem), ends


@pytest.mark.parametrize("ends", [ends_of_nsgd, ends_of_mixing])
def test_numpy_and_the_method_written_out_end_alike(ends: Any) -> None:
    """In the mean of every entry, by five standard errors."""
    with precision("float64"):
        ours, theirs = (np.asarray(v).reshape(len(v), -1) for v in ends())
    scatter = np.hypot(*(v.std(axis=0) / len(v) ** 0.5 for v in (ours, theirs)))
    assert np.all(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 5 * scatter)
    assert np.all(scatter > 0)
