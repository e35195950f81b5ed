"""The scores of a cross-examination: exact where moments are known, one program a structure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convergence.claims.base import Claim
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import CornerSign
from convergence.noise.pair import Pair
from convergence.oracles.finite_workers import Workers
from convergence.precision import precision
from convergence.problems.counterexample import Counterexample
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import unit_workers
from convergence.registry import registry
from convergence.search.choices import drawn
from convergence.search.climbing import BATCH
from convergence.search.courtroom import AcrossMoments, AcrossRuns
from convergence.search.instances import Instances
from convergence.search.pool import rooms
from convergence.theorems.classical.quadratic_laws import MomentumLaw
from convergence.theorems.compression.fatkhullin2023 import TwoAtomFloor
from convergence.theorems.subspace.he2025 import GoLoreSGD
from convergence.theorems.subspace.he2025_stall import Plateau

ROOMS = {room.problem.name: room for room in rooms()}


class Tilted(MomentumLaw):
    """FALSE: β of the law is not that of the method."""

    def bound(self, c: Any, T: int) -> float:
        return 1.001 * super().bound(c, T)


@pytest.mark.parametrize(("theorem", "kept"), [(MomentumLaw(), True), (Tilted(), False)])
def test_a_linear_law_is_weighed_by_exact_moments(theorem: Any, kept: bool):
    """A rare run that sixteen seeds miss is no violation, a thousandth is one."""
    claim = Claim("momentum", theorem, Isotropic(np.ones(2)), Gaussian(1.0), horizons=(4,))
    with precision("float64"):
        search = AcrossRuns(claim, 0, [ROOMS["spheres"]])
        family = next(f for f in search.families if "Gaussian noise" in f.name)
        points = np.random.default_rng(0).standard_normal((BATCH, family.size))
        scores = search.scores(family, points)
    judged = scores[scores > -np.inf]
    assert len(judged) > BATCH // 2
    assert bool(np.all(judged < 1)) is kept


def test_a_steady_state_is_no_run_of_that_length():
    """T of a claim on random masks is the inverse step: its moments are asked, not runs."""
    claim: Any = next(c for c in registry() if c.slug == "ec-heterogeneity-floor")
    with precision("float64"):
        search = AcrossMoments(claim, 0, [ROOMS["workers on spheres"]])

        def make(z: np.ndarray) -> Any:
            noise: Any = claim.noise
            return claim.theorem, claim.problem, noise, 1000

        own = Instances("its own", 1, make, False)
        search.rooms["its own"] = "its own"
        assert 0 < search.score(own, np.zeros(1)) < 1


def test_candidates_of_other_structure_run_in_programs_of_their_own():
    """The rank of a corner is no number in an array: each candidate meets its own."""
    claim = Claim(
        "plateau", Plateau(r=1, tau=2), Counterexample.pure(6, 3, 2.0), CornerSign(1.0, 3),
        horizons=(4,), seeds=4,
    )  # fmt: skip
    with precision("float64"):
        search = AcrossRuns(claim, 0, [])

        def make(z: np.ndarray) -> Any:
            r = 1 + int(z[0])
            return claim.theorem, Counterexample.pure(6, r, 2.0), CornerSign(1.0, r), 4

        family = Instances("corners", 1, make, True)
        search.rooms["corners"] = "corners"
        scores = search.scores(family, np.array([[0.0], [1.0], [2.0]]))
    assert scores == pytest.approx(np.ones(3), rel=1e-9)


def test_every_kind_of_field_is_drawn():
    rng = np.random.default_rng(0)
    found = {type(drawn(GoLoreSGD(r=2), rng)[0].projector).__name__ for _ in range(24)}
    assert found == {"Haar", "Coordinates"}  # its domain refuses the others
    assert {drawn(GoLoreSGD(r=2), rng)[0].r for _ in range(24)} >= {1, 2, 3}


def test_starts_at_the_minimizer_are_exact():
    """Offsets that cancel in floats, or a rounding would be measured against a bound of 0."""
    room = ROOMS["workers on spheres"]
    for seed in range(8):
        z = np.random.default_rng(seed).standard_normal(room.problem.size)
        problem: Any = room.problem.make(z)
        assert not np.any(np.asarray(problem.b).sum(axis=0))


def test_an_assumption_that_asks_in_vain_is_one_that_fails():
    """`loud` needs two entries of u: where there is one, that is what is said."""
    claim = Claim(
        "one-entry", TwoAtomFloor(), unit_workers(np.zeros((3, 1)), [0.0]),
        Pair(np.array([1.0]), 0.2), horizons=(64,), oracle=Workers,
    )  # fmt: skip
    failed = [a.name for a in claim.check(64) if not a.holds]
    assert failed[0] == "two atoms, |u₁| > |u₂|"
