"""The torch adapter: torch's optimizers make our steps, and the same claims judge them."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import optax
import pytest

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.torch_adapter import FromTorch, from_optimizer
from convergence.laws import algorithm_laws
from convergence.metrics.pointwise import GradNormSq
from convergence.moments.coins import tosses
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.huber import Huber
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.testing import assert_converges
from convergence.theorems.classical.drori2014 import GradientDescentConvex
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex

torch = pytest.importorskip(
    "torch", reason="torch is not installed: make test TORCH=1 brings a build without CUDA"
)
PROBLEM, NOISE = Isotropic([[1.0, -2.0], [3.0, 0.5]]), Gaussian(1.0)


def path(method: AbstractAlgorithm, seed: int, dtype: str = "float64") -> np.ndarray:
    """(seeds, checkpoints) of ‖∇f‖² under the keys of `seed`."""
    with precision(dtype):
        oracle, key = Oracle(PROBLEM, NOISE), jax.random.key(seed)
        record = run(
            Experiment(PROBLEM, oracle, method, GradNormSq()), 12, key, seeds=range(3), chunk=3
        )
    return record.values


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (lambda o: FromTorch(o.SGD, lr=0.1), SGD(0.1)),
        (
            lambda o: FromTorch(o.SGD, lr=0.1, momentum=0.9, nesterov=True),
            FromOptax(optax.sgd, learning_rate=0.1, momentum=0.9, nesterov=True),
        ),
        (lambda o: FromTorch(o.Adam, lr=0.1), FromOptax(optax.adam, learning_rate=0.1)),
        (
            lambda o: FromTorch(o.AdamW, lr=0.1, weight_decay=0.02),
            FromOptax(optax.adamw, learning_rate=0.1, weight_decay=0.02),
        ),
    ],
    ids=["sgd", "nesterov", "adam", "adamw"],
)
def test_torch_makes_our_steps_on_the_same_samples(theirs: Any, ours: Any, test_seed: int):
    # Twelve steps of a few roundings each; Adam divides by √v, which is of the size of x.
    np.testing.assert_allclose(path(theirs(torch.optim), test_seed), path(ours, test_seed),
                               rtol=1e-12)  # fmt: skip


def test_a_finished_optimizer_keeps_its_options(test_seed: int):
    parameter = torch.nn.Parameter(torch.zeros(1))
    made = from_optimizer(torch.optim.SGD([parameter], lr=0.2, momentum=0.5))
    given = FromTorch(torch.optim.SGD, lr=0.2, momentum=0.5)
    np.testing.assert_array_equal(path(made, test_seed), path(given, test_seed))
    assert not np.allclose(path(made, test_seed), path(SGD(0.2), test_seed))


def test_single_precision_stays_single(test_seed: int):
    found = path(FromTorch(torch.optim.SGD, lr=0.1), test_seed, "float32")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, path(SGD(0.1), test_seed, "float32"))


def test_it_obeys_the_laws_of_algorithms():
    with precision("float64"):
        method = FromTorch(torch.optim.Adam, lr=0.1)
        assert not algorithm_laws(method, PROBLEM, Oracle(PROBLEM, Noiseless()))


class Jumpy(torch.optim.SGD):
    """SGD that draws from torch's generator."""

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.data += torch.randn_like(parameter)
        return super().step(closure)


def test_what_torch_draws_is_drawn_from_the_key(test_seed: int):
    method = FromTorch(Jumpy, lr=0.1)
    state = torch.random.get_rng_state()
    first = path(method, test_seed)
    np.testing.assert_array_equal(first, path(method, test_seed))
    assert torch.equal(state, torch.random.get_rng_state())  # the user's generator is as it was
    assert len(np.unique(first[:, -1])) == 3
    assert not np.allclose(first, path(method, test_seed + 1))


def test_the_same_claim_judges_torch(test_seed: int):
    given: dict[str, Any] = dict(
        theorem=GradientDescentConvex(), problem=lambda T: Huber(1 / (2 * T + 1)),
        horizons=(1, 10), seeds=1, seed=test_seed,
    )  # fmt: skip
    report = assert_converges(lambda c, T: FromTorch(torch.optim.SGD, lr=1 / c.L), **given)
    assert report.hyper == {"algorithm": "torch.optim.SGD", "lr": 1.0}
    assert report.judgement is not None
    assert report.judgement.slack == pytest.approx(1)  # Huber's function is the worst case
    with pytest.raises(AssertionError, match=r"REFUTED for torch\.optim\.SGD\(lr=0.5, mom"):
        assert_converges(torch.optim.SGD([torch.zeros(1)], lr=0.5), **given)


def test_a_diverging_optimizer_is_refuted(test_seed: int):
    given: dict[str, Any] = dict(
        theorem=SGDNonconvex(), problem=Isotropic([1.0, -1.0]), noise=NOISE, horizons=(16,),
        seeds=16, seed=test_seed,
    )  # fmt: skip
    with pytest.raises(AssertionError, match=r"REFUTED for torch\.optim\.SGD"):
        assert_converges(torch.optim.SGD([torch.zeros(1)], lr=2.5), **given)


def test_runs_that_leave_the_finite_numbers_are_told_with_their_step():
    with precision("float64"):
        oracle = Oracle(PROBLEM, NOISE)
        found = [
            run(Experiment(PROBLEM, oracle, method, GradNormSq()), 400, jax.random.key(0),
                seeds=range(3), chunk=3).first_bad
            for method in (FromTorch(torch.optim.SGD, lr=1e3), SGD(1e3))
        ]  # fmt: skip
    assert np.all(found[0] >= 0)
    np.testing.assert_array_equal(found[0], found[1])


class Late(torch.optim.SGD):
    """SGD that draws in its twentieth step, and changes nothing by it."""

    def step(self, closure: Any = None) -> Any:
        self.seen = getattr(self, "seen", 0) + 1
        if self.seen == 20:
            torch.rand(1)
        return super().step(closure)


def test_a_noiseless_run_of_torch_is_one_number(test_seed: int):
    given: dict[str, Any] = dict(
        theorem=SGDNonconvex(), problem=PROBLEM, horizons=(8,), seed=test_seed, seeds=64
    )
    report = assert_converges(lambda c, T: FromTorch(torch.optim.SGD, lr=1 / c.L), **given)
    assert report.kind == "expectation"
    assert report.judgement is not None
    assert [row.seeds for row in report.judgement.rows] == [1]
    with pytest.raises(AssertionError, match="REFUTED"):  # by a single run that misses the bound
        assert_converges(lambda c, T: FromTorch(torch.optim.SGD, lr=1e-3), **given)


def test_what_draws_is_no_single_number():
    def coins(factory: Any, noise: Any = Noiseless()) -> bool:
        method, oracle = FromTorch(factory, lr=0.1), Oracle(PROBLEM, noise)
        return tosses(Experiment(PROBLEM, oracle, method, GradNormSq()))

    with precision("float64"):
        assert not coins(torch.optim.Adam)
        assert coins(Jumpy)
        assert coins(torch.optim.Adam, NOISE)
        late = Experiment(PROBLEM, Oracle(PROBLEM, NOISE), FromTorch(Late, lr=0.1), GradNormSq())
        with pytest.raises(Exception, match="a random number drawn now, and none in its first"):
            run(late, 24, jax.random.key(0), seeds=range(2), chunk=2)
