"""Instances that were invented to make true statements false: rounding, edges and rare draws."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.claims.exact import Exact
from convergence.constants import Constants
from convergence.noise.agents import PerEntry
from convergence.noise.base import AbstractNoise
from convergence.noise.gaussian import Gaussian
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.problems.bilevel import reference
from convergence.problems.quadratic import Isotropic
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.classical.quadratic_laws import BatchLaw, MomentumLaw
from convergence.theorems.decentralized.zhu2024 import SmallUpperStep
from convergence.theorems.subspace.he2025 import GoLoreSGD

BOWL = Isotropic([0.1, 0.7], 3.0)  # 1/3 is rounded, and so the step that would end at x*


@pytest.mark.parametrize("law", [BatchLaw(scale=1.0), MomentumLaw(scale=1.0, beta1=1.0)])
def test_a_law_that_is_zero_is_kept_by_what_roundings_make_of_zero(law: Any):
    report = verify(Claim("zero", law, BOWL, horizons=(1, 2, 5), seeds=2))
    assert report.verdict is Verdict.CONSISTENT, report.reason


def test_a_law_that_is_off_zero_is_still_refuted():
    class Off(BatchLaw):
        """The start is not left behind at once."""

        def bound(self, c: Constants, T: int) -> float:
            return super().bound(c, T) + 1e-12 * c.grad0**2

    report = verify(Claim("off", Off(scale=1.0), BOWL, horizons=(1,), seeds=2))
    assert report.verdict is Verdict.REFUTED, report.reason


@pytest.mark.parametrize("upper", ["ED", "EXTRA"])
def test_a_mode_that_hardly_forgets_makes_no_step_small(upper: str):
    """A ring of four has λ = −⅓, where a root of ED is −1."""
    for W, expected in (
        (graphs.ring(4), Verdict.INAPPLICABLE),
        (graphs.lazy(graphs.ring(4)), Verdict.CONSISTENT),
    ):
        theorem, problem = SmallUpperStep(upper, "ATC-GT"), reference(W)
        claim = Exact(
            "own", theorem, problem, PerEntry(1.0), horizons=(10**5,), oracle=BilevelOracle
        )
        assert verify(claim).verdict is expected


def test_a_subspace_that_is_the_whole_space_takes_no_coins():
    claim = Claim("whole", GoLoreSGD(r=2), Isotropic(np.ones((2, 3))), Gaussian(1.0), horizons=(4,))
    assert verify(claim).verdict is not Verdict.REFUTED


class Rare(AbstractNoise):
    """σ = 0.1 but for a draw of 300 in a hundred thousand."""

    chance: float = eqx.field(static=True)

    def draw(self, x: Any, key: Any) -> Any:
        when, how = jax.random.split(key)
        loud = jnp.where(jax.random.bernoulli(when, self.chance), 3000.0, 1.0)
        return 0.1 * loud * jax.random.rademacher(how, x.shape, x.dtype)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(sigma=0.1 * float(np.prod(shape)) ** 0.5, symmetric=True, additive=True)


@pytest.mark.parametrize("chance", [1e-5, 3e-5])
def test_what_a_noise_rarely_draws_refutes_no_theorem(chance: float):
    claim = Claim(
        "rare", SGDNonconvex(), Isotropic([1.0]), Rare(chance), horizons=(256, 1024), seeds=512
    )
    report = verify(claim)
    assert report.verdict is not Verdict.REFUTED, report.reason


def test_a_right_noise_is_looked_at_longer_and_still_refutes():
    class Half(SGDNonconvex):
        def bound(self, c: Constants, T: int) -> float:
            return 0.5 * super().bound(c, T)

    report = verify(Claim("right", Half(), Isotropic([1.0]), Rare(0.0), horizons=(64,), seeds=512))
    assert report.verdict is Verdict.REFUTED, report.reason
