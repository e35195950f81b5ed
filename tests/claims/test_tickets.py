"""What is certified of a metric, ticket by ticket, at the numbers where each is given up."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence import Verdict, verify
from convergence.algorithms.classical.sgd import SGD
from convergence.claims import certificates
from convergence.claims.certificates import (
    LARGEST,
    averaged,
    bounded_gradient,
    certified,
    computed,
    even,
    least,
    mild,
)
from convergence.claims.separation import Separation
from convergence.constants import Constants
from convergence.metrics.effort import UpToExcess
from convergence.metrics.folds import Average, AverageEvery, Largest, Smallest
from convergence.metrics.pointwise import GradNorm, GradNormSq, Value
from convergence.moments.tape import NotAffine
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment
from convergence.theorems.estimators.yao2024ist import ImportanceHelps

MEAN = Average(GradNormSq())


def run(metric: Any = MEAN, d: int = 2) -> Experiment:
    problem = Isotropic(np.ones(d))
    return Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.1), metric)


def test_a_mean_over_a_run() -> None:
    for metric, wanted in (
        (MEAN, True), (AverageEvery(GradNormSq(), 3), True), (UpToExcess(MEAN, 1.0), True),
        (UpToExcess(GradNormSq(), 1.0), False), (GradNormSq(), False), (Smallest(Value()), False),
    ):  # fmt: skip
        assert averaged(metric) is wanted


def test_where_no_wall_stands() -> None:
    """L R or G, whichever is less, is at most twenty times the slope at the start."""
    for c, wanted in (
        (Constants(quadratic=True, L=100.0, R=1.0, grad0=1.0), True),
        (Constants(L=20.0, R=1.0, grad0=1.0), True), (Constants(L=20.0, R=1.0, grad0=0.99), False),
        (Constants(L=2.0, R=10.0, grad0=1.0), True), (Constants(L=2.0, R=11.0, grad0=1.0), False),
        (Constants(L=100.0, R=1.0, G=20.0, grad0=1.0), True), (Constants(G=21.0, grad0=1.0), False),
        (Constants(L=1.0, grad0=1.0), False), (Constants(R=1.0, grad0=1.0), False),
        (Constants(L=1.0, R=1.0, G=1.0), False),
    ):  # fmt: skip
        assert even(c) is wanted, c


def spread(
    monkeypatch: pytest.MonkeyPatch, v: float, k: float, T: int, metric: Any = MEAN, **known: float
) -> bool:
    monkeypatch.setattr(SGD, "coins", lambda self, c, t: (v, k) if t == T else (0.0, k))
    return mild(run(metric), Constants(**known), T)


def test_coins_that_are_mild(monkeypatch: pytest.MonkeyPatch) -> None:
    """v T ≤ 2; or, where they are forgotten, k/(1 − (1 − k)e^{v/2}) ≤ e."""
    for v, T, wanted in (0.5, 4, True), (0.501, 4, False), (0.5, 5, False), (1e4, 1, False):
        assert spread(monkeypatch, v, 0.1, T, Value()) is wanted
        assert spread(monkeypatch, v, 0.1, T, Value(), sigma=0.0) is wanted
    for k in (0.1, 0.5):
        edge = 2 * math.log((1 - k / math.e) / (1 - k))
        for metric, known in (MEAN, {}), (Value(), {"sigma": 1.0}), (Value(), {"sigma": 1e-9}):
            assert spread(monkeypatch, 0.99 * edge, k, 1000, metric, **known)
            assert not spread(monkeypatch, 1.01 * edge, k, 1000, metric, **known)
        assert not spread(monkeypatch, 0.99 * edge, k, 1000, Value())
    assert spread(monkeypatch, 1.9, 0.999, 1000)  # forgotten almost at once
    assert not spread(monkeypatch, 1.5, 0.3, 1000)  # grown faster than forgotten
    assert spread(monkeypatch, 1.5, 0.3, 1)

    def unknown(self: Any, c: Any, T: int) -> Any:
        return c.L, 1.0

    monkeypatch.setattr(SGD, "coins", unknown)
    assert mild(run(), Constants(), 1) is False


def test_what_a_bounded_gradient_makes_of_a_metric() -> None:
    c = Constants(G=3.0)
    for metric, wanted in (
        (GradNorm(), 3.0), (GradNormSq(), 9.0), (MEAN, 9.0), (AverageEvery(GradNorm(), 2), 3.0),
        (Smallest(GradNorm()), 3.0), (Largest(GradNorm()), None), (Value(), None),
    ):  # fmt: skip
        assert bounded_gradient(metric, c) == wanted
        assert bounded_gradient(metric, Constants(L=1.0)) is None
    assert least() is least(None) is None
    assert (least(3.0, None, 2.0), least(1.0, 2.0), least(None, 4.0)) == (2.0, 1.0, 4.0)


Q = Constants(quadratic=True, sigma=1.0, light_tailed=True)


def tickets(
    monkeypatch: pytest.MonkeyPatch, c: Constants = Q, T: int = 4, *, coins: bool = False,
    gentle: bool = True, normal: bool = True, exact: Any = 7.0, looped: int = 10, d: int = 2,
    second: Any = None, ceiling: Any = None, light: bool = False, owed: Any = 0.0,
) -> dict[str, Any]:  # fmt: skip
    """The tickets of a theorem that certifies these, where coins and moments are these."""

    def moments(experiment: Any) -> Any:
        if exact is None:
            raise NotAffine("bent")
        return "moments of", experiment

    what = run(d=d)
    for name, told in (
        ("silent", lambda experiment: (experiment, "silent")),
        ("tosses", lambda quiet: coins and quiet == (what, "silent")),
        ("mild", lambda experiment, c, t: gentle and (experiment, t) == (what, T)),
        ("gaussian", lambda oracle: normal),
        ("analyse", moments),
        ("second_moment", lambda m, metric, T: exact + T + (metric is not what.metric)),
    ):  # fmt: skip
        monkeypatch.setattr(certificates, name, told)
    theorem = SimpleNamespace(
        ceiling=lambda c, T: ceiling and ceiling + T,
        second_moment=lambda c, T: second and second + T,
        light_tailed=lambda c, T: light and T == 4,
        unseen=lambda c, T: owed() if callable(owed) else owed,
    )
    return certified(theorem, c, what, T, looped)


def test_tickets_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def given(c: Constants = Q, T: int = 4, **more: Any) -> dict[str, Any]:
        return tickets(monkeypatch, c, T, **more)

    assert given() == {"ceiling": None, "second": 11.0, "light": True, "unseen": 0.0}
    for quiet in Constants(sigma=0.0, G=2.0), Constants(sigma_p=0.0, p=1.5, G=2.0):
        assert given(quiet) == {"ceiling": 4.0, "sure": True}
        assert given(quiet, coins=True).keys() == {"ceiling", "second", "light", "unseen"}
        assert given(quiet, ceiling=-1.0)["ceiling"] == 3.0
    assert given(ceiling=1.0)["ceiling"] == 5.0
    assert given(ceiling=1.0)["ceiling"] == 5.0
    assert given(Q | {"G": 2.0}, ceiling=1.0)["ceiling"] == 4.0
    # A second moment: the theorem's; else exact ones of a small, linear method without coins.
    assert given(second=2.0)["second"] == 6.0
    cases: tuple[dict[str, Any], ...] = (
        {"coins": True}, {"normal": False}, {"exact": None}, {"exact": math.nan}, {"looped": 3},
        {"d": LARGEST + 1},
    )  # fmt: skip
    for more in cases:
        assert given(**more)["second"] is None
    assert given(Constants(sigma=1.0))["second"] is None
    assert given(looped=4)["second"] == given(d=LARGEST)["second"] == 11.0
    assert given(second=math.nan, exact=None)["second"] is None
    assert given(second=math.nan)["second"] == 11.0  # asked of the moments, then
    assert given(ceiling=math.nan)["ceiling"] is None
    # Light: the theorem says so, or noise, walls and coins do.
    assert given(coins=True)["light"] is True
    assert given(coins=True, gentle=False)["light"] is False
    assert given(gentle=False)["light"] is True
    heavy, walled = Constants(quadratic=True, sigma=1.0), Constants(sigma=1.0, light_tailed=True)
    for c in heavy, walled:
        assert given(c)["light"] is False
        assert given(c, light=True)["light"] is True
        assert given(c, 5, light=True)["light"] is False
    assert given(heavy | {"q": 0.01})["light"] is True
    assert given(heavy | {"q": 0.01}, 3)["light"] is False
    # What rare runs hold is owed where the theorem says light, and light is not said without it.
    assert given(heavy, light=True, owed=0.5)["unseen"] == 0.5
    assert given(light=True, owed=0.5)["unseen"] == 0.0
    assert given(heavy, light=True, owed=lambda: 1 / 0)["light"] is False


class Overflown(ImportanceHelps):
    """A separation whose ceiling is beyond float64."""

    def ceiling(self, c: Constants, T: int) -> float:
        return math.exp(1e3 * T)


def test_a_ceiling_beyond_floats_is_none() -> None:
    assert computed(lambda: 2.0) == 2.0
    claim = Separation("c", Overflown(2), Isotropic(np.ones((2, 2))), horizons=(1,), seeds=64)
    assert verify(claim).verdict is Verdict.INCONCLUSIVE
