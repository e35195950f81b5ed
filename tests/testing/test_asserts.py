"""`assert_converges` and the laws of transformations: each is seen to pass and to fail."""

from __future__ import annotations

from typing import Any

import optax
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.optax_adapter import FromOptax
from convergence.errors import InvalidInput
from convergence.metrics.pointwise import Value
from convergence.noise.gaussian import Gaussian
from convergence.problems.linear import Linear
from convergence.problems.quadratic import Isotropic
from convergence.testing import assert_converges
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.classical.kingma2015 import AdamLinear

SQUARE = Isotropic([1.0, -1.0])
THEOREM = SGDNonconvex()  # prescribes γ = √(2Δ/(Lσ²T)) = √(4/T)/√2 here, Δ = L = 1 and σ = 1
# The mean of one run has a relative deviation near 0.2, that of 8192 runs 0.002; the slack is 1.04.
SMALL: dict[str, Any] = dict(horizons=(32,), seeds=8192)
ALPHA = 1e-3


def test_a_good_optimizer_passes_and_its_report_is_returned(test_seed: int):
    report = assert_converges(
        lambda c, T: optax.sgd(THEOREM.gamma(c, T)),
        theorem=THEOREM,
        problem=SQUARE,
        noise=Gaussian(1.0),
        seed=test_seed,
        alpha=ALPHA,
        **SMALL,
    )
    assert report.hyper["algorithm"] == "optax.chain"
    # On (L/2)‖x‖² only f(x_T) ≥ f* is lossy, by about 1/(2γT).
    assert report.judgement is not None
    assert report.judgement.slack is not None
    assert 1 < report.judgement.slack < 2


def test_a_bad_optimizer_is_told_why_and_how_to_see_it_again(test_seed: int):
    with pytest.raises(AssertionError) as caught:
        assert_converges(
            SGD(2.5), theorem=THEOREM, problem=SQUARE, noise=Gaussian(1.0), seed=test_seed, **SMALL
        )
    for part in ("REFUTED for SGD", "reason:", "slack:", "again:     seed=", "T = 32"):
        assert part in str(caught.value)


def test_a_vacuous_bound_is_no_test(test_seed: int):
    given: dict[str, Any] = dict(
        theorem=THEOREM, problem=SQUARE, noise=Gaussian(2.0), seed=test_seed, horizons=(2,),
        seeds=512,
    )  # fmt: skip
    with pytest.raises(AssertionError, match="holds without running"):
        assert_converges(SGD(0.5), **given)
    assert assert_converges(SGD(0.5), vacuous=True, **given).vacuous


class Signed(SGDNonconvex):
    """E f(x_T) ≤ bound: f may be negative, and so may a bound."""

    assumes = ()

    def metric(self, c: Any, T: int) -> Any:
        return Value()

    def bound(self, c: Any, T: int) -> float:
        return -1.0 if "convex" in c else 1.0

    def trivial(self, c: Any, T: int) -> Any:
        return None


def test_a_negative_mean_or_bound_is_told_in_one_sentence(test_seed: int):
    given: dict[str, Any] = dict(noise=Gaussian(1.0), seed=test_seed, horizons=(2,), seeds=16)
    with pytest.raises(InvalidInput, match=r"metric of -.* about its mean, is needed"):
        assert_converges(SGD(0.1), theorem=Signed(), problem=Linear([1.0, 3.0]), **given)
    with pytest.raises(InvalidInput, match=r"bound -1 at T = 2 for the mean of a metric ≥ 0"):
        assert_converges(SGD(0.1), theorem=Signed(), problem=SQUARE, **given)


@pytest.mark.parametrize("eps", [0.0, 1e-8, 1e-9])
def test_adam_on_a_linear_function_whatever_its_damping(eps: float):
    given: dict[str, Any] = dict(theorem=AdamLinear(), problem=Linear([3.0, -0.5]), horizons=(20,),
                                 seeds=1)  # fmt: skip
    adam = FromOptax(optax.adam, learning_rate=0.01, eps=eps)
    assert assert_converges(adam, **given).hyper["eps"] == eps
    with pytest.raises(AssertionError) as caught:
        assert_converges(FromOptax(optax.adam, learning_rate=0.01, eps=1e-3), **given)
    assert "REFUTED for optax.adam(learning_rate=0.01, eps=0.001)" in str(caught.value)
    assert "measured -0.6996" in str(caught.value)
    assert "bound [-0.7, -0.7]" in str(caught.value)


def test_what_is_no_optimizer_is_refused():
    with pytest.raises(InvalidInput, match="an optimizer of optax or torch is needed"):
        assert_converges("sgd", theorem=THEOREM, problem=SQUARE)
