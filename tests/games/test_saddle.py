"""Methods for quadratic games: steps by hand, closed forms, what is not covered, false
certificates."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np
import pytest

from convergence.algorithms.games.saddle import (
    AlternatingDescentAscent,
    DescentAscent,
    Extragradient,
    Optimistic,
)
from convergence.claims.base import Claim
from convergence.claims.exact import Exact
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws import certificates, problem_laws
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.problems.saddle import SaddleQuadratic, bilinear, random_saddle
from convergence.registry.games.saddle import CONFORMAL, GENERAL, ONE, SQUARE, TALL
from convergence.statistics import Verdict
from convergence.theorems.base import Moment
from convergence.theorems.games import daskalakis2018 as optimistic
from convergence.theorems.games import korpelevich1976 as game
from tests.walks import iterates


@pytest.mark.parametrize(
    ("method", "first", "second"),
    [
        # xy from (1, −1), η = ½: ∇ = (y, x).
        (DescentAscent, (1.5, -0.5), (1.75, 0.25)),
        (AlternatingDescentAscent, (1.5, -0.25), (1.625, 0.5625)),
        # w = (1.5, −.5); then F at w = (−.5, −1.5).
        (Extragradient, (1.25, -0.25), (1.0625, 0.4375)),
        (Optimistic, (1.5, -0.5), (1.5, 0.5)),
    ],
)
def test_two_steps_by_hand(method: Any, first: Any, second: Any) -> None:
    with jax.enable_x64(True):
        path = iterates(method(0.5, 1), ONE, 2)
    assert [tuple(p) for p in path] == [(1, -1), first, second]


def test_alternation_conserves_what_it_should() -> None:
    """‖z − z*‖² − η(x − x*)ᵀA(y − y*), 40 steps of a game with an idle direction."""
    z = TALL.constants().saddle
    with jax.enable_x64(True):
        path = np.array(iterates(AlternatingDescentAscent(0.4, 4), TALL, 40)) - z
    A = np.asarray(TALL.A)
    found = np.sum(path**2, axis=1) - 0.4 * np.einsum("ti,ij,tj->t", path[:, :4], A, path[:, 4:])
    np.testing.assert_allclose(found, found[0], rtol=1e-12)  # rounding of 40 steps


@pytest.mark.parametrize(("a", "radius"), [(0.3, 0.9486833), (0.5, 0.7071068), (0.57735026919, 1)])
def test_the_optimistic_radius(a: float, radius: float) -> None:
    """√((1 + √(1 − 4a²))/2): √.9, √.5; and 1 at 1/√3."""
    c = ONE.constants() | Noiseless().constants((2,))
    assert optimistic.OptimisticRadius(a).bound(c, 1) == pytest.approx(radius, abs=5e-8)


@pytest.mark.parametrize(
    ("theorem", "problem", "noise", "says"),
    [
        (game.BilinearDescentAscent(), GENERAL, Noiseless(), "bilinear"),
        (game.BilinearExtragradient(), ONE, Gaussian(1.0), "exact gradients"),
        (game.DescentAscentStrong(), ONE, Noiseless(), "mu_saddle > 0"),
        (game.ExtragradientMonotone(), Isotropic([1.0, 1.0]), Noiseless(), "mu_saddle"),
        (game.ExtragradientMonotone(), GENERAL, Gaussian(1.0), "exact gradients"),
        (optimistic.OptimisticRadius(), TALL, Noiseless(), "a square regular A"),
        (optimistic.OptimisticRadius(), bilinear(np.diag([1.0, 0.0]), np.ones(4)), Noiseless(),
         "a square regular A"),
    ],
)  # fmt: skip
def test_what_the_proofs_do_not_cover(theorem: Any, problem: Any, noise: Any, says: str) -> None:
    kind: Any = Claim if theorem.quantity is Moment.EXPECTED else Exact
    report = kind("own", theorem, problem, noise, horizons=(10,), seeds=2).verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert says in report.reason


def test_the_threshold_itself_is_not_asked() -> None:
    claim = Exact("own", optimistic.OptimisticStability(), SQUARE, horizons=(100,))
    assert "not at the threshold" in claim.verify(Settings()).reason


@pytest.mark.parametrize(
    "build",
    [
        lambda: game.ExtragradientMonotone(1.0),
        lambda: game.DescentAscentStrong(2.0),
        lambda: game.AlternatingOrbit(2.0),
        lambda: game.BilinearDescentAscent(0.0),
    ],
)
def test_steps_beyond_the_proof_are_refused(build: Any) -> None:
    with pytest.raises(InvalidInput, match="nothing else"):
        build()


def test_the_bound_of_extragradient_holds_where_it_was_attacked() -> None:
    """Random monotone games: slack at least 1, and the tight one within 1e-12 of it."""
    slacks = []
    for seed in range(6):
        problem = random_saddle(2, 2, 0.0, seed)
        report = Claim("own", game.ExtragradientMonotone(0.9), problem, horizons=(64,)).verify(
            Settings()
        )
        assert report.judgement is not None
        assert report.judgement.slack is not None
        slacks.append(report.judgement.slack)
    assert min(slacks) > 1


@pytest.mark.parametrize(
    "name", ["saddle", "R_saddle", "mu_saddle", "couplings", "energies", "idle", "L"]
)
def test_a_false_certificate_is_named(name: str) -> None:
    class Liar(SaddleQuadratic):
        def constants(self) -> Constants:
            c = super().constants()
            worse = c[name] + 0.1 if name in ("mu_saddle", "saddle") else 0.9 * c[name]
            return c.but(**{name: worse})

    fields = {f.name: getattr(TALL, f.name) for f in dataclasses.fields(TALL)}
    with precision("float64"):
        assert not problem_laws(TALL)
        assert name in {fault.name for fault in certificates(Liar(**fields), Noiseless())}


def test_a_game_with_curvature_is_not_bilinear() -> None:
    class Liar(SaddleQuadratic):
        def constants(self) -> Constants:
            return super().constants() | ONE.constants().only("couplings", "energies", "idle")

    fields = {f.name: getattr(CONFORMAL, f.name) for f in dataclasses.fields(CONFORMAL)}
    with precision("float64"):
        assert not problem_laws(Liar(**fields))  # says that it is not, and so it is
        flat = type("Flat", (Liar,), {"constants": lambda s: Liar.constants(s).but(bilinear=True)})
        assert "bilinear" in {fault.name for fault in certificates(flat(**fields), Noiseless())}


def test_bad_games_are_one_sentence() -> None:
    one, zero = np.eye(1), np.zeros((1, 1))
    with pytest.raises(InvalidInput, match="saddle point"):
        SaddleQuadratic(zero, zero, zero, np.ones(2), b=1.0)  # x has no minimum
    with pytest.raises(InvalidInput, match="each player"):
        SaddleQuadratic(one, one, one, np.ones(3))
    with pytest.raises(InvalidInput, match="curvature"):
        SaddleQuadratic(-one, one, one, np.ones(2))
    with pytest.raises(InvalidInput, match="stack x and y"):
        iterates(DescentAscent(0.1, 2), ONE, 1)
