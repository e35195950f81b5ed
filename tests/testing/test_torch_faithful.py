"""The adapter is the optimizer's own loop, bit for bit, wherever the optimizer keeps its state."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from convergence.algorithms.torch_adapter import FromTorch, from_optimizer
from convergence.algorithms.torch_rehearsal import Bowl
from convergence.errors import InvalidInput
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.testing.torch_loops import (
    X0,
    Ahead,
    Attribute,
    Averaged,
    H,
    Lasting,
    Own,
    Polyak,
    Sharp,
    T,
    Where,
    adapted,
    native,
    torch,
    two_groups,
)

CASES = {
    "attribute": (Attribute, False),
    "changing lr": (Lasting, False),
    "inner optimizer": (lambda ps, lr=0.1: Ahead(torch.optim.Adam(ps, lr=lr)), False),
    "sharpness": (Sharp, True),
    "schedule-free": (Averaged, False),
    "asgd": (torch.optim.ASGD, False),
    "rprop": (torch.optim.Rprop, False),
    "nadam": (torch.optim.NAdam, False),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_native_loop_bit_for_bit(name: str):
    make, closure = CASES[name]
    expected = native(lambda ps: _train(make(ps, lr=0.1)), closure)
    for row in adapted(FromTorch(make, lr=0.1)):
        np.testing.assert_array_equal(row, expected)
    assert not np.array_equal(expected, native(torch.optim.SGD))


def _train(optimizer: Any) -> Any:
    if hasattr(optimizer, "train"):
        optimizer.train()
    return optimizer


@pytest.mark.parametrize("name", ["attribute", "changing lr", "sharpness"])
def test_a_finished_optimizer_is_copied_with_all_that_it_holds(name: str):
    make, closure = CASES[name]
    finished = make([torch.nn.Parameter(torch.ones(2, 3, dtype=torch.float64))], lr=0.1)
    expected = native(lambda ps: make(ps, lr=0.1), closure)
    np.testing.assert_array_equal(adapted(from_optimizer(finished))[0], expected)
    assert finished.count == 0


def test_several_parameters_and_groups_of_them():
    shapes = {"weight": (2, 2), "bias": (2,)}
    expected = native(lambda ps: two_groups(ps), shapes=tuple(shapes.values()))
    method = FromTorch(two_groups, lr=0.1, parameters=shapes)
    np.testing.assert_array_equal(adapted(method)[0], expected)
    ps = [torch.nn.Parameter(torch.ones(s, dtype=torch.float64)) for s in shapes.values()]
    np.testing.assert_array_equal(adapted(from_optimizer(two_groups(ps)))[0], expected)
    with pytest.raises(InvalidInput, match=r"with 4 entries, but 6 entries, as the problem has"):
        adapted(FromTorch(torch.optim.SGD, parameters={"w": (2, 2)}))


def test_named_parameters():
    def decayed(named: Any, lr: float) -> Any:
        """Decay for weights alone."""
        return torch.optim.SGD(
            [{"params": [p], "weight_decay": 0.5 * (n == "weight")} for n, p in named], lr=lr
        )

    shapes = {"weight": (2, 2), "bias": (2,)}
    found = adapted(FromTorch(decayed, lr=0.1, parameters=shapes, named=True))[0]
    factor = 1 - 0.1 * (H.ravel() + np.array([0.5] * 4 + [0.0] * 2))
    np.testing.assert_allclose(found, X0.ravel() * factor**T, rtol=1e-13)  # T roundings


def test_a_closure_is_answered_with_value_and_gradient():
    # On ½‖x‖² the step f/(2‖∇f‖²) is 1/4; LBFGS is Newton's method after its first, short step.
    with precision("float64"):
        problem = EntryQuadratic(X0, np.ones_like(X0))
        oracle, key = Oracle(problem, Noiseless()), jax.random.key(0)
        for method, factor in (
            (FromTorch(Polyak), 0.75**3),
            (FromTorch(torch.optim.LBFGS, lr=1.0), 0.0),
        ):
            record = run(
                Experiment(problem, oracle, method, Where()), 3, key, seeds=range(2), chunk=2
            )
            np.testing.assert_allclose(record.values[0, -1], factor * X0.ravel(), atol=1e-14)


def test_the_judged_point_can_be_named():
    made: list[Any] = []

    def make(parameters: Any) -> Any:
        made.append(torch.optim.ASGD(parameters, lr=0.1, t0=0.0))
        return made[0]

    native(make)
    (state,) = made[0].state.values()
    method = FromTorch(
        torch.optim.ASGD, lr=0.1, t0=0.0, judged=lambda o, ps: [o.state[p]["ax"] for p in ps]
    )
    np.testing.assert_array_equal(adapted(method)[0], state["ax"].numpy().ravel())


def test_single_and_half_precision():
    small = native(torch.optim.Adam, dtype=torch.float32)
    single = adapted(FromTorch(torch.optim.Adam, lr=1e-3), "float32")
    np.testing.assert_array_equal(single[0], small)  # the rate is not rounded on its way
    half = native(torch.optim.Adam, dtype=torch.bfloat16)
    for dtype in ("float32", "float64"):
        found = adapted(FromTorch(torch.optim.Adam, lr=1e-3, dtype="bfloat16"), dtype)
        np.testing.assert_array_equal(found[0], half)
    # A step below half a unit in the last place is swallowed.
    still = adapted(FromTorch(torch.optim.SGD, lr=1e-4, dtype="bfloat16"), "float32", steps=1)
    assert np.sum(still[0] == torch.tensor(X0).bfloat16().double().numpy().ravel()) >= 5
    with pytest.raises(InvalidInput, match="parameters of float64 in a run of float32"):
        adapted(FromTorch(torch.optim.SGD, dtype="float64"), "float32")


def test_denormal_numbers_are_not_flushed():
    class Tiny(Own):
        """Leaves 2⁻¹⁰⁷⁰, which XLA's threads flush to zero."""

        def move(self, group: Any, p: Any) -> None:
            small = torch.full_like(p, 2.0**-1000) * 2.0**-70
            p.copy_((small != 0).to(p.dtype))

    np.testing.assert_array_equal(adapted(FromTorch(Tiny, lr=0.1))[0], np.ones(6))


def test_a_live_optimizer_only_goes_forward():
    with precision("float64"):
        problem = EntryQuadratic(X0, H)
        oracle, key = Oracle(problem, Noiseless()), jax.random.key(0)
        method = FromTorch(Attribute, lr=0.1)
        start = method.init(problem.start(), oracle, key)
        zero, one = np.int32(0), np.int32(1)
        first = method.step(jax.numpy.asarray(zero), start, oracle, key)
        again = method.step(jax.numpy.asarray(zero), start, oracle, key)
        np.testing.assert_array_equal(first.x, again.x)  # asked the same, it answers the same
        method.step(jax.numpy.asarray(one), first, oracle, key)
        with pytest.raises(jax.errors.JaxRuntimeError, match="only goes forward"):
            method.step(jax.numpy.asarray(zero), start, oracle, key)


def test_the_bowl_of_a_rehearsal_has_the_slope_of_its_value() -> None:
    bowl, width = Bowl(3, "float64", seed=1), 1e-6
    value, slope = bowl.ask(bowl.x0)
    for i, far in enumerate(width * np.eye(3)):
        other = bowl.ask(bowl.x0 + far)[0]
        assert (other - value) / width == pytest.approx(slope[i], abs=1e-5)  # curvature times width
