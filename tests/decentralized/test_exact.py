"""Claims on exact moments: what they answer, what they refuse, and that their judge bites."""

from __future__ import annotations

import numpy as np
import pytest

from convergence.claims.base import Claim, verify
from convergence.claims.exact import Exact, crossing
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.parts import graphs
from convergence.parts.strategies import CORRECTED, mode
from convergence.problems.agents import AgentQuadratics, common, heterogeneous, slowest
from convergence.problems.quadratic import Isotropic
from convergence.statistics import Row, Verdict, judge_exponents
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.decentralized.alghunaim2022 import (
    CorrectedUnbiased,
    Energy,
    ModerateGraph,
    NetworkUnbiased,
    Radius,
    Stability,
    Variance,
)
from convergence.theorems.decentralized.alghunaim2022_sparse import SparseTransient
from convergence.theorems.decentralized.alghunaim2022_thresholds import threshold
from convergence.theorems.decentralized.cao2024 import DiffusionExcessRisk, SmallStepGap
from convergence.theorems.decentralized.koloskova2020 import DSGDSmallStep, FixedPoint, ModeBias
from convergence.theorems.decentralized.koloskova2020_nonconvex import DSGDNonconvexAlong
from convergence.theorems.exact_moments import AbstractMoment

UNIT = PerEntry(1.0)
RING8 = graphs.lazy(graphs.ring(8))


def test_any_theorem_may_be_judged_by_exact_moments(test_seed):
    problem, noise = Isotropic(np.ones(4)), Gaussian(1.0)
    for how, seeds in (("exact", 1), ("both", 512)):
        claim = Exact(
            "own-sgd", SGDNonconvex(0.1), problem, noise, horizons=(4, 16), how=how, seeds=seeds,
            margin=0.2,
        )  # fmt: skip
        report = claim.verify(Settings(seed=test_seed))
        assert report.verdict is Verdict.CONSISTENT
        assert report.judgement is not None
        assert report.judgement.slack is not None
        assert report.judgement.slack > 1


def test_a_report_names_the_spectral_radius_of_what_diverges():
    claim = Exact(
        "own-torus", NetworkUnbiased("ED", 0.01), slowest(graphs.torus(4)), UNIT, horizons=(1,)
    )
    report = claim.verify(Settings())
    assert report.verdict is Verdict.REFUTED
    assert "spectral radius 1.5718" in report.reason


@pytest.mark.parametrize(
    ("theorem", "gap", "failed"),
    [
        (CorrectedUnbiased("ED"), 1.6, "stable step"),
        (Variance("EXTRA"), 1.6, "stable step"),
        (DiffusionExcessRisk("consensus"), 1.98, "stable step"),
        (ModeBias("consensus"), 1.98, "stable step"),
        (FixedPoint("consensus"), 1.98, "stable step"),
        (ModerateGraph("ED", 0.01), 1.6, "lam_min"),
        (Stability("ED"), 1.6, "small steps stable"),
        (Energy("ED", 0.3), 1e-3, "stable step"),  # stable, but T is too short
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, AbstractMoment) else None,
)
def test_beyond_its_steps_and_graphs_a_statement_does_not_apply(
    theorem: AbstractMoment, gap: float, failed: str
):
    """Complete graphs of 8 with 1 − λ = gap: lively ones, and for `Energy` a sleepy one."""
    noise = Noiseless() if isinstance(theorem, Energy) else UNIT
    horizons = (4000,) if isinstance(theorem, Energy) else (1,)

    def verdict(gap: float) -> Verdict:
        problem = slowest(graphs.lazy_complete(8, gap))
        report = Exact("own", theorem, problem, noise, horizons=horizons).verify(Settings())
        if report.verdict is Verdict.INAPPLICABLE:
            assert [a.name for a in report.assumptions if not a.holds] == [failed]
        return report.verdict

    assert verdict(0.5) is Verdict.CONSISTENT
    assert verdict(gap) is Verdict.INAPPLICABLE


