"""What licenses a limit, end to end: metric, horizon and the method's own coins; looks; shares."""

from typing import Any

import jax
import numpy as np
import pytest

from convergence import Claim, Settings
from convergence.algorithms import SGD
from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.claims.certificates import even
from convergence.claims.settings import Session
from convergence.cli.gather import everything, gather, sharers
from convergence.constants import Constants
from convergence.metrics.pointwise import GradNormSq
from convergence.moments.affine import analyse
from convergence.moments.coins import silent, tosses
from convergence.moments.spread import second_moment
from convergence.noise import Gaussian, Noiseless
from convergence.precision import precision
from convergence.problems import Isotropic
from convergence.runner.experiment import Experiment, Simulation
from convergence.statistics import Grade, Verdict
from convergence.store import Store
from convergence.theorems import SGDNonconvex
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.tiers import GENERATORS
from tests.statistics.measure import SEED

START = np.array([2.0, 1.0])
SQUARE = Isotropic(START)
T, ETA, P = 256, 0.02, 0.03


class Heard(AbstractAlgorithm):
    """x⁺ = x − (η/p) z ∇f(x), z = 1 with chance p and else 0."""

    def init(self, x0: Any, oracle: Any, key: Any) -> State:
        return State(x0)

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> State:
        sample, coin = jax.random.split(key)
        heard = jax.random.bernoulli(coin, P).astype(state.x.dtype)
        return State(state.x - ETA / P * heard * oracle.grad(state.x, sample))


class Coins(AbstractTheorem):
    """E ‖∇f(x_T)‖² against `factor` times its value under messages that arrive with chance .03."""

    factor: float
    exact: bool = False
    kind = Kind.EXPECTATION
    source = Source("own", "test")
    provenance = Provenance.DERIVED
    statement = "E ‖∇f(x_T)‖² = (1 − p + p(1 − η/p)²)^T ‖∇f(x_0)‖²"

    def prescribe(self, c: Constants, T: int) -> Heard:
        return Heard()

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        return self.factor * c.grad0**2 * (1 - P + P * (1 - ETA / P) ** 2) ** T


class CoinsLaw(Coins):
    """The same as an equality."""

    kind = Kind.EXACT


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_coins_of_the_method_license_no_limit(seed: int) -> None:
    """Noiseless is light-tailed and says nothing of a method that hears in 3 % of its steps."""
    for theorem in (Coins(0.5), CoinsLaw(1.0), CoinsLaw(0.5)):
        claim = Claim("coins", theorem, SQUARE, Noiseless(), horizons=(T,), seeds=1024, margin=0.2)
        with precision("float64"):
            assert not claim.tickets(T)["light"]
        report = claim.verify(Settings(seed=seed))
        assert report.verdict is Verdict.INCONCLUSIVE
        assert report.judgement is not None
        assert report.judgement.grade is None


def test_coins_are_followed_through_loops_and_splits() -> None:
    theorem = SGDNonconvex()
    with precision("float64"):
        quiet = Claim("q", theorem, SQUARE, Noiseless(), horizons=(16,)).experiment(16)
        loud = Claim("l", theorem, SQUARE, Gaussian(1.0), horizons=(16,)).experiment(16)
        masked = Claim("m", Coins(1.0), SQUARE, Noiseless(), horizons=(16,)).experiment(16)
        assert [tosses(e) for e in (quiet, loud, masked)] == [False, True, True]
        assert [tosses(silent(e)) for e in (quiet, loud, masked)] == [False, False, True]


def test_a_method_without_coins_is_one_run() -> None:
    claim = Claim("sure", SGDNonconvex(), SQUARE, Noiseless(), horizons=(8, 16), seeds=64)
    report = claim.verify(Settings(seeds=64))
    assert report.verdict is Verdict.CONSISTENT
    assert report.judgement is not None
    assert report.judgement.grade is Grade.CERTIFIED
    assert [row.seeds for row in report.judgement.rows] == [1, 1]


@pytest.mark.parametrize("averaged", [False, True])
def test_second_moments_agree_with_runs(averaged: bool) -> None:
    """E M² of SGD under Gaussian noise, in closed form and as the mean of 4096 squares."""
    with precision("float64"):
        claim = Claim("m2", SGDNonconvex(), SQUARE, Gaussian(1.0), horizons=(12,), seeds=4096)
        e = claim.experiment(12)
        metric = e.metric if averaged else GradNormSq()
        experiment = Experiment(e.problem, e.oracle, SGD(0.3), metric)
        exact = second_moment(analyse(experiment), metric, 12)
        runs = Session(Settings(seed=SEED)).record(Simulation("m2", experiment, 12), 4096)
    squares = runs.final() ** 2
    assert abs(float(squares.mean()) - exact) < 6 * float(squares.std()) / 64


def test_a_wall_is_no_place_for_an_asymptotic_limit() -> None:
    assert even(Constants(quadratic=True))
    assert even(Constants(L=1.0, R=2.0, grad0=1.5))
    assert not even(Constants(L=1e6, R=2.0, grad0=1.5))
    assert not even(Constants(L=1e6, R=2.0, G=1e3, grad0=1.5))
    assert not even(Constants(L=1.0))


def test_looks_are_remembered(tmp_path) -> None:
    claim = Claim("looks", SGDNonconvex(), SQUARE, Gaussian(1.0), horizons=(8,), seeds=32)
    store = Store(tmp_path)
    with precision("float64"):
        runs = claim.simulation(8)

    def look(**settings: Any) -> tuple[int, float]:
        report = claim.verify(Settings(**settings), store)
        return report.look, report.alpha

    assert look() == (1, 0.5e-3)
    assert look() == (1, 0.5e-3)  # the same data
    assert look(seeds=64) == (2, pytest.approx(1e-3 / 6))
    assert look(seed=5) == (3, pytest.approx(1e-3 / 12))
    assert look(seeds=64) == (2, pytest.approx(1e-3 / 6))
    assert Store(tmp_path / "new").look(runs, Settings(), "data") == 1
    report = claim.verify(Settings(seeds=128), store)
    assert any("look 4" in note for note in report.notes)
    # Other draws are other looks, however they are had.
    assert [look(rng=other)[0] for other in GENERATORS[1:]] == list(range(5, 4 + len(GENERATORS)))
    assert look(dtype="float32")[0] == 4 + len(GENERATORS)
    assert look(tier="standard")[0] == 4  # four times 32 seeds are 128


def test_a_claim_asked_for_alone_gets_the_share_of_a_whole_run() -> None:
    chosen = gather(["sgd-ghadimi-lan"])
    assert sharers(["sgd-ghadimi-lan"], chosen) == len(everything()) > 500
    assert sharers(["mine.py"], chosen) == 1
    assert sharers([], everything()) == len(everything())
