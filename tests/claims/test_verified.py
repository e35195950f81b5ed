"""A claim whose every part says for which horizon it was made."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims import base
from convergence.claims.base import AbstractOnInstance, Claim
from convergence.claims.settings import Session, Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.metrics.folds import AverageEvery, Extremes
from convergence.metrics.pointwise import Value
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.quadratic import Isotropic
from convergence.runner.record import Record
from convergence.statistics import Judgement, Verdict
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import AbstractAssumption, AbstractTheorem, Kind, Provenance, Source


class Short(AbstractAssumption):
    """T is not 4."""

    def check(self, problem: Any, noise: Any, c: Any) -> Checked:
        return Checked(
            "short", c.T != 4, float(c.T), f"{c.plain} {problem.x0[0]:g} {noise.sigma:g}"
        )


class Told(AbstractTheorem):
    """Everything of T and of the start, which is T."""

    kind = Kind.EXPECTATION
    source = Source("own", "test")
    provenance = Provenance.DERIVED
    statement = "told"
    assumes = (Short(),)

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(c.R + T / 64)

    def rival(self, c: Constants, T: int) -> SGD:
        return SGD(100 * c.R + T)

    def metric(self, c: Constants, T: int) -> AverageEvery:
        return AverageEvery(Value(), int(c.R) * 100 + T)

    def bound(self, c: Constants, T: int) -> float:
        return 10 * c.R + T

    def trivial(self, c: Constants, T: int) -> float:
        return 1000 * c.R + T

    def ceiling(self, c: Constants, T: int) -> float:
        return 7 * c.R + T


def tilted(problem: Any, noise: Any) -> Any:
    return Tilted(problem, noise) if isinstance(problem, Isotropic) else None


class Tilted(Oracle):
    """Not ∇f and one draw."""

    def grad(self, x: Any, key: Any) -> Any:
        return super().grad(x, key)


def claim(kind: Any = Claim, theorem: Any = None, **fields: Any) -> Any:
    return kind(
        "own", theorem or Told(), lambda T: Isotropic([float(T)]), lambda T: Gaussian(T / 2),
        **{"horizons": (2, 3, 5), "seeds": 3, **fields},
    )  # fmt: skip


def record(T: int, *values: float) -> Record:
    n = len(values)
    ones = np.ones((n, 1), bool)
    return Record(T, np.array([T]), np.array(values)[:, None], ones, np.full(n, -1))


def test_an_instance_of_a_horizon() -> None:
    own = claim()
    assert own.varies
    problem, noise, c = own.instance(3)
    assert (problem.x0.tolist(), float(noise.sigma), c.R, c.sigma) == ([3.0], 1.5, 3.0, 1.5)
    assert own.instance(3)[0] is problem
    assert own.instance(5)[2].R == 5.0
    fixed = dataclasses.replace(own, problem=problem, noise=noise)
    assert not fixed.varies
    assert fixed.instance(5)[0] is fixed.instance(3)[0] is problem
    for half in {"problem": problem}, {"noise": noise}:
        half = dataclasses.replace(own, **half)
        assert half.varies
        problem, noise, c = half.instance(5)
        assert (c.R, c.sigma) in ((3.0, 2.5), (5.0, 1.5))
    with pytest.raises(Exception, match="as noise at T = 3"):
        dataclasses.replace(own, noise=lambda T: "loud").instance(3)


def test_plans_of_tiers() -> None:
    own = claim(more={"full": (7, 9)})
    for tier, horizons, seeds in (
        ("quick", (2, 3, 5), 3), ("standard", (2, 3, 5), 12), ("full", (7, 9), 96)
    ):  # fmt: skip
        assert own.plan(Settings(tier=tier)) == (horizons, seeds)
        assert own.plan(Settings(tier=tier, seeds=8)) == (horizons, 8)
        assert dataclasses.replace(own, seeds=1).plan(Settings(tier=tier))[1] == 1
        assert dataclasses.replace(own, seeds=2).plan(Settings(tier=tier))[1] == seeds * 2 // 3


def test_assumptions_at_a_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = claim().check(3)
    assert (found.holds, found.value, found.detail) == (True, 3.0, "True 3 1.5")
    assert claim(oracle=tilted).check(5)[0].detail == "False 5 2.5"
    false = [0.0]

    def credentials(theorem: Any, oracle: Any, problem: Any, noise: Any, c: Any) -> Checked:
        assert (type(theorem), oracle, float(noise.sigma), c.R) == (
            Told, Oracle, problem.x0[0] / 2, problem.x0[0],
        )  # fmt: skip
        return Checked("certificates", problem.x0[0] != false[0], None, f"{problem.x0[0]:g}")

    monkeypatch.setattr(base, "credentials", credentials)
    own = claim(horizons=(2, 4, 5))
    for lie, told in (
        (0.0, [("4", True), ("True 4 2", False)]), (2.0, [("2", False)]), (4.0, [("4", False)])
    ):  # fmt: skip
        false[:] = [lie]
        assert [(a.detail, a.holds) for a in own.failing((2, 4, 5))] == told
    assert [a.detail for a in own.failing((2, 5))] == ["5", "True 5 2.5"]


def test_runs_of_a_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    own = claim(chunk=6)
    for rival, eta in (False, 3 + 3 / 64), (True, 303.0):
        what = own.simulation(3, rival)
        run = own.experiment(3, rival)
        assert (what.slug, what.T, what.chunk, what.experiment) == ("own", 3, 6, run)
        assert own.experiment(3, rival) is run
        assert float(run.algorithm.eta) == eta
        assert int(run.metric.tau) == 303
        assert run.problem.x0[0] == run.oracle.problem.x0[0] == 3.0
        assert float(run.oracle.noise.sigma) == 1.5
    asked: list[Any] = []

    def certified(theorem: Any, c: Any, run: Any, T: int, looped: int) -> dict[str, Any]:
        asked.append((type(theorem), c.R, float(run.algorithm.eta), T, looped))
        return {"light": True, "ceiling": 9.0}

    monkeypatch.setattr(base, "certified", certified)
    assert own.tickets(3) is own.tickets(3)
    assert own.tickets(5, True)["light"]
    looped = own.looped
    assert asked == [(Told, 3.0, 3 + 3 / 64, 3, looped), (Told, 5.0, 505.0, 5, looped)]
    assert own.bound(3) == 33.0
    found = own.sample(record(3, 1.0, 2.0))
    assert (found.T, found.bound, found.trivial, found.light) == (3, 33.0, 3003.0, True)
    assert (found.values.tolist(), found.ceiling) == ([1.0, 2.0], 9.0)
    monkeypatch.setattr(Told, "kind", Kind.PATHWISE)
    assert own.sample(record(3, 1.0, 2.0)).light is False
    assert own.prescribed(Constants(R=2.0), 3)["eta"] == 2 + 3 / 64
    assert own.prescribed(Constants(L=2.0), 3).keys() == {"none"}
    told = own.particulars()
    assert told["constants"]["R"] == 5.0
    assert told["hyper_parameters"]["eta"] == 5 + 5 / 64
    assert (told["horizons"], told["seeds"]) == ((2, 3, 5), 3)


def test_what_a_theorem_gets_wrong_is_told_of_its_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Told, "bound", lambda self, c, T: float("nan"))
    with pytest.raises(InvalidInput, match="the bound nan at T = 3"):
        claim().bound(3)
    monkeypatch.setattr(Told, "prescribe", lambda self, c, T: SGD(float("nan")))
    with pytest.raises(InvalidInput, match=r"\['eta'\] = NaN prescribed at T = 3"):
        claim().experiment(3)
    monkeypatch.setattr(Told, "prescribe", lambda self, c, T: SGD(0.1))

    def certified(*given: Any) -> Any:
        raise TypeError("no number")

    monkeypatch.setattr(base, "certified", certified)
    with pytest.raises(TypeError, match="no number"):
        claim().tickets(3)
    monkeypatch.setattr(Told, "metric", lambda self, c, T: Extremes(Value()))
    with pytest.raises(InvalidInput, match="one real number a run is needed"):
        claim().tickets(3)


def test_a_measurement_goes_to_the_session() -> None:
    asked: list[Any] = []

    def source(what: Any, seeds: int) -> Record:
        asked.append((what.T, float(what.experiment.algorithm.eta), seeds))
        return record(what.T, 1.0)

    session = Session(source=source)
    claim().measure(3, session, 4)
    claim().measure(5, session, 6, True)
    assert asked == [(3, 3 + 3 / 64, 4), (5, 505.0, 6)]


def test_what_becomes_of_a_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    judgement = Judgement(Verdict.CONSISTENT, "judged", (), 2.0, 3.0)
    late: list[Any] = [()]

    def judged(self: Any, horizons: Any, seeds: int, session: Session) -> Any:
        told.append((horizons, seeds, session.total, session.settings.seed, session.shelf))
        session.tell(2)
        lost = dataclasses.replace(record(5, 1.0), first_bad=np.array([0]))
        return [lost], judgement

    def broken(self: Any, records: Any, judgement: Any, session: Session) -> Any:
        told.append((len(records), judgement.reason))
        return late[0]

    monkeypatch.setattr(AbstractOnInstance, "judged", judged)
    monkeypatch.setattr(AbstractOnInstance, "broken", broken)
    done: list[Any] = []
    found = claim().verify(Settings(seed=4), None, lambda done_, total: done.append((done_, total)))
    assert told == [((2, 3, 5), 3, 9, 4, None), (1, "judged")]
    assert done == [(2, 9)]
    assert (found.verdict, found.reason, found.judgement) == (
        Verdict.CONSISTENT, "judged", judgement,
    )  # fmt: skip
    assert [a.name for a in found.assumptions] == ["certificates", "short"]
    assert found.constants["R"] == 5.0
    assert found.hyper["eta"] == 5 + 5 / 64
    assert found.notes == ("T = 5: 1 of 1 runs left the finite numbers, the first at step 0",)
    assert found.problem.startswith("Isotropic: ")
    assert found.noise.startswith("Gaussian: ")
    assert found.metric
    assert (found.slug, found.seed, found.tier) == ("own", 4, "quick")
    late[0] = (Checked("seen", False, None, "not so"), Checked("too", False, None, "nor"))
    found = claim().verify(Settings())
    assert (found.verdict, found.judgement) == (Verdict.INAPPLICABLE, None)
    assert found.reason == "assumption 'seen' fails: not so"
    assert [a.name for a in found.assumptions][2:] == ["seen", "too"]
    told.clear()
    found = claim(horizons=(2, 4, 5)).verify(Settings())
    assert (found.verdict, told, found.hyper) == (Verdict.INAPPLICABLE, [], {})
    assert found.reason == "assumption 'short' fails: True 4 2"
    own = claim()
    own.join("games")
    assert own.family == "games"
    own.join("federated")
    assert own.family == "games"