@pytest.mark.parametrize("gap", [1e-4, 1e-3, 0.1, 0.9])
@pytest.mark.parametrize(
    "theorem", [DSGDSmallStep("ATC"), DSGDSmallStep("CTA"), SmallStepGap("consensus")]
)
def test_small_step_limits_grant_what_they_leave_out(theorem: AbstractMoment, gap: float):
    """Beyond the stated tolerance no more than the stated remainder, on graphs of any gap."""
    problem, T = slowest(graphs.lazy_complete(8, gap)), 10_000
    claim = Exact("own", theorem, problem, UNIT, horizons=(T,))
    value, bound, _ = claim.exact(T)
    granted = theorem.scale(claim.instance(T)[2], T) * theorem.tolerance
    assert abs(value - bound) <= max(granted, theorem.tolerance * bound)
    assert (granted > theorem.tolerance * bound) == (gap < 0.1)


def test_an_assumption_that_fails_is_named():
    W = graphs.lazy(graphs.ring(4))
    mixed = AgentQuadratics(W, np.arange(1.0, 5).reshape(4, 1, 1), np.ones((4, 1)))
    report = Exact("own-mixed", Radius("ED"), mixed, UNIT, horizons=(1,)).verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert "common" in report.reason


def test_a_noise_that_is_louder_than_it_says_is_not_judged(test_seed):
    problem = common(RING8, [1.0], np.linspace(-1, 1, 8)[:, None])

    class Louder(PerEntry):
        """A noise whose samples are larger than what exact moments are told."""

        def draw(self, x, key):
            return 1.3 * super().draw(x, key)

    claim = Exact(
        "own-loud", DiffusionExcessRisk("diffusion", finite=True), problem, Louder(1.0),
        horizons=(8,), how="both", seeds=1024, margin=0.2,
    )  # fmt: skip
    report = claim.verify(Settings(seed=test_seed))
    assert report.verdict is Verdict.INAPPLICABLE
    assert "certificates" in report.reason


def test_simulation_alone_confirms_what_exact_moments_say(test_seed):
    problem = common(RING8, [1.0], np.linspace(-1, 1, 8)[:, None])
    law = DiffusionExcessRisk("diffusion", finite=True)
    claim = Claim("own-law", law, problem, UNIT, horizons=(8, 32), seeds=1024, margin=0.2)
    assert claim.verify(Settings(seed=test_seed)).verdict is Verdict.CONSISTENT


def rows(values, shapes):
    return tuple(
        Row(10**k, 0, v, (v, v), b, None, False, "") for k, (v, b) in enumerate(zip(values, shapes))
    )


@pytest.mark.parametrize(
    ("power", "two_sided", "verdict"),
    [
        (-1.0, False, Verdict.CONSISTENT),
        (-1.2, False, Verdict.CONSISTENT),  # faster
        (-1.2, True, Verdict.REFUTED),
        (-0.9, False, Verdict.REFUTED),
        (-0.9, True, Verdict.REFUTED),
    ],
)
def test_exponents_are_one_sided_unless_said(power, two_sided, verdict):
    T = 10.0 ** np.arange(4)
    assert judge_exponents(rows(T**power, 1 / T), two_sided).verdict is verdict


def test_an_exponent_still_on_its_way_is_not_judged():
    T = 10.0 ** np.arange(3)
    found = judge_exponents(rows((1 + 20 / T) / T, 1 / T), True)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert judge_exponents(rows([1, 2], [1, 1]), True).verdict is Verdict.INCONCLUSIVE
    assert judge_exponents(rows([1, np.inf, 2], [1, 1, 1]), True).verdict is Verdict.REFUTED


def test_crossing_finds_where_the_network_costs_as_much():
    assert crossing(lambda N: 1 + (3e7 / N) ** 0.5) == pytest.approx(3e7, rel=1e-3)

    def unstable_below(N: float) -> float:
        return np.inf if N < 1e6 else 1 + 1e9 / N

    assert crossing(unstable_below) == pytest.approx(1e9, rel=1e-3)


@pytest.mark.parametrize("name", CORRECTED)
def test_thresholds_are_those_of_the_mode_polynomial(name):
    rng = np.random.default_rng(0)
    lam = rng.uniform(-0.95, 0.999, 400)
    for scale, stable in ((0.999, True), (1.001, False)):
        ah = scale * threshold(name, lam)
        ok = ah > 0
        _, b2, p = mode(name, lam[ok], ah[ok])
        half = (1 - b2 + p) / 2
        root = np.sqrt((half**2 - p).astype(complex))
        radius = np.maximum(abs(half + root), abs(half - root))
        assert np.all((radius < 1) == stable)


