"""What the last digits of an instance are worth, and that no false statement hides behind them."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.algorithms.classical.sgd import SGD
from convergence.claims.rounding import ends, excess, floats, moved
from convergence.claims.settings import Settings
from convergence.cli.gather import everything
from convergence.constants import Constants
from convergence.metrics.pointwise import GradNormSq
from convergence.problems.quadratic import Isotropic
from convergence.theorems.adaptive import smooth
from convergence.theorems.base import Kind
from convergence.theorems.estimators import liu2024sophia as sophia

CLAIM: dict[str, Any] = {claim.slug: claim for claim in everything()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_twin_moves_every_float_by_an_ulp(dtype: Any) -> None:
    tree = {"a": np.array([1.0, -3.0, 0.0]), "k": np.array(3), "name": "x"}
    twin = moved(tree, np.random.default_rng(0), dtype)
    ulps = (twin["a"] - tree["a"]) / np.spacing(np.abs(tree["a"]).astype(dtype))
    # An ulp below a power of two is half as large as above.
    assert set(np.abs(ulps[:2])) <= {0.5, 1.0}
    assert twin["a"][2] == 0
    assert twin["k"] == 3
    assert floats(tree) == 2


def test_excess_is_relative_to_the_larger_of_value_and_bound() -> None:
    values = np.array([1.0, 2.0, 8.0])
    np.testing.assert_allclose(excess(values, (-np.inf, 2.0)), [-0.5, 0.0, 0.75])
    np.testing.assert_allclose(excess(values, (2.0, 2.0)), [0.5, 0.0, 0.75])
    gone = np.array([np.inf, -np.inf])
    assert excess(gone, (-np.inf, 2.0)).tolist() == [np.inf, -np.inf]
    assert excess(gone, (2.0, np.inf)).tolist() == [-np.inf, np.inf]


@pytest.mark.parametrize(
    ("kind", "bound", "both"),
    [
        (Kind.PATHWISE, (1.0, 2.0), (1.0, 2.0)),
        (Kind.PATHWISE, 2.0, (-np.inf, 2.0)),
        (Kind.EXPECTATION, 2.0, (-np.inf, 2.0)),
        (Kind.FLOOR, 2.0, (2.0, np.inf)),
        (Kind.EXACT, 2.0, (2.0, 2.0)),
    ],
)
def test_a_run_without_coins_keeps_what_its_kind_says(kind: Kind, bound: Any, both: Any) -> None:
    assert ends(kind, bound) == both


class Wrong(sophia.SophiaQuadraticLaw):
    """The law off by a factor."""

    factor: Any = 1.0

    def bound(self, c: Any, T: int) -> tuple[float, float]:
        low, high = super().bound(c, T)
        return low * self.factor, high * self.factor


def off(factor: float) -> Any:
    """The law, false by a factor."""
    made: Any = Wrong
    return made(factor=factor)


def test_a_twin_that_its_class_refuses_is_left_out(monkeypatch: Any) -> None:
    """Twins are instances of a class with conditions of its own; half of them break one here."""
    claim = CLAIM["sophia-quadratic-law"]
    start = float(claim.problem.x0[0])
    certify = type(claim.problem).constants

    def strict(problem: Any) -> Any:
        if float(problem.x0[0]) > start:
            raise ZeroDivisionError("float division by zero")
        return certify(problem)

    monkeypatch.setattr(type(claim.problem), "constants", strict)
    false = dataclasses.replace(claim, theorem=off(1 + 1e-9))
    assert false.verify(Settings()).verdict is Verdict.REFUTED


# The law's own sensitivity is 2e-13 in float64 and 1e-4 in float32.
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_an_error_beyond_the_sensitivity_is_caught(dtype: str, sign: int) -> None:
    claim: Claim = CLAIM["sophia-quadratic-law"]
    assert claim.verify(Settings(dtype=dtype)).verdict is Verdict.CONSISTENT
    size = 1e-11 if dtype == "float64" else 1e-2
    false = dataclasses.replace(claim, theorem=off(1 + sign * size))
    assert false.verify(Settings(dtype=dtype)).verdict is Verdict.REFUTED


class Law(sophia.SophiaQuadraticLaw):
    """The same number as a mean, or as its lower end: no coin is tossed, and it is one run."""

    kind: Any = eqx.field(static=True, default=Kind.EXACT)
    factor: Any = 1.0

    def bound(self, c: Any, T: int) -> Any:
        return super().bound(c, T)[0] * self.factor


@pytest.mark.parametrize("kind", [Kind.EXACT, Kind.FLOOR, Kind.EXPECTATION])
def test_a_law_of_one_run_is_granted_its_rounding_and_no_more(kind: Kind) -> None:
    claim: Claim = dataclasses.replace(CLAIM["sophia-quadratic-law"], theorem=Law(kind=kind))
    assert claim.verify(Settings()).verdict is Verdict.CONSISTENT
    off = 1 + (1e-11 if kind is not Kind.EXPECTATION else -1e-11)
    report = dataclasses.replace(claim, theorem=Law(kind=kind, factor=off)).verify(Settings())
    assert report.verdict is Verdict.REFUTED
    assert report.proof is not None


class Overstated(smooth.SignDescentSmooth):
    """Two thirds of the bound, which is false."""

    def bound(self, c: Constants, T: int) -> float:
        return super().bound(c, T) / 1.5


@pytest.mark.parametrize(("T", "verdict"), [(4, Verdict.INCONCLUSIVE), (8, Verdict.REFUTED)])
def test_digits_that_decide_a_sign_confirm_no_statement(T: int, verdict: Verdict) -> None:
    """After two of four steps an entry is 0 but for rounding, whose sign moves the rest."""
    claim = Claim("own", Overstated(), Isotropic(np.full(3, float(T))), horizons=(T,), seeds=1)
    report = verify(claim)
    assert report.verdict is verdict, report.reason
    if verdict is Verdict.INCONCLUSIVE:
        assert "the last digits of the instance move the run" in report.reason


class NeverGrows(smooth.SignDescentSmooth):
    """‖∇f(x_T)‖² ≤ ‖∇f(x_0)‖² for gradient descent whatever its step: false beyond 2/L."""

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(4.0 / c.L)

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        return float(c.grad0**2)


@pytest.mark.parametrize(("dtype", "T"), [("float32", 30), ("float32", 60), ("float64", 400)])
def test_a_run_that_leaves_the_floats_confirms_no_statement(dtype: str, T: int) -> None:
    """Its twins, in float64, part without end, which is no rounding."""
    claim = Claim("own", NeverGrows(), Isotropic(np.array([1.0, -2.0])), horizons=(T,), seeds=1)
    report = claim.verify(Settings(dtype=dtype))
    assert report.verdict is Verdict.REFUTED, report.reason
    assert report.proof is not None
