"""A brief run alone is evaluated by NumPy: as XLA has it, and whatever was run before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

from convergence.algorithms.classical.accelerated import Nesterov
from convergence.algorithms.classical.sgd import SGD
from convergence.keys import claim_key
from convergence.memory import release
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.nonconvex import log_cosh
from convergence.problems.quadratic import Isotropic
from convergence.registry import named
from convergence.runner.experiment import Experiment
from convergence.runner.record import Record
from convergence.runner.run import run

BOWL = log_cosh(np.array([3.0, -1.0, 0.5]))
KEY = claim_key("brief", 0, 16)


def under(algorithm: Any, noise: Any = Noiseless()) -> Experiment:
    """Log cosh under a noise."""
    return Experiment(BOWL, Oracle(BOWL, noise), algorithm, GradNormSq())


def ran(experiment: Experiment, T: int = 16, **more: Any) -> Record:
    """One run alone, as the quick tier makes it."""
    options = {"seeds": range(1), "chunk": 1, "hasty": True, **more}
    return run(experiment, T, KEY, **options)


def compiles(make: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> bool:
    """Whether runs of it are compiled."""
    release()
    caplog.clear()
    with jax.log_compiles():
        make()
    return "_share" in caplog.text


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "experiment", [under(SGD(0.5)), under(Nesterov(0.5)), under(SGD(0.1), Gaussian(1.0))]
)
def test_what_xla_computes(experiment: Experiment, dtype: str) -> None:
    """Marks, values and finiteness of the program that is compiled with care, to rounding."""
    with precision(dtype):
        brief, careful = ran(experiment), ran(experiment, hasty=False)
        far = 64 * float(np.finfo(dtype).eps)  # sixteen steps of a few roundings
    assert brief.values.dtype == careful.values.dtype == dtype
    np.testing.assert_array_equal(brief.marks, careful.marks)
    np.testing.assert_array_equal(brief.finite, careful.finite)
    np.testing.assert_array_equal(brief.first_bad, careful.first_bad)
    np.testing.assert_allclose(brief.values, careful.values, rtol=far)


def test_nothing_is_compiled_for_it(caplog: pytest.LogCaptureFixture) -> None:
    """Of a short run alone in the quick tier, and of no other."""
    experiment = under(SGD(0.5))
    assert not compiles(lambda: ran(experiment), caplog)
    assert compiles(lambda: ran(experiment, 10_000), caplog)
    assert compiles(lambda: ran(experiment, hasty=False), caplog)
    assert compiles(lambda: ran(experiment, seeds=range(2), chunk=2), caplog)


def test_bits_hang_on_what_is_asked_alone(caplog: pytest.LogCaptureFixture) -> None:
    """However often it was asked before; a program that looks ask is compiled in the end."""
    experiment = under(SGD(0.5))
    first = ran(experiment, 64).values
    again = [ran(experiment, 64).values for _ in range(100)]
    assert all(np.array_equal(first, values) for values in again)
    assert not compiles(lambda: [ran(experiment, 64) for _ in range(100)], caplog)


def test_loops_of_unknown_length_inside_a_step_are_compiled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """They may turn a million times."""
    claim: Any = named("armijo-round")
    assert compiles(lambda: ran(claim.experiment(1), 1), caplog)


def test_where_a_run_alone_leaves_the_floats() -> None:
    """Is said as of runs side by side."""
    round_one = Isotropic(np.ones(2), 1.0)
    leaving = Experiment(round_one, Oracle(round_one, Noiseless()), SGD(-1e60), GradNormSq())
    with precision("float64"):
        alone, beside = ran(leaving), ran(leaving, seeds=range(2), chunk=2)
    assert alone.first_bad[0] == beside.first_bad[0] >= 0
    np.testing.assert_array_equal(alone.finite[0], beside.finite[0])