def test_where_the_slow_roots_are_real():
    rng = np.random.default_rng(1)
    lam, ah = rng.uniform(0, 1, 5000), rng.uniform(0, 1, 5000)
    for name, real in (
        ("ED", lam * ah**2 >= 4 * (1 - lam) * (1 - ah)),
        ("EXTRA", ah**2 + 4 * (1 - lam) * ah >= 4 * lam * (1 - lam)),
        ("ATC-GT", np.ones_like(lam, dtype=bool)),
        ("non-ATC-GT", np.ones_like(lam, dtype=bool)),
    ):
        _, b2, p = mode(name, lam, ah)
        _, _, stable = None, None, (-1 + b2 / 2 < p) & (p < 1)
        assert np.all(((1 - b2 + p) ** 2 - 4 * p >= 0)[stable] == real[stable]), name


@pytest.mark.parametrize(
    ("name", "stated"),
    [("ATC", 2.041e15), ("ED", 2.873e8), ("EXTRA", 2.885e8), ("ATC-GT", 7.162e7)],
)
def test_transients_have_their_stated_digits(name, stated):
    problem = slowest(graphs.lazy_complete(8, 1e-3))
    found = Exact("own-transient", SparseTransient(name), problem, UNIT, horizons=(1000,)).exact(
        1000
    )[0]
    assert found == pytest.approx(stated, rel=3e-4)  # four digits, and `crossing` stops at 1e-4


def test_lively_ring_keeps_half_of_the_noise_more():
    for alpha, excess in ((1e-2, 1.582), (1e-3, 1.509), (1e-4, 1.5009)):
        problem = slowest(graphs.ring(8))
        c = problem.constants() | UNIT.constants((8, 1))
        central = alpha / (2 - alpha) / 8
        # Half a unit of the last stated digit, 1.582.
        assert Variance("ED", alpha).bound(c, 1) / central == pytest.approx(excess, abs=6e-4)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: Exact("own", NetworkUnbiased("ED"), slowest(RING8), UNIT, how="guess"),
            "choose one",
        ),
        (
            lambda: Exact("own", NetworkUnbiased("ED"), slowest(RING8), UNIT, how="both"),
            "ask for more",
        ),
        (lambda: common(RING8, [1.0], np.ones((8, 1))), "subtract their mean"),
        (lambda: AgentQuadratics(RING8, np.ones((7, 1, 1)), np.ones((7, 1))), "number of agents"),
        (lambda: AgentQuadratics(RING8, -np.ones((8, 1, 1)), np.ones((8, 1))), "positive definite"),
    ],
)
def test_bad_input_is_refused(make, says):
    with pytest.raises(InvalidInput, match=says):
        make()


class Tilted(FixedPoint):
    """FALSE by a share that float64 resolves."""

    def bound(self, c: Constants, T: int) -> float:
        return 1.01 * super().bound(c, T)


@pytest.mark.parametrize(
    ("theorem", "expect"), [(FixedPoint, Verdict.INCONCLUSIVE), (Tilted, Verdict.REFUTED)]
)
def test_what_a_fixed_point_loses_in_digits_is_no_refutation(theorem: type, expect: Verdict):
    """E of size 1e-6 beside x* of size 1, at a condition of 1e5: true, and off by 5e-6."""
    problem = heterogeneous(graphs.lazy_complete(4, 1.2), 2, 0.2, 1.0, 1.0, 0)
    report = verify(Exact("own-point", theorem("ATC", 2e-5), problem, UNIT, horizons=(1,)))
    assert report.verdict is expect, report.reason


def test_gradients_that_cancel_are_no_refutation():
    """From the minimizer on the complete graph nothing moves but by the rounding of offsets."""
    offsets = np.array([0.7360497219633586, 0.3859466446061931, -0.34247943272618886])
    c = np.append(offsets, -offsets.sum())[:, None] * np.ones(2)
    problem = AgentQuadratics(graphs.complete(4), np.tile(np.eye(2), (4, 1, 1)), c)
    claim = Exact("own-still", DSGDNonconvexAlong(0.05), problem, Noiseless(), horizons=(16,))
    assert verify(claim).verdict is not Verdict.REFUTED
