"""True statements that were refuted at the ends of their fields: short steps, β near 1, starts off
0, numbers beyond float64."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.claims import settle
from convergence.claims.base import AbstractClaim
from convergence.claims.exact import Exact
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.gaussian import Gaussian
from convergence.noise.two_point import two_point
from convergence.oracles.clients import Clients
from convergence.oracles.finite_workers import Workers
from convergence.problems.clients import plain_clients
from convergence.problems.linear import Linear
from convergence.problems.quadratic import Isotropic
from convergence.problems.saddle import bilinear, conformal
from convergence.problems.shifted import Shifted
from convergence.problems.workers import unit_workers
from convergence.registry import claims_of, named
from convergence.runner.record import Record
from convergence.statistics import Sample
from convergence.statistics.planning import places
from convergence.theorems.adaptive import (
    linear,
    matrices,
    muon,
    shazeer2018,
    sign,
    taniguchi2024,
)
from convergence.theorems.base import Kind
from convergence.theorems.classical.gower2019 import ExpectedSmoothness
from convergence.theorems.classical.quadratic_laws import BatchLaw
from convergence.theorems.classical.stochastic_laws import Reshuffled
from convergence.theorems.estimators import liu2024sophia_linear
from convergence.theorems.federated import mcmahan2017
from convergence.theorems.games import korpelevich1976
from convergence.theorems.subspace.chen2025rso_costs import RSOBudgetZO

LINE = Linear([1.0, -3.0])


def test_descent_ascent_keeps_its_bound_where_the_game_is_hardly_monotone() -> None:
    """1 − q was 0 for 1e-18, and with it all that noise adds."""
    for mu in (1e-9, 1e-7):
        law = korpelevich1976.DescentAscentStrong(1.0)
        report = verify(
            Exact("c", law, conformal(mu, 1.0, np.zeros(4)), Gaussian(0.3), horizons=(1, 64))
        )
        assert report.verdict is Verdict.CONSISTENT, report.reason


@pytest.mark.parametrize(
    "law",
    [
        linear.NovoGradLinear(b1=0.999999),
        linear.NAdamLinear(b1=1 - 1e-12),
        linear.AdaBeliefLinear(b1=1 - 1e-12, b2=1 - 1e-12),
        taniguchi2024.ADOPTLinear(b1=1 - 1e-13),
        liu2024sophia_linear.SophiaLinear(beta1=1 - 1e-13, beta2=1 - 1e-13),
    ],
)
def test_walks_are_known_for_averages_that_hardly_forget(law: Any) -> None:
    report = verify(Claim("c", law, LINE, horizons=(2, 4, 9), seeds=1))
    assert report.verdict is Verdict.CONSISTENT, report.reason


class AtLeast(mcmahan2017.LocalStepsAt):
    """An equality, as a floor."""

    kind = Kind.FLOOR


def _short_laws() -> list[AbstractClaim]:
    """Equalities that are judged where short steps, or their remains, are all that there is."""
    clients = plain_clients([[1.0, 2.0]], [[1.0, 0.0], [2.0, 3.0], [0.0, 1.0]], [0.0, 0.0])
    there = plain_clients([[1.0, 2.0]], clients.b, np.asarray(clients.x_star()))
    workers = unit_workers(np.array([[1.0, 0.0], [-1.0, 2.0], [0.0, -2.0]]), [0.0, 0.0])
    epochs = Reshuffled(eta=3e-15)
    return [
        *(
            Claim(
                name,
                at(al=3e-15, m=3, tau=2),
                there,
                Gaussian(1.0),
                horizons=(5,),
                seeds=16384,
                oracle=Clients,
            )
            for name, at in (("local", mcmahan2017.LocalStepsAt), ("local-floor", AtLeast))
        ),
        Claim("reshuffled", epochs, workers, horizons=(6,), seeds=16384, oracle=Workers),
    ]


@pytest.mark.parametrize("claim", _short_laws(), ids=lambda claim: claim.slug)
def test_means_are_refuted_by_no_last_digits(claim: AbstractClaim) -> None:
    report = verify(claim)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "last digits of the instance, or squares" in report.reason


def test_means_that_are_off_by_more_are_still_refuted() -> None:
    class Half(BatchLaw):
        """Half of it."""

        def bound(self, c: Constants, T: int) -> float:
            return 0.5 * super().bound(c, T)

    bowl = Isotropic([1.0, 2.0])
    report = verify(Claim("c", Half(), bowl, Gaussian(1.0), horizons=(64,), seeds=4096))
    assert report.verdict is Verdict.REFUTED, report.reason


def test_laws_of_f_are_about_the_start_that_there_is() -> None:
    skewed = two_point(1.5, 1.0, 0.1, [1.0])
    report = verify(Claim("c", sign.SignOfSkewed(), Linear([0.25], [800.0]), skewed, horizons=(4,)))
    assert report.verdict is Verdict.CONSISTENT, report.reason
    far = Linear([1.0, -2.0], [3.0, 1.0])
    report = verify(Claim("c", liu2024sophia_linear.SophiaLinear(), far, horizons=(5,), seeds=1))
    assert report.verdict is Verdict.INAPPLICABLE
    assert "x_0" in report.reason


@pytest.mark.parametrize("T", [2000, 20_000])
def test_moments_beyond_float64_decide_nothing(T: int) -> None:
    game = bilinear([[1.0]], [1.0, -1.0])
    law = korpelevich1976.BilinearDescentAscent(2.0)
    assert verify(Exact("c", law, game, horizons=(T,))).verdict is Verdict.INAPPLICABLE

    class Bounded(korpelevich1976.BilinearDescentAscent):
        """It stays near."""

        def bound(self, c: Constants, T: int) -> float:
            return 1e300

    report = verify(Exact("c", Bounded(2.0), game, horizons=(T,)))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "beyond float64" in report.reason


def test_moments_of_one_key_confirm_nothing() -> None:
    """Steps are too short for a probe to see the draws; the bound is half of what is true."""

    class Half(ExpectedSmoothness):
        """Half."""

        def bound(self, c: Constants, T: int) -> float:
            return 0.5 * super().bound(c, T)

    workers = unit_workers(np.array([[1.0, 0.0], [-1.0, 2.0], [0.0, -2.0]]), [0.0, 0.0])
    for law in (ExpectedSmoothness(al=1e-11), Half(al=1e-11)):
        report = verify(Exact("c", law, workers, oracle=Workers, horizons=(3,)))
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "coins" in report.reason


def test_a_simulation_is_held_to_exact_moments_as_far_as_they_are_resolved() -> None:
    """2.9e-16 against 0, what roundings make of the slope at the minimizer."""

    claim: Any
    (claim,) = (c for c in claims_of("federated") if c.slug == "fed-nonconvex-one")
    start, star = np.asarray(claim.problem.x0), np.asarray(claim.problem.x_star())
    near = dataclasses.replace(claim.problem, x0=star + 1e-9 * (start - star))
    report = verify(dataclasses.replace(claim, problem=near, horizons=(1, 4), seeds=128, more={}))
    assert report.verdict is not Verdict.REFUTED, report.reason


def test_a_plan_of_runs_that_are_one_number() -> None:
    """The rounding of their mean was taken for a spread, and every weight was 0."""
    values = np.full(128, 3.01790873)
    assert values.mean() != values[0]
    places(values, 64, shift=1e-15)


@pytest.mark.parametrize(
    ("law", "problem"),
    [
        (muon.MuonNeverRests(), Shifted(np.eye(3), np.ones((3, 3)))),
        (muon.MuonStep(), Shifted(np.eye(3), np.ones((3, 3)))),
        (muon.MuonEntries(code="torch"), Linear(1e-9 * np.eye(3))),
    ],
)
def test_muon_on_gradients_that_its_proof_is_not_about(law: Any, problem: Any) -> None:
    """A minimizer elsewhere, and norms below the floor that torch has under them."""
    report = verify(Claim("c", law, problem, horizons=(2,), seeds=1))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason


def test_muon_of_torch_comes_to_rest() -> None:
    with pytest.raises(InvalidInput, match="optax"):
        muon.MuonNeverRests(code="torch")


def test_differences_are_resolved_down_to_the_slope_that_is_asked_for() -> None:
    for size, eps, covered in ((1e6, 0.1, True), (1.0, 1e-12, True), (1e6, 1e-12, False)):
        law = RSOBudgetZO(r=1, eps=eps)
        claim = Claim("c", law, Isotropic(size * np.ones((2, 2))), horizons=(2,), seeds=2)
        assert all(found.holds for found in claim.check(2)) is covered


def test_twins_are_asked_where_they_may_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where a mean misses its number by more than the whole of it."""
    asked: list[str] = []
    real = settle.blur

    def blur(claim: Any, *rest: Any) -> float:
        asked.append(claim.slug)
        return real(claim, *rest)

    monkeypatch.setattr(settle, "blur", blur)
    for slug in ("sgd-batch-like-one", "random-like-gradient-descent"):
        claim: Any = named(slug)
        assert verify(claim).verdict is Verdict.REFUTED
    assert set(asked) == {"sgd-batch-like-one"}


