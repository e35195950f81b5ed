"""Pilots, and how many seeds a judge that is asked about them turns out to need."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims import planning
from convergence.claims.planning import (
    FINE,
    LARGE,
    Needs,
    Rehearsal,
    fine,
    judged,
    pilot_of,
    round_up,
    search,
    speed,
    whole,
)
from convergence.claims.settings import Session, Settings
from convergence.metrics.pointwise import Value
from convergence.moments.tape import NotAffine
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment, Simulation
from convergence.runner.record import Record
from convergence.statistics import Judgement, Row, Verdict
from convergence.statistics.planning import (
    FARTHEST,
    MOST,
    beyond,
    error,
    extrapolated,
    places,
    quantile,
)
from convergence.theorems.base import Kind

NAN = math.nan
VALUES = np.array([1.0, 4.0, 2.0, 9.0])


def record(T: int, values: Any) -> Record:
    values = np.asarray(values, float)
    n = len(values)
    early = np.arange(n)
    return Record(T, np.array([T]), values[:, None], early[:, None] % 2 < 1, early - 1)


def whole_run(T: int, values: Any) -> Record:
    found = record(T, values)
    return dataclasses.replace(found, finite=np.ones_like(found.finite))


def run(T: int, d: int = 2, chunk: int = 3) -> Simulation:
    problem = Isotropic(np.ones(d))
    what = Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.1), Value())
    return Simulation("own", what, T, chunk)


def rehearsed(pilot: Record, mean: float, seeds: int, tilt: float = 0.0, paired: bool = False):
    told = Rehearsal(Settings(), lambda what: (pilot, mean), paired)
    told.tilts = {pilot.T: tilt, pilot.T + 1: 9.0}
    return told.session.record(run(pilot.T), seeds)


def test_a_rehearsal_repeats_its_pilot_so() -> None:
    """At the mean that is known, off by so many standard errors; of vectors by the largest entry;
    pairs as they are."""
    pilot = whole_run(5, VALUES)
    for mean, tilt in (NAN, 0.0), (4.5, 0.0), (NAN, 1.5), (3.5, -2.0):
        shift = (0.0 if math.isnan(mean) else mean - 4.0) + tilt * error(VALUES, 64)
        chosen = places(VALUES, 64, shift)
        found = rehearsed(pilot, mean, 64, tilt)
        np.testing.assert_array_equal(found.final(), VALUES[chosen])
    mixed = record(5, VALUES)
    chosen = places(mixed.final(), 64, 0.0)
    found = rehearsed(mixed, NAN, 64)
    np.testing.assert_array_equal(found.values[:, 0], VALUES[chosen])
    np.testing.assert_array_equal(found.finite[:, 0], chosen % 2 == 0)
    np.testing.assert_array_equal(found.first_bad, chosen - 1)
    rows = np.array([[1.0, 0.0], [0.0, 4.0], [2.0, 1.0], [9.0, 8.0]])
    found = rehearsed(whole_run(5, rows), 4.5, 64).final()
    np.testing.assert_array_equal(found, rows[places(VALUES, 64, 0.5)])
    once = whole_run(5, [3.0])
    assert rehearsed(once, NAN, 64) is once
    order = np.random.default_rng(0).permutation(4)
    found = rehearsed(pilot, 4.5, 6, 1.0, paired=True).final()
    np.testing.assert_array_equal(found, VALUES[[*order, *order[:2]]])


def planned(
    kind: Kind, most: int = 2**20, slack: float | None = 1.02, power: Any = None,
    wanted: float = 1.05, luck: int = 1,
) -> tuple[Needs, list[int]]:  # fmt: skip
    """The plan of a claim that is decided by `most` runs, half as many more where these have bad
    luck; its power is 1.02 + 4/√n."""
    asked: list[int] = []
    rehearsal = Rehearsal(Settings(), lambda what: (whole_run(4, VALUES), NAN))
    rows = tuple(Row(T, MOST, 1.9, (1.7, 1.9 + T / 40), 2.0, None, False, "") for T in (2, 3))

    def collect(horizons: Any, n: int, session: Any) -> Any:
        assert (horizons, session) == ((2, 3), rehearsal.session)
        asked.append(n)
        off = rehearsal.tilts.get(3, 0.0) / quantile(2)
        enough = n >= most * (1 + luck * off / 2)
        verdict = Verdict.CONSISTENT if enough else Verdict.INCONCLUSIVE
        caught = 1.02 + 4 / math.sqrt(n) if power is None else power(n)
        return [], Judgement(verdict, "", rows, slack, caught)

    claim = SimpleNamespace(collect=collect, kind=kind, margin=0.3)
    return search(claim, (2, 3), rehearsal, wanted), asked


def test_a_plan_of_runs() -> None:
    found, asked = planned(Kind.EXPECTATION, 128)
    assert (found.slack, found.decides) == (1.02, 192)
    assert asked[:2] == [MOST, MOST // 4]
    assert found.reaches is not None
    assert 17778 <= found.reaches <= 17778 * 33 / 32  # (4/.03)², to a part in 32
    assert found.steps == 5
    assert planned(Kind.EXPECTATION, 128, luck=-1)[0].decides == 192
    assert planned(Kind.SEPARATION, 128)[0].decides == 128
    trend = 128 * (1 + quantile(1) / math.sqrt(2.0) / quantile(2) / 2)  # one of two ends is off
    decides = planned(Kind.RATE, 128)[0].decides
    assert decides is not None
    assert trend <= decides <= trend * 33 / 32 + 1
    assert planned(Kind.EXPECTATION, 2)[0].decides == 3
    assert planned(Kind.EXPECTATION, 1)[0].decides == 2
    for n in (2, 128):

        def caught(m: int, n: int = n) -> float:
            return 1.05 if m >= n else 2.0

        assert planned(Kind.EXPECTATION, 1, power=caught)[0].reaches == n
    assert planned(Kind.EXPECTATION, 128, power=lambda n: None)[0].reaches is None
    # Beyond what the judge is asked about.
    for kind, slack, limit in (
        (Kind.EXPECTATION, 1.02, 1.02), (Kind.EXPECTATION, None, 1.0), (Kind.EXACT, 0.9, 1.0)
    ):  # fmt: skip
        found = planned(kind, 128, slack, wanted=1.021 if limit > 1 else 1.03)[0]
        seen = 1.02 + 4 / math.sqrt(MOST // 4), 1.02 + 4 / math.sqrt(MOST)
        told = extrapolated(1.021 if limit > 1 else 1.03, limit, seen, MOST)
        assert found.reaches == math.ceil(told)
    half = planned(Kind.EXPECTATION, 128, power=lambda n: None if n < MOST else 1.2)[0]
    assert half.reaches is not None
    rows = [Row(T, MOST, 1.9, (1.7, 1.9 + T / 40), 2.0, None, False, "") for T in (2, 3)]
    for kind, band in (Kind.EXPECTATION, None), (Kind.FLOOR, None), (Kind.EXACT, 0.3):
        assert planned(kind)[0].decides == math.ceil(beyond(rows, band))
    assert planned(Kind.RATE)[0].decides is None
    assert planned(Kind.SEPARATION)[0].decides is None


def test_numbers_of_runs() -> None:
    assert (whole(2.1), whole(FARTHEST - 0.5), whole(FARTHEST)) == (3, FARTHEST, None)
    for n, up in (7, 7), (99, 99), (100, 100), (101, 110), (1234, 1300), (1200, 1200), (987, 990):
        assert round_up(n) == up


@pytest.mark.parametrize("kind", [Kind.EXPECTATION, Kind.SEPARATION])
def test_who_wants_more_seeds_is_told_how_many(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, rival = {T: run(T) for T in (2, 4)}, {T: run(T) for T in (2, 4)}
    runs = [record(T, VALUES + T) for T in (2, 4)]
    runs += [record(T, VALUES + 10 * T) for T in (2, 4)] if kind is Kind.SEPARATION else []
    judgement = Judgement(Verdict.INCONCLUSIVE, "too few", (), None, None, needs=33)
    given: list[Any] = []
    means: list[Any] = []
    claim = SimpleNamespace(
        kind=kind, collect=lambda horizons, seeds, session: (runs * (seeds == 8), judgement),
        experiment=lambda T, other: (rival if other else ours)[T].experiment,
    )  # fmt: skip

    def asked(claim: Any, horizons: Any, rehearsal: Any) -> Any:
        given.append((horizons, rehearsal.paired, rehearsal.session.settings.look))
        pilot = [rehearsal.pilot(what) for what in (*ours.values(), *ours.values())]
        assert [(r.T, m) for r, m in pilot] == [(2, 0.5), (4, 0.5)] * 2
        assert pilot[1][0] is runs[1]
        if kind is Kind.SEPARATION:
            assert rehearsal.pilot(rival[4])[0] is runs[3]
        return Needs(horizons, None, answer[0], None)

    monkeypatch.setattr(planning, "search", asked)
    monkeypatch.setattr(planning, "_mean", lambda claim, what: means.append(what.T) or 0.5)
    answer: list[Any] = []
    for decides, needs, words in (None, 33, "more"), (1234, 1300, "about 1300"):
        answer[:] = [decides]
        records, found = judged(claim, (2, 4), 8, Session(Settings(look=3)))
        assert records == runs
        assert found.needs == needs
        told = f"too few; {words} seeds are needed (`convergence plan`)"
        assert found.reason == told
    assert given == [((2, 4), kind is Kind.SEPARATION, 4)] * 2
    assert len(means) == (4 if kind is Kind.EXPECTATION else 6)
    judgement = dataclasses.replace(judgement, needs=None)
    assert judged(claim, (2, 4), 8, Session()) == (runs, judgement)


class Shelved(SimpleNamespace):
    """A shelf with one record."""

    def fetch(self, what: Any, settings: Any, seeds: int) -> Any:
        self.asked = what, settings, seeds
        return self.stored

    def keep(self, what: Any, record: Any, settings: Any) -> None: ...

    def look(self, what: Any, settings: Any, data: str) -> int: ...

    def notes(self) -> Any: ...


def test_a_pilot_is_what_is_stored_or_runs_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    clock = [0.0]

    def runs(self: Any, what: Any, seeds: range, of: int, progress: Any = None) -> Record:
        made.append((what.slug, seeds, of))
        clock[0] += 0.25 * len(seeds)
        return whole_run(what.T, np.arange(1.0, len(seeds) + 1))

    monkeypatch.setattr(Session, "run", runs)
    monkeypatch.setattr(planning, "_mean", lambda claim, what: what.T / 10)
    monkeypatch.setattr(planning.time, "perf_counter", lambda: clock[0])
    claim, settings, exact = None, Settings(seed=3), whole_run(5, [2.0, 2.0])
    what = run(5, chunk=2)
    shelf = Shelved(stored=exact)
    pilot = pilot_of(claim, settings, shelf)
    assert pilot(what) == (exact, 0.5)
    assert shelf.asked == (what, settings, 2**31 - 1)
    assert made == []
    own = "own (pilot)"
    for stored in whole_run(5, [2.0]), whole_run(5, [2.0, 5.0]), None:
        made.clear()
        pilot = pilot_of(claim, settings, Shelved(stored=stored))
        found = pilot(what)
        assert found[0].seeds == 8  # half a second, half a second and one
        assert made == [(own, range(2), 2), (own, range(2, 4), MOST), (own, range(4, 8), MOST)]
        assert pilot(what) is found
        assert pilot(run(5, chunk=2)) is not found
    made.clear()
    monkeypatch.setattr(planning, "fine", lambda record: record.seeds >= 4)
    assert pilot_of(claim, settings, None)(what)[0].seeds == 4
    made.clear()
    wide = run(5, chunk=MOST)
    monkeypatch.setattr(planning, "PILOT", 1e9)
    monkeypatch.setattr(planning, "fine", lambda record: False)
    assert pilot_of(claim, settings, None)(wide)[0].seeds == MOST
    clock[0] = 0.0
    assert speed(SimpleNamespace(simulation={5: run(5)}.get), 5, settings) == 3 * 5 / 0.75
    assert made[-2:] == [(own, range(3), 3)] * 2
    monkeypatch.setattr(planning.time, "perf_counter", lambda: 1.0)
    assert speed(SimpleNamespace(simulation=run), 5, settings) == pytest.approx(15e9)


def test_a_pilot_that_is_fine_enough() -> None:
    for off, wanted in (0.99 * FINE, True), (1.01 * FINE, False):
        spread = 2 * off * np.array([1.0, -1.0, 1.0, -1.0])
        assert fine(whole_run(4, 1 + spread)) is fine(whole_run(4, -1 + spread)) is wanted
    assert fine(whole_run(4, [1.0, math.inf]))
    assert fine(whole_run(4, [[1.0, 2.0], [5.0, 9.0]]))


def test_means_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def analyse(what: Any) -> Any:
        assert what.metric is None
        if np.size(what.problem.start()) == 1:
            raise NotAffine("bent")
        return SimpleNamespace(expected=lambda metric, marks: np.array([10.0 * marks[0], 0.0]))

    monkeypatch.setattr(planning, "analyse", analyse)

    def known(kind: Kind, bound: Any, d: int = 2) -> float:
        return planning._mean(SimpleNamespace(kind=kind, bound=lambda T: bound), run(5, d))

    assert known(Kind.EXACT, 3) == 3.0
    assert known(Kind.EXACT, (3.0, 4.0)) == known(Kind.EXPECTATION, 3.0) == 50.0
    assert known(Kind.EXPECTATION, 3.0, LARGE) == 50.0
    assert math.isnan(known(Kind.EXPECTATION, 3.0, LARGE + 1))
    assert math.isnan(known(Kind.EXPECTATION, 3.0, 1))
