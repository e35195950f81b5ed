"""Certificates are held against the runs that a verdict rests on."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.algorithms.classical.sgd import SGD
from convergence.claims import Separation, credentials
from convergence.constants import Constants
from convergence.keys import claim_key
from convergence.laws import along, certificates
from convergence.laws.along import Way, contradicted
from convergence.metrics.pointwise import GradNorm, GradNormSq
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.nonconvex import log_cosh
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment
from convergence.theorems.assumptions import FiniteVariance, Smooth
from convergence.theorems.base import (
    AbstractSeparation,
    AbstractTheorem,
    Kind,
    Provenance,
    Source,
)
from convergence.theorems.classical import stochastic_laws
from tests.certificates.liars import Wall


def test_curvature_beyond_L_where_a_refuting_run_leads() -> None:
    """Neither at the start nor on descents is the wall seen; the noise leads there."""
    theorem = stochastic_laws.SGDStronglyConvex()
    with precision("float64"):
        problem = Wall([1.0])
        assert not certificates(problem, Gaussian(40.0))
        more = {"mu": 1.0, "R": 1.0, "x_star": np.zeros(1), "convex": True}
        fields = {**dict(problem.constants()), **more}

    class Sure(Wall):
        def constants(self) -> Constants:
            return Constants(**fields)

    report = verify(Claim("c", theorem, Sure([1.0]), Gaussian(40.0), horizons=(64,), seeds=256))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "along a run" in report.reason


def test_a_descent_below_what_is_certified_of_the_start() -> None:
    """Delta is checked without a certified infimum too."""
    way = Way(1.0, 0.0, 1.0, -3.0, size=3.0, each=0.0, bent=math.inf, loud=0.0, first=1.0)
    (fault,) = contradicted(way, Constants(Delta=3.5), 2e-16)
    assert str(fault) == "Delta = 3.5 is certified, but from x_0 to a point of a run a descent = 4"
    assert not [*contradicted(way, Constants(Delta=4.0), 2e-16)]


class Abyss(Wall):
    """−log(1 + x²)/2 from 1, with a Δ below which no descent of the first look falls."""

    def one(self, x: Any) -> Any:
        return -0.5 * jnp.log1p(x**2)

    def constants(self) -> Constants:
        return Constants(L=1.0, Delta=8.0, **self.true())


def test_a_fall_beyond_delta_along_a_run() -> None:
    """x⁺ = x + γx/(1 + x²) grows like √(2γT), the noise faster."""
    problem = Abyss([1.0])
    with precision("float64"):
        assert not certificates(problem, Gaussian(1.0))
    report = verify(Claim("c", StaysBelow(), problem, Gaussian(1e5), horizons=(64,), seeds=16))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "Delta = 8 is certified" in report.reason


def test_package_classes_are_followed_beyond_the_quick_tier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    followed: list[int] = []

    def walked(experiment: Any, T: int, key: Any, run: int, *rest: Any) -> Any:
        followed.append(run)
        return along.walked(experiment, T, key, run, *rest)

    monkeypatch.setattr(credentials, "walked", walked)
    claim = Claim("c", StaysBelow(), log_cosh([1.0]), Gaussian(1.0), horizons=(8,), seeds=4)
    assert verify(claim).verdict is Verdict.CONSISTENT
    assert not followed
    assert verify(claim, tier="standard").verdict is Verdict.CONSISTENT
    assert len(followed) == 4
    # One Hessian has shown all that runs could show, where the package proves that it is the one.
    whole = Claim("c", StaysBelow(), Isotropic([1.0]), Gaussian(1.0), horizons=(8,), seeds=4)
    assert verify(whole, tier="standard").verdict is Verdict.CONSISTENT
    assert len(followed) == 4
    own = Claim("c", StaysBelow(), Mine([1.0]), Gaussian(1.0), horizons=(8,), seeds=4)
    assert verify(own, tier="standard").verdict is Verdict.CONSISTENT
    assert len(followed) == 8


def test_a_short_run_without_noise_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy goes the same way."""
    with precision("float64"):
        problem, key = log_cosh([3.0, -1.0]), claim_key("c", 0, 20)
        run = Experiment(problem, Oracle(problem, Noiseless()), SGD(0.3))
        compiled = along._compiled(run, np.asarray(20, np.int32), key, 0.0)  # pyright: ignore[reportPrivateUsage]
        monkeypatch.setattr(along, "_compiled", None)
        way, end = along.walked(run, 20, key, 0)
    # Twenty steps of some hundred roundings.
    np.testing.assert_allclose(np.hstack([*way, end]), np.hstack(compiled), rtol=1e-12)


class Mine(Isotropic):
    """A class of the user's, which may be anything anywhere."""


class StaysBelow(AbstractTheorem):
    """Holds of almost anything."""

    kind = Kind.PATHWISE
    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "‖∇f(x_T)‖ ≤ 10⁹ with γ = 1/(50L)"
    assumes = (Smooth(),)

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(0.02 / c.L)

    def metric(self, c: Constants, T: int) -> GradNorm:
        return GradNorm()

    def bound(self, c: Constants, T: int) -> float:
        return 1e9


def test_curvature_beyond_L_where_a_confirming_run_leads() -> None:
    """What is measured keeps the bound, and yet L is not that of where the runs were."""
    near, far = (
        verify(Claim("c", StaysBelow(), Wall([1.0]), Gaussian(s), horizons=(8,), seeds=16))
        for s in (1.0, 4000.0)
    )
    assert near.verdict is Verdict.CONSISTENT, near.reason
    assert far.verdict is Verdict.INAPPLICABLE, far.reason
    assert "along a run" in far.reason


class Calmer(AbstractSeparation):
    """γ = 10⁻³/L beside γ = 0.09/L, or the other way round."""

    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "E‖∇f(x_T)‖² of short steps is no more than that of long ones"
    assumes = (Smooth(), FiniteVariance())
    steps = 1e-3, 0.09

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(self.steps[0] / c.L)

    def rival(self, c: Constants, T: int) -> SGD:
        return SGD(self.steps[1] / c.L)

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()


class Rougher(Calmer):
    """Long steps beside short ones: refuted, were L that of where they lead."""

    steps = 0.09, 1e-3


@pytest.mark.parametrize("theorem", [Calmer(), Rougher()])
def test_curvature_beyond_L_where_either_of_two_methods_leads(theorem: Calmer) -> None:
    """The noise drives long steps alone beyond the wall, whichever of the two they are."""

    class Sure(Wall):
        def constants(self) -> Constants:
            return super().constants().but(R=self.size(), x_star=np.zeros(1), convex=True)

    report = verify(Separation("c", theorem, Sure([1.0]), Gaussian(400.0), horizons=(64,)))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "L = 1 is certified, but the largest curvature along a run = 21" in report.reason