@pytest.mark.parametrize("law", [matrices.FactoredLinear(), shazeer2018.AdafactorLinear()])
def test_a_factored_moment_of_a_column_of_zeros_is_not_judged(law: Any) -> None:
    """0/0 in what is stated."""
    G = [[1.0, 2.0, 0.0], [3.0, 1.0, 0.0]]
    report = verify(Claim("c", law, Linear(G), horizons=(4,), seeds=1))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "nan" not in report.reason, report.reason


def test_means_whose_squares_are_no_floats_refute_nothing() -> None:
    """f = 5e-308 is where ‖∇f‖² leaves them and Polyak's step ends; the bound goes on to 1e-312."""
    claim: Any = named("stochastic-polyak")
    report = verify(dataclasses.replace(claim, horizons=(1866,), seeds=256))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "squares too small for a float" in report.reason


@pytest.mark.parametrize(("last", "number"), [(0.0, 1e-200), (1e-200, 0.0), (0.0, 1.0)])
def test_what_is_too_small_elsewhere_spares_no_mean(last: float, number: float) -> None:
    """A bound that is missed at T = 4 stays missed, whatever underflows later."""
    samples = [Sample(4, np.full(512, 3.0), 1.0), Sample(64, np.full(512, last), number)]
    ran = np.ones((512, 1), bool), np.full(512, -1)
    records = [Record(s.T, np.array([s.T]), s.values[:, None], *ran) for s in samples]
    about = SimpleNamespace(metric=None)
    claim: Any = SimpleNamespace(kind=Kind.EXPECTATION, margin=0.05)
    claim.experiment, claim.instance = lambda T: about, lambda T: (0, 0, {})
    session = Settings(alpha=0.01)
    refuted = settle.judge(claim.kind, samples, session, claim.margin)
    assert refuted.verdict is Verdict.REFUTED
    assert not settle.unseen(claim, records, samples, refuted, session)
