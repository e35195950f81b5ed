"""Metrics where a guard decides: no step yet, nothing to divide by, what rounding leaves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence.metrics.agents import EscapeTime
from convergence.metrics.certificates import Descent, NoiseAverage
from convergence.metrics.effort import UpToExcess
from convergence.metrics.errors import RelativeErrors
from convergence.metrics.federated import Promise, inverse
from convergence.metrics.folds import (
    Average,
    AverageAndLast,
    AverageEvery,
    Extremes,
    Largest,
    Smallest,
)
from convergence.metrics.games import AverageGap
from convergence.metrics.newton import ClippedSteps
from convergence.metrics.pointwise import GradNormSq, Value
from convergence.metrics.preconditioned import NormRegret, PreconditionedRegret
from convergence.metrics.projected import WorstRatio
from convergence.metrics.travel import AverageStepSq
from convergence.metrics.travel_weighted import TravelWeighted
from convergence.metrics.units import LargestQuotient, QuotientEnergy
from convergence.precision import precision
from tests.walked import made


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    with precision("float64"):
        yield


def fold(metric: Any, problem: Any, states: list[Any]) -> Any:
    """After every step, from none on."""
    acc, found = metric.init(problem, states[0]), []
    for t, state in enumerate(states):
        if t:
            acc = metric.update(jnp.asarray(t - 1), acc, problem, states[t - 1], state)
        found.append(np.asarray(metric.read(jnp.asarray(t), acc, problem, state)).tolist())
    return found


def at(*xs: Any, **more: Any) -> list[Any]:
    """States at these points; what else they hold, a list each."""
    rows = [{k: jnp.asarray(v[t], float) for k, v in more.items()} for t in range(len(xs))]
    return [SimpleNamespace(x=jnp.asarray(x, float), **row) for x, row in zip(xs, rows)]


SQUARE = made(
    value=lambda x: (x**2).sum() / 2, grad=lambda x: x, f_star=lambda: -1.0,
    start=lambda: jnp.array([3.0]),
)  # fmt: skip
VALUE = Value()


def test_folds_after_every_step() -> None:
    """f of 3, 1, −2, 2, −4: 4.5, 0.5, 2, 2, 8."""
    walk = at([3.0], [1.0], [-2.0], [2.0], [-4.0], excess=[0.0, 1.0, 2.0, 3.0, 4.0])
    for metric, wanted in (
        (Average(VALUE), [0, 4.5, 2.5, 7 / 3, 2.25]),
        (AverageAndLast(Average(VALUE), VALUE), [4.5, 5.0, 4.5, 13 / 3, 10.25]),
        (AverageEvery(VALUE, 2), [0, 4.5, 4.5, 3.25, 3.25]),
        (AverageEvery(VALUE, 3), [0, 4.5, 4.5, 4.5, 3.25]),
        (Extremes(VALUE), [[4.5, 4.5], [0.5, 4.5], [0.5, 4.5], [0.5, 4.5], [0.5, 8.0]]),
        (Largest(VALUE), [4.5, 4.5, 4.5, 4.5, 8.0]),
        (Smallest(VALUE), [4.5, 0.5, 0.5, 0.5, 0.5]),
        (UpToExcess(VALUE, 3.0), [4.5, -2.5, -1.0, -1.0, 5.0]),
        (UpToExcess(AverageEvery(VALUE, 2), 3.0), [0, 1.5, 1.5, 0.25, 0.25]),
        (AverageStepSq(0.5), [0, 16.0, 26.0, 116 / 3, 65.0]),
        (WorstRatio(VALUE), [0.0, 1 / 9, 4.0, 4.0, 4.0]),
        (WorstRatio(VALUE, 0.5), [0.0, 1 / 9, 1 / 9, 1.0, 4.0]),
        (EscapeTime(0.0, 9.0), [9.0, 1.0, 1.0, 1.0, 1.0]),
        (EscapeTime(1.0, 9.0), [9.0, 9.0, 9.0, 3.0, 3.0]),
        (EscapeTime(7.0), [math.inf] * 5),
    ):  # fmt: skip
        np.testing.assert_allclose(fold(metric, SQUARE, walk), wanted, err_msg=str(metric))
    gap = made(gap=lambda z: z[0] + 10)
    assert fold(AverageGap(), gap, walk) == pytest.approx([10, 13, 12, 10 + 2 / 3, 11])


def test_a_ratio_of_nothing_is_left_out() -> None:
    walk = at([0.0], [1.0], [0.0], [0.0], [2.0])
    assert fold(WorstRatio(VALUE), SQUARE, walk) == [0.0] * 5


def test_relative_errors_step_by_step() -> None:
    """On ½x² with η = ½ the step x/2 has no error, and δ falls with the square of what is off."""
    metric = RelativeErrors(0.5)
    # Steps of 1/2, 3/8 and 5/8 of x: ĝ/g = 1, 3/4, 5/4; δ = 1, 15/16, 15/16.
    walk = at([4.0], [2.0], [1.25], [0.46875])
    squares = [0.0, 16.0, 10.0, (16 + 4 + 1.25**2) / 3]
    assert fold(metric, SQUARE, walk) == pytest.approx(
        [0.0, 16.0, 10.0 * 15 / 16, squares[3] * 15 / 16]
    )
    assert fold(metric, SQUARE, at([4.0], [-4.0])) == [0.0, 0.0]  # δ = −8
    # At a gradient of 0 a step has δ = −∞, and none has no δ; nor has a step of one below 1e-10 of
    # those before.
    whole = RelativeErrors(1.0)
    assert fold(metric, SQUARE, at([0.0], [1.0], [0.5])) == [0.0] * 3
    assert fold(whole, SQUARE, at([2.0], [0.0], [0.0])) == [0.0, 4.0, 2.0]
    assert fold(whole, SQUARE, at([2.0], [0.0], [2.0], [0.0])) == [0.0, 4.0, 0.0, 0.0]
    for size, seen in (1.02e-10, True), (0.98e-10, False):
        found = fold(whole, SQUARE, at([2.0], [2 * size], [-2 * size]))
        assert found[2] == pytest.approx(0.0 if seen else 2.0)


def test_regrets_by_hand() -> None:
    """x* = 1: Σ x(x − 1) over 3, −2 is 12; D² = 9 before the last step, and 16 after it."""
    walk = at([3.0], [-2.0], [5.0], square=[4.0, 9.0, 16.0], first=[3.0, 3.0, 3.0])
    found = fold(NormRegret(np.ones(1), 0.5), SQUARE, walk)
    wanted = [0.0, 6 / ((4 + 0.5) * 3 - 0.75), 12 / ((9 + 0.5) * 4 - 0.75)]
    assert found == pytest.approx(wanted)
    found = fold(NormRegret(np.ones(1), 0.25), SQUARE, walk)
    wanted = [0.0, 6 / ((8 + 0.25) * 3 - 0.375), 12 / ((18 + 0.25) * 4 - 0.375)]
    assert found == pytest.approx(wanted)
    assert NormRegret(np.ones(1), 0.25).init(SQUARE, walk[0]).shape == (2,)
    little = at([3.0], [-2.0], square=[0.0, 0.01], first=[0.0, 0.0])
    assert fold(NormRegret(np.ones(1), 0.5), SQUARE, little) == pytest.approx([0.0, 6 / 0.45])
    ends = at([3.0], [-2.0], square=[0.0, 0.0], first=[0.0, 0.0])
    assert fold(NormRegret(np.ones(1), 0.5), SQUARE, ends) == pytest.approx([0.0, 6.0])
    less = at([3.0], [-2.0], square=[0.0, 0.0], first=[4.0, 4.0])
    assert fold(NormRegret(np.ones(1), 0.5), SQUARE, less) == pytest.approx([0.0, 6.0])
    far = at([2.0], [5.0], [1.0], square=[1.0, 1.0, 1.0], first=[0.0, 0.0, 0.0])
    assert fold(NormRegret(np.ones(1), 0.5), SQUARE, far) == pytest.approx(
        [0.0, 2 / 1.5, 22 / 16.5]
    )
    root = [np.diag([16.0, 1.0])] * 3
    walk = at([3.0], [-2.0], [5.0], left=root, right=[np.eye(1) * 81] * 3)
    found = fold(PreconditionedRegret(np.ones(1), 0.5, 3.0), SQUARE, walk)
    assert found == pytest.approx([0.0, 6 / (10.5 * 9), 12 / (17.5 * 9)])
    early = at([3.0], [2.0], left=root, right=[np.eye(1) * 81] * 3)
    found = fold(PreconditionedRegret(np.ones(1), 0.5, 3.0), SQUARE, early)
    assert found == pytest.approx([0.0, 6 / (5.5 * 9)])
    little = at([3.0], [2.0], left=[np.eye(1) * 1e-8] * 2, right=[np.eye(1)] * 2)
    found = fold(PreconditionedRegret(np.ones(1), 0.5, 3.0), SQUARE, little)
    assert found == pytest.approx([0.0, 6 / (5.5 * 0.01)])
    none = at([3.0], [2.0], left=[np.zeros((1, 1))] * 2, right=[np.eye(1)] * 2)
    found = fold(PreconditionedRegret(np.ones(1), 0.5, 3.0), SQUARE, none)
    assert found == pytest.approx([0.0, 6.0])


FUNCTIONS: dict[str, Any] = dict(
    parts=lambda z: (z[:1], z[1:]), value=lambda z: z[0] ** 2 * (z[1] - 1) ** 2 / 2,
    grad=lambda z: jnp.stack([z[0] * (z[1] - 1) ** 2, z[0] ** 2 * (z[1] - 1)]),
    smoothness=lambda v: 3 * v[0] ** 2,
    )  # fmt: skip


def test_promises_of_alternating_steps_by_hand() -> None:
    """J = ½θ²g² + g: at (2, ½) the slope of g is 4·½ + 1 = 3, L_g = θ² = 4, g⁺ = 0 after clipping;
    of g⁺ the block of θ has no curvature and no slope."""
    gated = made(
        parts=lambda z: (z[:1], z[1:]), value=lambda z: z[0] ** 2 * z[1] ** 2 / 2 + z[1],
        grad=lambda z: jnp.stack([z[0] * z[1] ** 2, z[0] ** 2 * z[1] + 1]),
        smoothness=lambda v: v[0] ** 2,
    )  # fmt: skip
    first = 0.5 * 4 * 0.5**2
    # At (−2, 2): slope 9, g⁺ = 2 − 9/4 → 0. At (3, −1): slope −8, g⁺ = −1 + 8/9 → 0.
    second, third = 0.5 * 4 * 2**2, 0.5 * 9 * 1
    walk = at([2.0, 0.5], [-2.0, 2.0], [3.0, -1.0], [1.0, 1.0])
    sums = [0.0, first, (first + second) / 2, (first + second + third) / 3]
    assert fold(Promise(), gated, walk) == pytest.approx(sums)
    # At (1, ¼) of ½θ²(g − 1)²: g⁺ = ½ where L_g is twice θ², and there the slope of θ is ¼.
    soft = made(**FUNCTIONS)
    # g⁺ = ½, ‖∇_θ‖² = 1/16, L = ¾
    promise = 0.5 * 3 * 0.25**2 + 0.5 * 0.0625 / 0.75
    assert fold(Promise(), soft, at([1.0, 0.25], [1.0, 1.0]))[1] == pytest.approx(promise)
    ratios = [0.0, (0.5 + promise) / 0.28125, (0.5 + promise) / 0.28125]
    kept = fold(Promise(True), soft, at([1.0, 0.25], [1.0, 0.0], [0.01, 0.9]))
    assert kept == pytest.approx(ratios)
    steep = made(**{**FUNCTIONS, "smoothness": lambda v: 0.5 * v[0] ** 2})
    found = fold(Promise(), steep, at([1.0, 0.25], [1.0, 1.0]))[1]
    assert found == pytest.approx(0.25 * 0.75**2)  # to g⁺ = 1, where J is 0
    assert [float(inverse(v)) for v in (0.0, 0.5, 4.0)] == [0.0, 2.0, 0.25]
    still = fold(Promise(), soft, at([0.0, 0.25], [1.0, 1.0]))
    assert still == [0.0, 0.0]  # no curvature, and no promise


def test_clipped_steps_where_nothing_falls() -> None:
    """slopes of ½x²: (x, 1)."""
    curved = made(slopes=lambda x: (x, jnp.ones_like(x)), value=SQUARE.value)
    walk = at([2.0], [1.0], [1.0])
    assert fold(ClippedSteps(9.0, 0.3, "descent"), curved, walk) == [0.0, 4 / 6, math.inf]
    assert fold(ClippedSteps(0.5, 0.3, "descent"), curved, walk) == [0.0, 1 / 6, math.inf]
    assert fold(ClippedSteps(9.0, 0.3, "newton"), curved, walk) == pytest.approx([0, 1 / 3, 4 / 3])
    assert fold(ClippedSteps(1.5, 0.3, "newton"), curved, walk) == pytest.approx([0, 0, 4 / 3])
    assert fold(ClippedSteps(2.0, 0.3, "clipped"), curved, walk) == [0.0, 0.0, 0.0]
    assert fold(ClippedSteps(1.5, 0.3, "clipped"), curved, walk) == pytest.approx([0, 0.2, 0.2])
    assert fold(ClippedSteps(0.5, 0.3, "clipped"), curved, walk) == pytest.approx(
        [0, 0.2, math.inf]
    )
    bent = made(slopes=lambda x: (x, 4 * jnp.ones_like(x)), value=SQUARE.value)
    for rho, wanted in (9.0, 1 / 6), (0.4, 0.8 / 6), (0.6, 1 / 6):
        assert fold(ClippedSteps(rho, 0.3), bent, walk)[1] == pytest.approx(wanted)
    assert fold(ClippedSteps(0.6, 0.3, "newton"), bent, walk)[1] == pytest.approx(1 / 3)
    line = made(slopes=lambda x: (0 * x, 1 + x), value=lambda x: x[0])
    assert fold(ClippedSteps(9.0, 0.3), line, at([1.0], [1.0]))[1] == math.inf  # a saddle
    assert fold(ClippedSteps(9.0, 0.3), line, at([1.0], [1e-9], [1e-9]))[2] == 0.0
    for size, seen in ((1.02e-9) ** 0.5, True), ((0.98e-9) ** 0.5, False):
        found = fold(ClippedSteps(9.0, 0.3, "descent"), curved, at([1.0], [size], [size]))
        assert math.isinf(found[2]) is seen


def test_certificates_after_every_step() -> None:
    """f = ½x² along 3, 1, 2 with m = 2, 4."""
    walk = at([3.0], [1.0], [2.0], m=[[0.0], [2.0], [4.0]])
    found = fold(Descent(0.5, 4.0), SQUARE, walk)
    wanted = [1 + (0 - 1.0) / (9 / 0.5 + 1.0)]
    for T, left, miss, end in (1, 3.0, 1.0, 0.5), (2, 2.0, 2.0, 2.0):
        rest = 1.0 + 2 * miss
        right = (4.5 - end) / (0.5 * T) + rest
        wanted.append(1 + (left - right) / ((4.5 + end) / (0.5 * T) + rest + left))
    assert found == pytest.approx(wanted)
    flat = made(value=lambda x: 0 * x[0], grad=lambda x: x)
    assert fold(Descent(0.5, 4.0), flat, walk)[1] == pytest.approx(1 + (3 - 3) / 6)
    below = made(value=lambda x: x[0] - 2, grad=lambda x: x)
    found = fold(Descent(0.5, 4.0), below, walk)[1]  # from 1 to −1
    assert found == pytest.approx(1 + (3 - 4 - 3) / (4 + 3 + 3))
    found = fold(NoiseAverage(0.5, 0.25, 2.0), SQUARE, walk)
    assert found[0] == -math.inf
    # e_0 = N_0 = −1; e_1 = 4 − 1 = 3, N_1 = −¾ + (4 − 1.5 − ¼) = 1.5, drift 4(¾ − 9/16).
    assert found[1:] == pytest.approx([1.0, 1 + (1.5 - 0.75) / 4])
    gone = at([3.0], [1.0], [2.0], m=[[0.0], [-6.0], [0.0]])
    # N_0 = −9, e_1 = −1, N_1 = −6.75 + 4.25 = −2.5.
    found = fold(NoiseAverage(0.5, 0.25, 2.0), SQUARE, gone)
    assert found[1:] == pytest.approx([1.0, 1 + (1.5 - 0.75) / 6])


def test_travel_and_quotients_after_every_step() -> None:
    """From 3: r = 1, 2, 5, 5 and d = 4, 4, 4 from −1; f + 1 = 5.5, 1.5, 3."""
    walk = at([3.0], [1.0], [-2.0], [2.0])
    found = fold(TravelWeighted(np.array([-1.0]), 1.0), SQUARE, walk)
    gaps, squares = [5.5, 8.5, 23.5], [9.0, 10.0, 14.0]
    wanted = [g / (r * (8 + r) * math.sqrt(s)) for g, r, s in zip(gaps, (2, 5, 5), squares)]
    assert found[1:] == pytest.approx(wanted)
    units = made(
        quotients=lambda x: x**2, energy=lambda x: 1 + x[0] ** 2, energy_grad=lambda x: 2 * x,
    )  # fmt: skip
    type(units).W = np.diag([0.5, 0.25])
    assert fold(LargestQuotient(), units, walk) == pytest.approx([1, 1 / 9, 4 / 9, 4 / 9])
    assert fold(QuotientEnergy(), units, walk) == pytest.approx([1, 0.2, 0.5, 0.5])
    kept = fold(QuotientEnergy(True), units, walk)
    assert kept == pytest.approx([0, 6.5 / 10, (5 + 0.5) / 2, 2.75])
    assert float(GradNormSq().at(SQUARE, walk[0])) == 9.0
