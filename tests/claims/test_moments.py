"""Claims on exact moments: which moment of which method, at which horizon, and what rounds."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence.claims import exact
from convergence.claims.base import AbstractOnInstance
from convergence.claims.exact import KEPT, RESOLVED, AbstractExact, Exact, read
from convergence.claims.exact_masks import ExactMasks
from convergence.claims.settings import Session, Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.moments.affine import Moments
from convergence.moments.second_moment import SecondMoments
from convergence.noise.gaussian import Gaussian
from convergence.problems.quadratic import Isotropic
from convergence.registry import registry
from convergence.runner.record import Record
from convergence.statistics import Grade, Judgement, Verdict
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import Kind, Moment

INF = math.inf


class Known(SecondMoments):
    """Moments that are told."""

    def __init__(self, **known: Any) -> None:
        self.__dict__.update(known)

    radius: Any = property(lambda self: self.__dict__["told"])
    radius_grain: Any = property(lambda self: self.__dict__["near"])


@pytest.fixture
def claim() -> Exact:
    """An instance of an exact claim, with a statement about stable steps."""
    known = (c for c in registry() if isinstance(c, Exact) and c.theorem.settled is not None)
    return dataclasses.replace(next(known), slug="own", horizons=(4, 8, 16))


def test_moments_by_their_names() -> None:
    m = Known(
        told=0.75, near=0.0, bias=lambda q: q + 0.1, variance=lambda q: q + 0.2,
        steady=lambda q: q + 0.3, expected=lambda q, marks: np.array([q * marks[0], -1.0]),
    )  # fmt: skip
    for moment, value in (
        (Moment.RADIUS, 0.75), (Moment.GAP, 0.25), (Moment.STABLE, 1.0), (Moment.EXPECTED, 15.0),
        (Moment.BIAS, 3.1), (Moment.VARIANCE, 3.2), (Moment.STEADY, 3.3),
    ):  # fmt: skip
        assert read(m, moment, 3, 5) == value
    for radius in (1.0, 1.25):
        assert read(Known(told=radius), Moment.STABLE, 3, 5) == 0.0


def test_what_rounds_where() -> None:
    def grain(moment: Moment, radius: float = 1.0) -> float:
        m = Known(
            told=radius, near=0.25, grain=lambda metric, T: 1000.0 * metric + T,
            settled_grain=lambda metric, bias, variance: metric + bias / 4 + variance / 8,
        )  # fmt: skip
        theorem = SimpleNamespace(quantity=moment, metric=lambda c, T: c + 10.0 * T)
        self: Any = SimpleNamespace(
            theorem=theorem,
            solved=lambda T: m if T == 5 else None,
            instance=lambda T: (None, None, T - 3.0),
        )
        return AbstractExact.grain(self, 5)

    assert grain(Moment.RADIUS) == grain(Moment.GAP) == 0.25
    for radius, lost in (0.7, 0.0), (0.75, 1.0), (1.0, 1.0), (1.25, 1.0), (1.3, 0.0):
        assert grain(Moment.STABLE, radius) == lost
    assert grain(Moment.EXPECTED) == 52005.0
    assert grain(Moment.BIAS) == 52.25
    assert grain(Moment.VARIANCE) == 52.125
    assert grain(Moment.STEADY) == 52.375
    assert grain(Moment.TRANSIENT) == 0.0
    both: Any = SimpleNamespace(bound=lambda T: (2.0, 3.0 * T))
    one: Any = SimpleNamespace(bound=lambda T: 4.0 * T)
    assert [AbstractExact.number(c, Constants(), 2) for c in (both, one)] == [6.0, 8.0]


def test_moments_are_kept_a_few_at_a_time(claim: Exact, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def analyse(what: Any) -> Any:
        asked.append(what)
        return object.__new__(Moments)

    theorem = SimpleNamespace(
        prescribe=lambda c, T: ("method", c, T), rival=lambda c, T: ("rival", c, T)
    )

    def oracle(problem: Any, noise: Any) -> Any:
        return problem, noise

    monkeypatch.setattr(exact, "analyse", analyse)
    monkeypatch.setattr(exact, "Experiment", lambda *parts: parts)
    monkeypatch.setattr(Exact, "instance", lambda self, T: (f"problem {T}", "noise", "c"))
    for name, value in (("theorem", theorem), ("oracle", oracle)):
        object.__setattr__(claim, name, value)
    first = claim.moments(4, 9)
    assert asked == [("problem 4", ("problem 4", "noise"), ("method", "c", 9))]
    assert claim.moments(4, 9) is first
    assert claim.moments(4, 9, True) is not first
    assert asked[1:] == [("problem 4", ("problem 4", "noise"), ("rival", "c", 9))]
    assert claim.solved(4) is claim.moments(4, 4)
    for T in range(100, 100 + KEPT - 3):
        claim.moments(T, 1)
    assert claim.moments(4, 9) is first
    claim.moments(7, 7)
    count = len(asked)
    assert claim.moments(4, 9) is not first  # the oldest went
    assert len(asked) == count + 1


def test_the_steps_that_a_statement_is_about(claim: Exact, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(T: int, radius: float, settled: float | None) -> tuple[Checked, ...]:
        monkeypatch.setattr(type(claim.theorem), "settled", settled)
        monkeypatch.setattr(
            Exact, "solved", lambda self, step: Known(told=radius if step == T else 2.0)
        )
        return claim.check(T)

    asked: list[int] = []
    check = AbstractOnInstance.check
    monkeypatch.setattr(
        AbstractOnInstance, "check", lambda self, T: asked.append(T) or check(self, T)
    )
    few = len(found(4, 0.5, None)) - 1
    assert asked == [4]
    kind = type(claim.theorem).kind
    for off, wanted, holds in (
        (1.01 * RESOLVED, kind, True), (0.97 * RESOLVED, kind, False), (-RESOLVED / 2, kind, False),
        (1.01 * RESOLVED**1.5, Kind.RATE, True), (0.97 * RESOLVED**1.5, Kind.RATE, False),
    ):  # fmt: skip
        monkeypatch.setattr(type(claim.theorem), "kind", wanted)
        *others, told = found(4, 1 - off, None)
        assert len(others) == few
        assert (told.holds, told.value) == (holds, 1 - off)
        assert told.detail.endswith("at least 1e-09" if wanted is Kind.RATE else "at least 1e-06")
    monkeypatch.setattr(type(claim.theorem), "kind", kind)
    with monkeypatch.context() as other:
        other.setattr(type(claim.theorem), "quantity", Moment.RADIUS)
        assert len(found(4, 1.0, None)) == few
    for T, radius, settled, holds in (
        (4, 0.75, 1.0, True), (4, 0.7501, 1.0, False), (4, 0.5, 1.0, True), (4, 0.5, 4.0, False),
        (4, 1 - 1.01 * RESOLVED, 0.0, True), (4, 1 - 0.97 * RESOLVED, 0.0, False),
        (4, 1.0, 0.0, False),
    ):  # fmt: skip
        told = found(T, radius, settled)
        assert len(told) == few + 1
        assert (told[-1].name, told[-1].holds, told[-1].value) == ("stable step", holds, radius)
        least = max(settled / T, RESOLVED)
        assert told[-1].detail == f"the spectral radius must be at most 1 − {least:g}"
    claim = dataclasses.replace(claim, noise=Gaussian(1.0), problem=Isotropic(np.ones((3, 2))))
    failing = found(4, 0.5, 1.0)
    assert not all(a.holds for a in failing)
    assert failing[-1].name != "stable step"


def test_a_method_with_coins_of_its_own_decides_nothing(
    claim: Exact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact, "silent", lambda experiment: experiment)
    monkeypatch.setattr(exact, "tosses", lambda experiment: experiment == 16)
    monkeypatch.setattr(Exact, "experiment", lambda self, T: T)

    def decide(verdict: Verdict) -> Any:
        return lambda self, Ts, found: Judgement(verdict, "why", (), 2.0 + len(found), Ts[0])

    for verdict, horizons, left in (
        (Verdict.REFUTED, (4, 8, 16), Verdict.INCONCLUSIVE),
        (Verdict.REFUTED, (16, 16, 8), Verdict.REFUTED),
        (Verdict.CONSISTENT, (4, 8, 16), Verdict.INCONCLUSIVE),
        (Verdict.CONSISTENT, (16, 8), Verdict.CONSISTENT),
    ):
        monkeypatch.setattr(AbstractExact, "decide", decide(verdict))
        found = claim.decide(horizons, [])
        assert found.verdict is left
        open_ = left is Verdict.INCONCLUSIVE
        assert (found.slack, found.power) == ((None, None) if open_ else (2.0, horizons[0]))
        assert found.reason.startswith("the method tosses coins" if open_ else "why")


def test_a_value_and_its_number(claim: Exact, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def moments(self: Any, T: int, step: int, rival: bool = False) -> Any:
        seen.append((T, step, rival))

        def steady(metric: float) -> float:
            return (3.0 if rival else 12.0) * metric

        return Known(told=0.5, steady=steady, expected=told)

    def told(metric: float, marks: list[int]) -> Any:
        return np.array([metric + marks[0] / 8])

    kind = type(claim.theorem)
    for class_ in Exact, ExactMasks:
        monkeypatch.setattr(class_, "instance", lambda self, T: (None, None, 10.0 * T))
        monkeypatch.setattr(class_, "number", lambda self, c, T: c + 7.0 * T)
    monkeypatch.setattr(Exact, "moments", moments)
    monkeypatch.setattr(kind, "metric", lambda self, c, T: 100 * c + T)
    monkeypatch.setattr(exact, "crossing", lambda excess: excess(12.4) + excess(12.6))
    monkeypatch.setattr(kind, "quantity", Moment.TRANSIENT)
    assert claim.exact(4) == (8.0, 68.0, "")
    assert seen == [(4, 12, False), (4, 12, True), (4, 13, False), (4, 13, True)]
    seen.clear()
    monkeypatch.setattr(kind, "quantity", Moment.EXPECTED)
    assert claim.exact(4) == (4004.5, 68.0, "spectral radius 0.5")
    claim.exact(4, True)
    assert seen == [(4, 4, False), (4, 4, True)]
    masks = ExactMasks("own", claim.theorem, claim.problem, claim.noise)

    def made(what: float) -> Known:
        return Known(told=what, expected=told)

    monkeypatch.setattr("convergence.claims.exact_masks.exact_moments", made)
    monkeypatch.setattr(ExactMasks, "experiment", lambda self, T, rival=False: 0.5 + 2 * T + rival)
    assert masks.exact(4) == (4004.5, 68.0, "spectral radius 8.5")
    assert masks.exact(4, True) == (4004.5, 68.0, "spectral radius 9.5")
    assert masks.solved(4).radius == 8.5


class Looked(Session):
    """A session that remembers what it looked at."""

    def look(self, what: Any, samples: Any) -> None:
        self.seen = what, samples


def runs(T: int, mean: float) -> Record:
    values = mean + 0.01 * np.array([-1.0, 1.0] * 500)
    marks = np.array([T])
    return Record(T, marks, values[:, None], np.ones((1000, 1), bool), np.full(1000, -1))


def collected(how: str, kind: Kind, bound: float, off: float = 0.0, grain: float = 0.0) -> Any:
    """Exact values 5T, twice as large for the rival; runs with these means, but for `off`."""
    decided: list[Any] = []

    def decide(horizons: Any, found: Any) -> Judgement:
        decided.append((horizons, found))
        return Judgement(Verdict.CONSISTENT, "exact", (), 2.0, 3.0, Grade.CERTIFIED)

    what: Any = SimpleNamespace(
        exact=lambda T, rival=False: (5.0 * T * (1 + rival), bound, f"at {T}"), kind=kind, how=how,
        decide=decide, horizons=(2, 4, 9), margin=0.1, simulation=lambda T: f"runs to {T}",
        measure=lambda T, session, seeds: runs(T, 5.0 * T + off), tickets=lambda T: {"light": True},
        grain=lambda T: grain,
    )  # fmt: skip
    session = Looked(Settings(alpha=0.01))
    records, judgement = AbstractExact.collect(what, (2, 4), 1000, session)
    return records, judgement, decided, getattr(session, "seen", None)


def test_exact_values_and_simulations_that_have_to_agree() -> None:
    values = [(10.0, 3.0, "at 2"), (20.0, 3.0, "at 4")]
    records, judgement, decided, seen = collected("exact", Kind.EXPECTATION, 3.0)
    assert (records, seen, decided) == ([], None, [((2, 4), values)])
    assert judgement.reason == "exact"
    decided = collected("exact", Kind.SEPARATION, 3.0)[2]
    assert decided == [((2, 4), [(10.0, 60.0, "at 2"), (20.0, 120.0, "at 4")])]
    records, judgement, decided, seen = collected("both", Kind.EXPECTATION, 3.0)
    assert decided == [((2, 4), values)]
    assert [r.T for r in records] == [2, 4]
    assert seen[0] == "runs to 9"
    assert [(s.T, s.bound, s.light) for s in seen[1]] == [(2, 10.0, True), (4, 20.0, True)]
    np.testing.assert_array_equal(seen[1][0].values, records[0].final())
    assert (judgement.verdict, judgement.slack, judgement.power) == (Verdict.CONSISTENT, 2.0, 3.0)
    assert judgement.reason.startswith("exact; simulation against exact moments: ")
    assert judgement.grade is Grade.ASYMPTOTIC
    assert [row.bound for row in judgement.rows] == [10.0, 20.0]
    for grain, left in ((2.9, Verdict.REFUTED), (3.1, Verdict.INCONCLUSIVE)):
        assert collected("both", Kind.EXPECTATION, 3.0, 3.0, grain)[1].verdict is left
    _, alone, decided, _ = collected("both", Kind.EXPECTATION, INF)
    assert decided == []
    assert not alone.reason.startswith("exact")


def test_a_simulation_beside_exact_moments_takes_two_seeds(claim: Exact) -> None:
    assert claim.plan(Settings(tier="standard"))[1] == 1
    both = dataclasses.replace(claim, how="both", seeds=2)
    assert both.plan(Settings(tier="standard"))[1] == 8
    assert (claim.how, claim.seeds) == ("exact", 1)
    for fields in ({"how": "both", "seeds": 1}, {"how": "neither"}):
        with pytest.raises(InvalidInput):
            dataclasses.replace(claim, **fields)
