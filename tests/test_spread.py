"""Vast problems over several devices, here virtual ones in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.errors import InvalidInput
from convergence.metrics.pointwise import Value
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.quadratic import Isotropic
from convergence.runner import plan
from convergence.runner.experiment import Experiment

PROGRAM = """
import json, sys
import equinox as eqx, jax, numpy as np
from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.claims.settings import Settings
from convergence.digest import digest
from convergence.keys import claim_key
from convergence.metrics.pointwise import Value
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment, Simulation
from convergence.runner.run import run, step_key
from convergence.runner.spread import spread

what, T = sys.argv[1], int(sys.argv[2])
with precision(sys.argv[3]):
    if what == "vector":
        problem = Isotropic(np.linspace(0.5, 1.5, 10**6))
    else:
        n = int(sys.argv[4])
        problem = EntryQuadratic(np.ones((n, n)), np.linspace(0.5, 1.0, n * n).reshape(n, n))
    oracle = Oracle(problem, Gaussian(1.0))
    experiment = Experiment(problem, oracle, NSGDM(0.1, 0.5), Value())
    key = claim_key("spread", 0, T)
    record = run(experiment, T, key, seeds=range(2), chunk=2)

    def state(e):
        first = e.algorithm.init(e.problem.start(), e.oracle, step_key(key, 0))
        return e.algorithm.step(0, first, e.oracle, step_key(key, 1))

    found = eqx.filter_jit(state)(spread(experiment))
    held = [sorted({s.data.size / v.size for s in v.addressable_shards})
            for v in jax.tree.leaves(found) if v.size > 1]
    simulation = Simulation("spread", experiment, T)
    print(json.dumps({"values": record.values.tolist(), "held": held,
                      "digest": digest(simulation, Settings(dtype=sys.argv[3]))}))
"""


def spread_over(devices: int, *arguments: str) -> dict[str, Any]:
    flags = f"--xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "NPROC": "16"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def alike(arguments: tuple[str, ...], rtol: float) -> None:
    one, four = spread_over(1, *arguments), spread_over(4, *arguments)
    np.testing.assert_allclose(four["values"], one["values"], rtol=rtol)
    assert one["held"] == [[1.0]] * len(one["held"])
    assert four["held"] == [[0.25]] * len(four["held"])
    assert len(four["held"]) >= 2
    assert one["digest"] != four["digest"]


def test_a_vector_of_a_million_entries_is_spread():
    alike(("vector", "3", "float64"), 1e-12)  # sums of 1e6 terms in another order


def test_a_matrix_is_spread():
    alike(("matrix", "2", "float32", "1024"), 1e-5)


@pytest.mark.full
def test_a_matrix_of_4096_is_spread():
    alike(("matrix", "2", "float32", "4096"), 1e-5)


def test_memory_is_planned_with_the_instance(monkeypatch: pytest.MonkeyPatch):
    problem = Isotropic(np.ones(10**6))
    experiment = Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.1), Value())
    monkeypatch.setattr(plan, "available", lambda: 2**25)
    with pytest.raises(InvalidInput, match=r"GiB of memory.*that are left"):
        plan.check_memory(experiment, 2, 16, 1)
    monkeypatch.setattr(plan, "available", lambda: 2**30)
    plan.check_memory(experiment, 2, 16, 1)
    monkeypatch.setattr(plan.jax, "local_devices", lambda: [Device(), Device()])
    assert plan.on_devices(5) == 2 * 60


class Device:
    """One with memory of its own."""

    def memory_stats(self) -> dict[str, int]:
        return {"bytes_limit": 100, "bytes_in_use": 40}
