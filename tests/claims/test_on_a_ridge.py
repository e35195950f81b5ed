"""What is true of an instance, and what roundings of its runs make of that, exponentially."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.algorithms.classical.sgd import SGD
from convergence.claims import Separation
from convergence.claims.assemble import tilted
from convergence.constants import Constants
from convergence.explore.bench import Bench
from convergence.explore.query import read
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.noise import Noiseless
from convergence.noise.atoms import Atoms
from convergence.problems import AbstractProblem, Isotropic
from convergence.shapes import Reals, real
from convergence.statistics import Sample
from convergence.theorems.assumptions import Smooth
from convergence.theorems.base import (
    AbstractSeparation,
    AbstractTheorem,
    Kind,
    Provenance,
    Source,
)

# Orthogonal to the last digit, and so the instance is on the ridge exactly; sums of it are not.
Q = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
ON, OFF = Q @ [1.0, 3.0, 5.0, 0.0], Q @ [1.0, 3.0, 5.0, 1.0]


class Ridge(AbstractProblem):
    """½ Σ h_i (Qx)_i², h = (1, ½, ¼, −½)."""

    x0: Reals = eqx.field(converter=real)
    h: Reals = eqx.field(converter=real, default=(1.0, 0.5, 0.25, -0.5))

    def value(self, x: Any) -> Any:
        return 0.5 * jnp.sum(self.h * (jnp.asarray(Q, x.dtype) @ x) ** 2)

    def start(self) -> Any:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        steep = float(np.linalg.norm(np.asarray(self.h) * (Q @ np.asarray(self.x0))))
        return Constants(L=1.0, d=4, quadratic=True, grad0=steep)


class Falls(AbstractTheorem):
    """Σ‖∇f(x_t)‖² is finite for gradient descent from the ridge, by a geometric sum."""

    kind = Kind.RATE
    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ ‖∇f(x_t)‖² = O(1/T)"
    assumes = (Smooth(),)

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(0.3 / c.L)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        return 1 / T


class Stays(Falls):
    """It is at most 100 besides, with noise along the first eigenvector too."""

    kind = Kind.EXPECTATION
    statement = "(1/T) Σ E‖∇f(x_t)‖² ≤ 100"

    def bound(self, c: Constants, T: int) -> float:
        return 100.0


class Sooner(AbstractSeparation, Falls):
    """A longer step does better than a short one."""

    kind = Kind.SEPARATION
    statement = "(1/T) Σ ‖∇f(x_t)‖² with η = 0.3/L is less than with η = 0.01/L"

    def rival(self, c: Constants, T: int) -> SGD:
        return SGD(0.01 / c.L)

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


@pytest.mark.parametrize(
    ("theorem", "horizons", "noise"),
    [
        (Falls(), (256, 512, 1024, 4096), Noiseless()),  # left the floats
        (Stays(), (512,), Atoms([1.0, -1.0], [0.5, 0.5], Q[0])),  # far beyond its bound
        (Stays(), (4096,), Atoms([1.0, -1.0], [0.5, 0.5], Q[0])),
        (Sooner(), (4096,), Noiseless()),
    ],
)
def test_what_rounding_leads_off_a_ridge_refutes_nothing(
    theorem: Any, horizons: tuple[int, ...], noise: Any
) -> None:
    kind = Separation if theorem.kind is Kind.SEPARATION else Claim
    on, off = (
        verify(kind("c", theorem, Ridge(x0), noise, horizons=horizons, seeds=64))
        for x0 in (ON, OFF)
    )
    assert on.verdict is Verdict.INCONCLUSIVE, on.reason
    assert "the last digits of the instance, or squares" in on.reason
    assert off.verdict is Verdict.REFUTED, off.reason


class Hurries(Falls):
    """False: of steps 1/√T the sum is of the order √T."""

    statement = "(1/T) Σ ‖∇f(x_t)‖² = O(1/T) with η = 1/√T"

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(1 / (c.L * T**0.5))


def test_a_rate_is_refuted_by_a_slope_that_no_rounding_makes() -> None:

    ladder = 16, 64, 256, 1024
    report = verify(Claim("c", Hurries(), Isotropic([1.0, 3.0]), horizons=ladder))
    assert report.verdict is Verdict.REFUTED, report.reason


def test_what_a_share_of_means_makes_of_an_exponent() -> None:
    """All ends of a ladder off to opposite sides, and at most what the judge takes."""
    ladder = [Sample(T, np.ones(2), 1.0) for T in (16, 64, 1024)]
    assert tilted(ladder, 0.0) == 0.05
    wide = 0.05 + 2 * math.log(1.1 / 0.9) / math.log(64)
    assert tilted(ladder, 0.1) == pytest.approx(wide, rel=1e-12)  # the same formula, rounded
    assert tilted(ladder, 1.0) == 0.99
    assert tilted(ladder[:1], 0.5) == 0.05


def test_an_explorer_refutes_nothing_of_it_by_any_factor() -> None:
    noise = Atoms([1.0, -1.0], [0.5, 0.5], Q[0])
    bench = Bench([
        Claim(name, Stays(), Ridge(x0), noise, horizons=(512,), seeds=64)
        for name, x0 in (("on", ON), ("off", OFF))
    ])  # fmt: skip

    def told(slug: str, factor: str) -> Any:
        return bench.answer(read({"factor": factor}, bench.claim(slug)))["report"]

    for factor in "1", "0.5":
        assert told("on", factor)["verdict"] == "INCONCLUSIVE"
        assert "the last digits of the instance" in told("on", factor)["reason"]
        assert told("off", factor)["verdict"] == "REFUTED"
