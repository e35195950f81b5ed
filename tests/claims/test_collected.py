"""What a claim asks of its runs, and what it gives to the judge."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims import base
from convergence.claims import separation as pair
from convergence.claims.base import Claim
from convergence.claims.separation import Separation
from convergence.claims.settings import Session, Settings
from convergence.constants import Constants
from convergence.metrics.pointwise import Value
from convergence.runner.record import Record
from convergence.statistics import Judgement, Sample, Verdict
from convergence.theorems.base import AbstractSeparation, Kind, Provenance, Source
from tests.claims.test_verified import claim, record


class Versus(AbstractSeparation):
    """Two steps of gradient descent."""

    source = Source("own", "test")
    provenance = Provenance.DERIVED
    statement = "told"

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(c.R + T / 64)

    def rival(self, c: Constants, T: int) -> SGD:
        return SGD(100 * c.R + T)

    def metric(self, c: Constants, T: int) -> Value:
        return Value()

    def bound(self, c: Constants, T: int) -> float:
        return 10 * c.R + T

    def ceiling(self, c: Constants, T: int) -> float:
        return 7 * c.R + T


class Looked(Session):
    """A session that remembers what it looked at."""

    seen: Any = None

    def look(self, what: Any, samples: Any) -> None:
        self.seen = what, samples


def collected(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, sure: Any, verdict: Verdict = Verdict.REFUTED
) -> list[Any]:
    """What is asked, in order: runs, the judge, the replay."""
    asked: list[Any] = []

    def judge(kind: Kind, samples: Any, settings: Any, margin: float) -> Judgement:
        asked.append((kind, [s.bound for s in samples], settings.seed, margin))
        return Judgement(verdict, "judged", (), None, None)

    def measure(T: int, session: Any, seeds: int) -> Record:
        asked.append((T, seeds))
        return record(T, *[1.0] * seeds)

    def settle(records: Any, samples: Any, session: Any) -> Judgement:
        asked.append(
            ([len(r.marks) * r.T for r in records], [s.T for s in samples], session.settings.seed)
        )
        return Judgement(Verdict.CONSISTENT, "settled", (), None, None)

    def held(records: Any, samples: Any, session: Any) -> Judgement:
        return dataclasses.replace(settle(records, samples, session), reason="held")

    monkeypatch.setattr(base, "judge", judge)
    own: Any = SimpleNamespace(
        kind=kind, tickets=lambda T: {"sure": True} if sure(T) else {}, measure=measure,
        sample=lambda r: Sample(r.T, r.final(), 2.0 * r.T), margin=0.25, horizons=(2, 3, 7),
        simulation=lambda T: f"runs to {T}", settle=settle, held=held,
    )  # fmt: skip
    session = Looked(Settings(seed=6))
    records, judgement = Claim.collect(own, (2, 3), 4, session)
    assert [r.T for r in records] == [2, 3]
    asked.append(judgement.reason)
    return [*asked, session.seen and (session.seen[0], [s.T for s in session.seen[1]])]


def test_runs_that_toss_coins_and_runs_that_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*given: Any) -> list[Any]:
        return collected(monkeypatch, *given)

    always, never, once = (lambda T: T in (2, 3)), (lambda T: False), (lambda T: T == 3)
    seen, inf = ("runs to 7", [2, 3]), float("inf")
    many, one = [(2, 4), (3, 4)], [(2, 1), (3, 1)]
    replayed = ([2, 3], [2, 3], 6)
    for sure in never, once:
        told = found(Kind.EXPECTATION, sure)
        assert told == [*many, (Kind.EXPECTATION, [4.0, 6.0], 6, 0.25), replayed, "held", seen]
    for kind, bounds in (
        (Kind.EXPECTATION, [(-inf, 4.0), (-inf, 6.0)]), (Kind.FLOOR, [(4.0, inf), (6.0, inf)]),
        (Kind.EXACT, [(4.0, 4.0), (6.0, 6.0)]),
    ):  # fmt: skip
        told = found(kind, always)
        assert told == [*one, (Kind.PATHWISE, bounds, 6, 0.25), replayed, "settled", None]
    told = found(Kind.EXPECTATION, always, Verdict.CONSISTENT)
    assert told[2:] == [(Kind.PATHWISE, [(-inf, 4.0), (-inf, 6.0)], 6, 0.25), "judged", None]
    told = found(Kind.RATE, always)
    assert told == [*one, (Kind.RATE, [4.0, 6.0], 6, 0.25), replayed, "held", seen]
    told = found(Kind.PATHWISE, always)
    assert told == [*many, (Kind.PATHWISE, [4.0, 6.0], 6, 0.25), replayed, "settled", None]


def test_pairs_of_methods_that_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Any] = []

    def judge(pairs: Any, alpha: float, **known: Any) -> Judgement:
        judged.append(([(T, a.tolist(), b.tolist()) for T, a, b in pairs], alpha, known))
        return Judgement(Verdict.CONSISTENT, "judged", (), None, None)

    monkeypatch.setattr(pair.st, "judge_separation", judge)
    asked: list[Any] = []
    dark: list[Any] = [None]

    def measure(self: Any, T: int, session: Any, seeds: int, rival: bool = False) -> Record:
        asked.append((T, seeds, session.settings.seed, rival))
        return record(T, 1.0 + T, 2.0 * (1 + rival))

    def tickets(self: Any, T: int, rival: bool = False) -> dict[str, Any]:
        return {"light": (T, rival) != dark[0]}

    monkeypatch.setattr(Separation, "measure", measure)
    monkeypatch.setattr(Separation, "tickets", tickets)
    own = claim(Separation, Versus(), horizons=(2, 3, 7))
    session = Looked(Settings(seed=6))
    session.total = 5
    records, _ = own.collect((2, 3, 5), 4, session)
    assert session.total == 10
    assert asked == [(T, 4, 6, rival) for rival in (False, True) for T in (2, 3, 5)]
    assert [r.T for r in records] == [2, 3, 5, 2, 3, 5]
    assert records[3].final()[1] == 4.0
    what, samples = session.seen
    assert (what.T, float(what.experiment.algorithm.eta)) == (7, 7 + 7 / 64)
    assert [(s.T, s.bound) for s in samples] == [(2, 55.0), (3, 55.0), (5, 55.0)]
    assert samples[1].values.tolist() == [[4.0, 2.0], [4.0, 4.0]]
    known = {"factor": 55.0, "light": True, "ceiling": 40.0}
    pairs = [(T, [1.0 + T, 2.0], [1.0 + T, 4.0]) for T in (2, 3, 5)]
    assert judged == [(pairs, Settings(seed=6).level, known)]
    for dark[0] in (3, False), (5, True):
        own.collect((2, 3, 5), 4, Looked())
        assert judged[-1][2]["light"] is False


@pytest.mark.parametrize(
    ("first", "verdict"),
    [(1.0, Verdict.REFUTED), (1e-3, Verdict.INCONCLUSIVE), (1e-200, Verdict.INCONCLUSIVE)],
)
def test_a_comparison_of_means_whose_squares_are_no_floats_refutes_nothing(
    monkeypatch: pytest.MonkeyPatch, first: float, verdict: Verdict
) -> None:
    """At T = 3 all there is lies near 1e-200, where the rival is better."""

    def measure(self: Any, T: int, session: Any, seeds: int, rival: bool = False) -> Record:
        draws = np.random.default_rng([T, rival]).uniform(1, 2, seeds)
        size = 1e-200 if T == 3 else first
        return record(T, *(draws * (size * 1e-180 if rival and size != 1e-3 else size)))

    monkeypatch.setattr(Separation, "measure", measure)
    monkeypatch.setattr(Separation, "tickets", lambda self, T, rival=False: {"light": True})
    monkeypatch.setattr(pair, "strayed", lambda *given: 0.0)
    own = claim(Separation, Versus(), horizons=(2, 3))
    _, judgement = own.collect((2, 3), 1024, Looked(Settings(seed=6)))
    assert judgement.verdict is verdict, judgement.reason
    told = "squares too small for a float" in judgement.reason
    assert told is (verdict is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(("stray", "widened"), [(0.0, 1.0), (0.25, 5 / 3), (0.5, None)])
def test_a_comparison_is_refuted_beyond_what_rounding_makes_of_either_mean(
    monkeypatch: pytest.MonkeyPatch, stray: float, widened: float | None
) -> None:
    """a ≤ F b with a and b off by a share s each: a ≤ F b (1 + s)/(1 − s)."""
    asked: list[float] = []

    def judge(pairs: Any, alpha: float, **known: Any) -> Judgement:
        asked.append(known["factor"])
        return Judgement(Verdict.REFUTED, "judged", (), None, None)

    monkeypatch.setattr(pair.st, "judge_separation", judge)
    monkeypatch.setattr(Separation, "measure", lambda self, T, *given, **rest: record(T, 2.0, 3.0))
    monkeypatch.setattr(Separation, "tickets", lambda self, T, rival=False: {"light": True})
    monkeypatch.setattr(pair, "strayed", lambda *given: stray * given[3])
    _, judgement = claim(Separation, Versus(), horizons=(2, 3)).collect((2, 3), 2, Looked())
    if widened is None:
        assert (judgement.verdict, len(asked)) == (Verdict.INCONCLUSIVE, 1)
    else:
        assert judgement.verdict is Verdict.REFUTED
        assert asked == [asked[0], pytest.approx(asked[0] * widened)]
