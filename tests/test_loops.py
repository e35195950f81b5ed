"""Loops of unknown length end for runs side by side as for one, and where a run leaves the
floats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.keys import claim_key, run_keys
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.registry import named
from convergence.runner.experiment import Experiment
from convergence.runner.run import checkpoints, placed, run, trajectory


def conditions(jaxpr: Any) -> Iterator[Any]:
    """Of all while loops of a program."""
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "while":
            yield eqn.params["cond_jaxpr"].jaxpr
        for value in eqn.params.values():
            for item in value if isinstance(value, tuple | list) else (value,):
                inner = getattr(item, "jaxpr", item)
                if hasattr(inner, "eqns"):
                    yield from conditions(inner)


@pytest.mark.parametrize("slug", ["rso-budget-agd", "rso-budget-sgd", "armijo-round"])
def test_no_condition_hangs_on_rounding(slug: str) -> None:
    """Side by side it is computed twice, whether to go on and whose step to keep: a run that is on
    the edge in one rounding and beyond it in the other was waited for without end."""
    claim: Any = named(slug)
    T = claim.horizons[0]
    with precision("float32"):
        experiment = placed(claim.experiment(T))
        keys = run_keys(claim_key(slug, 0, T), jnp.arange(2, dtype=jnp.uint32))
        traced = jax.make_jaxpr(jax.vmap(lambda k: trajectory(experiment, checkpoints(T), k)))(keys)
    found = list(conditions(traced.jaxpr))
    assert len(found) > 1  # besides the runner's own
    floats = [
        eqn
        for condition in found
        for eqn in condition.eqns
        if any(jnp.issubdtype(v.aval.dtype, jnp.floating) for v in eqn.invars)
    ]
    assert not floats


def test_a_run_that_leaves_the_floats_after_the_mark_before_the_last() -> None:
    """x_t = gᵗ up to where it overflows, one step before a horizon of many marks."""
    T, beyond = 1000, 999
    marks = checkpoints(T)
    assert marks[-2] < beyond
    growth = float(np.exp(np.log(np.finfo(np.float64).max) / (beyond - 0.5)))
    with precision("float64"):
        oracle = Oracle(Isotropic([1.0]), Noiseless())
        parts = oracle.problem, oracle, SGD(1 + growth), GradNormSq()
        record = run(Experiment(*parts), T, claim_key("far", 0, T), seeds=range(2), chunk=2)
    assert record.first_bad.tolist() == [beyond - 1] * 2
