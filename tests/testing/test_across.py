"""Cross-examination finds what assumptions leave out, and spares what is known to be false."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims.base import Claim
from convergence.claims.exact import Exact
from convergence.claims.settings import Settings
from convergence.cli import main
from convergence.cli.gather import everything
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.metrics.pointwise import Gap, GradNorm
from convergence.metrics.travel_weighted import TravelWeighted
from convergence.noise.agents import PerEntry
from convergence.noise.gaussian import Gaussian
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.agents import slowest
from convergence.problems.quadratic import Isotropic
from convergence.registry import registry
from convergence.search.across import across, examine, subjects
from convergence.search.batches import LONGEST, inner
from convergence.search.pool import rooms
from convergence.search.runs import RunSearch
from convergence.statistics import Verdict
from convergence.theorems.assumptions import Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.decentralized.cao2024 import DiffusionExcessRisk
from docs.make import cross_examination

ROOMS = {room.problem.name: room for room in rooms()}


class Shrinks(AbstractTheorem):
    """FALSE where there is noise, which nobody excludes; γ = 1/(2L)."""

    kind = Kind.PATHWISE
    source = Source("own", "here")
    provenance = Provenance.DERIVED
    statement = "‖∇f(x_T)‖ ≤ 2^{−T}‖∇f(x_0)‖"
    assumes = (Is("isotropic"),)

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(0.5 / c.L)

    def metric(self, c: Constants, T: int) -> Any:
        return GradNorm()

    def bound(self, c: Constants, T: int) -> float:
        return c.grad0 * 0.5**T


class AnyNoise(DiffusionExcessRisk):
    """FALSE for unequal noise whose covariances nobody certifies."""

    @property
    def assumes(self) -> Any:
        return (Is("common"),)


class Decreases(Shrinks):
    """f(x_T) − f* ≤ Δ without noise."""

    assumes = (Is("convex"), NoNoise())

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.Delta


class DecreasesOnTheWay(Decreases):
    """Of a metric that asks for f* in steps alone."""

    def metric(self, c: Constants, T: int) -> Any:
        return TravelWeighted(0.0, 1e-3)


class Breaks(Decreases):
    """Its bound cannot be computed."""

    def bound(self, c: Constants, T: int) -> float:
        raise KeyError("a table that is not there")


MINE = """
from convergence import Claim
from convergence.problems.quadratic import Isotropic
from tests.testing.test_across import Breaks, Decreases

CLAIMS = tuple(
    Claim(theorem.__name__, theorem(), Isotropic([1.0, 1.0]), horizons=(4,), seeds=1)
    for theorem in (Breaks, Decreases)
)
"""


@pytest.mark.parametrize("more", [[], ["--across"]], ids=["sweep", "across"])
def test_an_exception_of_one_theorem_is_told_and_ends_no_other(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], test_seed: int
):
    (tmp_path / "mine.py").write_text(MINE)
    told = ["falsify", str(tmp_path / "mine.py"), "--budget", "20", "--seed", str(test_seed)]
    assert main([*told, *more, "--out", str(tmp_path / "found")]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert any("reaks: ended by KeyError: 'a table that is not there'" in one for one in lines)
    assert any("ecreases: no violation" in one for one in lines)
    assert "1 ended by errors" in lines[-1]


@pytest.mark.parametrize("theorem", [Decreases(), DecreasesOnTheWay()])
def test_a_problem_that_does_not_answer_the_metric_is_left_out(theorem: Decreases):
    claim = Claim("decreases", theorem, Isotropic(np.ones(2)), horizons=(4,), seeds=1)
    units = [r._replace(noises=r.noises[:1]) for r in rooms() if "units" in r.problem.name]
    assert examine(claim, 5.0, pool=units).cells["agents made of units"].judged == 0
    with precision("float64"):
        report = Claim("u", theorem, units[0].problem.make(np.zeros(24)), horizons=(4,))
        with pytest.raises(InvalidInput, match=r"define UnitQuadratics\.f_star"):
            report.verify(Settings())


def test_a_missing_hypothesis_is_found(test_seed: int):
    claim = Claim("shrinks", Shrinks(), Isotropic(np.ones(2)), horizons=(4,), seeds=2)
    found = examine(claim, 60, seed=test_seed, pool=[ROOMS["spheres"]])
    assert found.module is not None
    assert "Shrinks" in found.module


def test_a_missing_hypothesis_on_moments_is_found(test_seed: int):
    problem = slowest(graphs.lazy(graphs.ring(4)))
    claim = Exact("any-noise", AnyNoise("diffusion"), problem, PerEntry(1.0), horizons=(1,))
    found = examine(claim, 90, seed=test_seed, pool=[ROOMS["agents with a common Hessian"]])
    assert found.module is not None


def test_what_is_known_to_be_false_is_not_examined():
    claims = everything()
    told = {type(c.theorem) for c in claims if c.expect is Verdict.REFUTED}
    found = subjects(claims)
    assert not told & {type(c.theorem) for c in found}
    assert len(found) > 60


def test_rooms_build_what_they_name():
    with precision("float64"):
        for room in ROOMS.values():
            for noise in room.noises:
                problem = room.problem.make(np.zeros(room.problem.size))
                shape = np.shape(problem.start())
                loud = noise.make(np.zeros(noise.size))
                assert problem.constants() | loud.constants(shape)


def test_the_page_shows_what_was_found():
    found = cross_examination.read()
    assert cross_examination.PAGE.read_text() == cross_examination.page(found)
    known = {type(c.theorem).__name__ for c in everything()}
    assert set(found) <= known, "python -m docs.make.cross_examination"


@pytest.mark.full
def test_ten_minutes_find_nothing(test_seed: int):
    found = list(across(everything(), 600, seed=test_seed))
    assert [(f.slug, f.reason, f.error) for f in found if f.module or f.error] == []


def test_inner_steps_that_nothing_ends_are_counted():
    """A loud noise asks for ever more of them, and a batch of runs is not interrupted."""
    claim: Any = next(c for c in registry() if c.slug == "rso-budget-sgd")
    T = claim.horizons[0]
    loud = dataclasses.replace(claim, noise=Gaussian(1e4))
    assert 0 < inner(claim.experiment(T).algorithm) * T <= LONGEST
    assert inner(loud.experiment(T).algorithm) * T > LONGEST
    search = RunSearch(loud)
    (family, *_) = search.families
    assert search.parts(family, np.zeros(family.size), T) is None
