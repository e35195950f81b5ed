"""Instances that were invented to make true statements false: rounding, edges and rare draws."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.claims.exact import Exact
from convergence.constants import Constants
from convergence.laws import problem_laws
from convergence.laws.entries import uneven
from convergence.laws.noises import noise_faults
from convergence.laws.problems import problem_faults
from convergence.noise.agents import PerEntry
from convergence.noise.base import AbstractNoise
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import two_point
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.attention import Attention, three_tokens, two_inputs
from convergence.problems.bilevel import reference
from convergence.problems.matrix_quadratic import Cosines
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


class HalfAsSteep(Attention):
    """G of half the size."""

    def constants(self) -> Constants:
        known = super().constants()
        return known.but(G=0.5 * known.G)


class HalfAsMoved(Ripple):
    """noise_lipschitz_p of half the size, which rare draws of the swell carry."""

    def constants(self, shape: tuple[int, ...]) -> Constants:
        known = super().constants(shape)
        return known.but(noise_lipschitz_p=0.5 * known.noise_lipschitz_p)


def test_half_of_the_steepest_slope_is_found_by_climbing():
    with precision("float64"):
        for right in (three_tokens(1.0), two_inputs()):
            lie = HalfAsSteep(right.tokens, right.queries, right.scores, right.x0)
            assert not problem_laws(right)
            assert any(one.startswith("HalfAsSteep: G = ") for one in problem_laws(lie))


class NotSoSteep(Cosines):
    """‖sin X‖ ≤ √d less a share."""

    share: float = eqx.field(static=True, default=1.0)

    def constants(self) -> Constants:
        known = super().constants()
        return known.but(G=self.share * known.G)


@pytest.mark.parametrize("share", [0.98, 0.9, 0.77, 0.6])
def test_a_false_slope_that_points_seen_nearly_have_is_found_by_climbing(share: float):
    """Of 18 entries: a point of ‖∇f‖ = 3.1 is seen, and 3.3, 3.8 and 4.1 are certified."""
    lie = NotSoSteep(np.random.default_rng(1).standard_normal((3, 6)), share=share)
    with precision("float64"):
        assert {fault.name for fault in problem_faults(lie)} == {"G"}
        assert not problem_faults(dataclasses.replace(lie, share=1.0))


def test_what_rare_draws_carry_is_no_users_word():
    swell = Pareto.of(1.2, 1.0, 1.25)
    right = Ripple(two_point(1.2), 0.5, swell)
    with precision("float64"):
        assert not noise_faults(right, np.ones(2))
        said = noise_faults(HalfAsMoved(right.zeta, right.s, swell), np.ones(2))
        assert "noise_lipschitz_p" in {fault.name for fault in said}


def test_moments_that_draws_alone_show_are_named_in_the_report():
    def said(noise: Any) -> str:
        claim = Claim("trust", SGDNonconvex(), Isotropic([1.0]), noise, horizons=(4,), seeds=64)
        return verify(claim).assumptions[0].detail

    trusted = "checked on the instance; sigma of Rare on trust beyond what draws show"
    assert said(Rare(0.0)).startswith(trusted)
    assert said(Gaussian(0.1)) == "checked on the instance"


class OneWay(AbstractNoise):
    """A part of every entry is one number: isotropic entry by entry, and not along (1, …, 1)."""

    part: float = eqx.field(static=True)

    def draw(self, x: Any, key: Any) -> Any:
        own, shared = jax.random.split(key)
        each, all_ = jax.random.normal(own, x.shape, x.dtype), jax.random.normal(shared, ())
        return (1 - self.part) ** 0.5 * each + self.part**0.5 * all_

    def constants(self, shape: tuple[int, ...]) -> Constants:
        sigma = float(np.prod(shape)) ** 0.5
        return Constants(
            sigma=sigma, symmetric=True, additive=True, light_tailed=True, isotropic_noise=True
        )


@pytest.mark.parametrize("shape", [(2,), (3, 2), (40,)])
def test_noise_that_is_even_by_entries_alone_is_not_isotropic(shape: tuple[int, ...]) -> None:
    for part, names in ((0.0, set()), (0.1, {"isotropic_noise"}), (1.0, {"isotropic_noise"})):
        with precision("float64"):
            found = noise_faults(OneWay(part), np.ones(shape))
        assert {fault.name for fault in found} == names, part


class OneEntry(AbstractNoise):
    """±1 in one entry, drawn evenly: every entry varies alike, and few are seen to."""

    def draw(self, x: Any, key: Any) -> Any:
        which, sign = jax.random.split(key)
        hit = jnp.arange(x.size) == jax.random.randint(which, (), 0, x.size)
        return jax.random.rademacher(sign, (), x.dtype) * hit.reshape(x.shape)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(
            sigma=1.0, symmetric=True, additive=True, light_tailed=True, isotropic_noise=True
        )


@pytest.mark.parametrize("d", [2, 64, 512, 2000])
def test_entries_that_few_draws_reach_are_not_accused(d: int) -> None:
    with precision("float64"):
        assert not noise_faults(OneEntry(), np.ones(d))


@pytest.mark.parametrize(
    ("expected", "k", "seen"),
    [(20, 0, False), (20, 2, False), (40, 12, False), (1000, 8, True), (1000, 700, True)],
)
def test_too_little_is_certain_where_enough_squares_carry_it(
    expected: int, k: int, seen: bool
) -> None:
    """k of 2^13 draws are not 0, of so many as are expected: P(12 of 40) is e^−14, P(700 of 1000)
    e^−50."""
    squares = np.zeros((2**13, 2))
    squares[:k] = 2**13 / expected
    assert uneven(squares, 1.0, 1e6, 2).tolist() == [-1.0 if seen else 0.0] * 2
    # That none is larger, if it is known, is worth as many nats.
    assert uneven(squares, 1.0, 2**13 / expected, 2)[0] == (-1.0 if seen else 0.0)


@pytest.mark.parametrize(
    ("d", "N", "chance"), [(512, 512, 0.003), (100, 2621, 0.001), (16, 2**14, 1e-4)]
)
def test_spikes_that_few_entries_showed_are_missing_in_none(d: int, N: int, chance: float) -> None:
    """Half of the variance of each entry lies in them: of a column without, the half is seen."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        spikes = (rng.random((N, d)) < chance) / (2 * chance) ** 0.5
        squares = (0.5**0.5 * rng.standard_normal((N, d)) + spikes) ** 2
        assert not np.any(uneven(squares, 1.0, float(squares.sum(axis=1).max()), d)), seed


@pytest.mark.parametrize(("share", "seen"), [(0.0, True), (0.5, True), (1.0, False)])
def test_one_entry_of_many_that_lacks_variance_is_seen(share: float, seen: bool) -> None:
    squares = np.random.default_rng(0).standard_normal((2621, 100)) ** 2
    squares[:, 7] *= share
    found = uneven(squares, 1.0, float(squares.sum(axis=1).max()), 100)
    assert found.tolist() == [-1.0 if seen and k == 7 else 0.0 for k in range(100)]
