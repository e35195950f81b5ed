"""What rounding is granted, and which runs are replayed before a pathwise statement falls."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import equinox as eqx
import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims import settle as court
from convergence.claims.rounding import TWINS, cheap, digits, floats, gap, moved, sensitivity, sizes
from convergence.claims.settings import Session, Settings
from convergence.claims.settle import REPLAYS, kept, past, replay, settle
from convergence.metrics.pointwise import Value
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.quadratic import Isotropic
from convergence.proofs import enclose, proof
from convergence.runner.experiment import Experiment, Simulation
from convergence.runner.record import Record
from convergence.statistics import Grade, Judgement, Sample, Verdict
from convergence.theorems.base import Kind

INF = math.inf
EPS = 2.0**-52
ROOM = 10**-6.0  # two fifths of fifteen digits


def record(T: int, *rows: list[float]) -> Record:
    values = np.array(rows)
    marks = np.arange(1, values.shape[1] + 1)
    return Record(T, marks, values, np.ones(values.shape, bool), np.full(len(values), -1))


def sample(T: int, values: Any, bound: Any) -> Sample:
    return Sample(T, np.array(values), bound)


def test_what_is_granted_without_a_look() -> None:
    two = [sample(3, [1.0], 2.0), sample(7, [1.0], 2.0), sample(5, [1.0], 2.0)]
    assert cheap(two, Settings()) == [56 * EPS] * 3
    assert cheap(two[:1], Settings(dtype="float32")) == [24 * 2.0**-23]
    assert (digits("float64"), digits("float32")) == pytest.approx((1e-6, 10**-2.4))


def test_how_far_runs_lie_beyond() -> None:
    values = np.array([1.0, 2.5, 8.0, -INF])
    assert gap(values, (-INF, 2.0)).tolist() == [-1.0, 0.5, 6.0, -INF]
    assert gap(values, (2.0, 3.0)).tolist() == [1.0, -0.5, 5.0, INF]
    assert gap(np.array([[1.0, 4.0], [2.0, 2.5]]), (2.0, 3.0)).tolist() == [1.0, 0.0]
    found = past(sample(3, [[1.0, 4.0], [2.0, math.nan], [2.5, 2.4]], (2.0, 3.0)))
    np.testing.assert_allclose(found, [1 / 3, INF, -0.4 / 3])
    np.testing.assert_allclose(past(sample(3, [4.0, INF], 3.0)), [0.25, INF])


def measured(*x0: float) -> Experiment:
    problem = Isotropic(np.array(x0))
    return Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.25), Value())


def test_sizes_of_a_run() -> None:
    """f = ½x² is 4.5 at the start."""

    def found(runs: Record, bound: Any, *x0: float) -> tuple[float, float]:
        claim = SimpleNamespace(experiment=lambda T: measured(*x0))
        return sizes(claim, runs, sample(3, runs.final(), bound))

    assert found(record(3, [1.0, -2.0], [1.0, 1.5]), 3.0, 3.0) == (3.0, 4.5)
    assert found(record(3, [1.0, -2.0], [1.0, 1.5]), (-4.0, 3.0), 3.0) == (4.0, 4.5)
    assert found(record(3, [-6.0, -2.0], [1.0, 1.5]), 1.0, 3.0) == (2.0, 6.0)
    assert found(record(3, [1.0, 9.0]), 1.0, 3.0) == (9.0, 9.0)
    assert found(record(3, [1.0, 2.0]), 12.0, 3.0) == (12.0, 12.0)
    assert found(record(3, [1.0, INF], [1.0, 2.0]), 3.0, 3.0) == (4.5, 4.5)
    assert found(record(3, [7.0, math.nan]), INF, 3.0) == (7.0, 7.0)
    assert found(record(3, [0.0, 0.0]), 0.0, 0.0) == (1.0, 1.0)
    assert found(record(3, [0.0, 0.0]), 0.0, 3.0) == (1.0, 4.5)


class Stated(eqx.Module):
    """A statement whose bound moves with its own field."""

    factor: Any

    def bound(self, c: Any, T: int) -> float:
        return float(self.factor) * c.sigma


class Replayed(Session):
    """Runs whose value is a function of what is run."""

    asked: Any = ()

    def __init__(self, settings: Settings, value: Any) -> None:
        super().__init__(settings)
        self.value = value

    def run(self, what: Any, seeds: range, of: int, progress: Any = None) -> Record:
        self.asked = (*self.asked, (seeds, of))
        return record(what.T, [self.value(what.experiment)])


# Field by field what twins move: the start, the noise, the step, the statement.
SLOPES = (3e9, -2e9, 5e9)


def value(run: Any, size: float) -> float:
    x, sigma, eta = run.problem.x0[0], run.oracle.noise.sigma, run.algorithm.eta
    far = SLOPES[0] * (x - 3) + SLOPES[1] * (sigma - 1) + SLOPES[2] * (eta - 0.25)
    return float(size + far)


def worth(size: float, dtype: str, bound: float, runs: Record) -> tuple[float, Any]:
    """The sensitivity of a claim, and what was asked of the session."""
    noise = Gaussian(1.0)
    what = measured(3.0)
    claim = SimpleNamespace(
        kind=Kind.PATHWISE, theorem=Stated(np.array(bound)), oracle=Oracle,
        experiment=lambda T: what,
        instance=lambda T: (what.problem, noise, None),
        simulation=lambda T: Simulation("own", what, T),
    )  # fmt: skip
    session = Replayed(Settings(dtype=dtype), lambda run: value(run, size))
    return sensitivity(claim, runs, sample(runs.T, runs.final(), bound), session), session.asked


def by_twins(size: float, dtype: str, bound: float, absolute: float = 0.0) -> float:
    found = []
    for twin in range(1, 17):
        rng = np.random.default_rng(twin)
        near, loud = moved((measured(3.0).problem, Gaussian(1.0)), rng, dtype)
        (how, _), stated = moved(((SGD(0.25), Value()), Stated(np.array(bound))), rng, dtype)
        run = SimpleNamespace(problem=near, oracle=SimpleNamespace(noise=loud), algorithm=how)
        told, limit = value(run, size), float(stated.factor * loud.sigma)
        found.append((told - limit) / (absolute or max(abs(told), abs(limit))))
    itself = (size - bound) / (absolute or max(abs(size), abs(bound)))
    return math.sqrt(np.mean(np.square(np.array(found) - itself)) * 5)


def test_a_sensitivity_is_that_of_sixteen_twins() -> None:
    """Five floats, moved by an ulp of the run's precision; of the worst run."""
    assert TWINS == 16
    runs = record(5, [1.0, 2.0], [1.0, 4.0], [1.0, 3.0])
    assert floats((measured(3.0).problem, Gaussian(1.0), SGD(0.25), Stated(np.array(2.0)))) == 5
    found, asked = worth(4.0, "float64", 3.0, runs)
    assert found == pytest.approx(by_twins(4.0, "float64", 3.0), rel=1e-9)
    assert 1e-9 < found < 1
    assert asked == ((range(1, 2), 3),) * 17
    lost = record(5, [1.0, 2.0], [1.0, 4.0], [1.0, INF])
    assert worth(4.0, "float64", 3.0, lost)[1][0] == (range(2, 3), 3)
    assert worth(4.0, "float32", 3.0, runs)[0] == 1.0
    for size, own in (4.4e-6, 4.4e-6), (4.6e-6, 0.0):  # hardly visible beside 4.5
        found = worth(size, "float64", 1e-9, record(5, [1.0, size]))[0]
        assert found == pytest.approx(by_twins(size, "float64", 1e-9, own), rel=1e-6)
        assert found < 1


def test_a_bound_is_kept_unless_it_is_kept_by_what_is_no_rounding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = Judgement(Verdict.CONSISTENT, "kept", (), 2.0, 3.0, Grade.CERTIFIED)
    monkeypatch.setattr(court, "sizes", lambda claim, r, s: (claim * s.T, 4.0))

    def found(room: float, least: float, size: float, *values: float) -> Judgement:
        one, two = sample(1, [0.5], 1.0), sample(2, list(values), 1.0)
        runs = [record(1, [0.5]), record(2, *([v] for v in values))]
        return kept(good, size / 2, runs, [one, two], [1.0, room], [1.0, least], "float64")

    assert found(0.99 * ROOM, 0.0, 1e9, 1.1) is good
    assert found(2 * ROOM, 0.2, 1e9, 1.1, 0.7) is good  # granted without a look
    assert found(2 * ROOM, 0.0, 1.9, 1.1) is good
    open_ = found(2 * ROOM, 0.0, 2.1, 1.1)
    assert (open_.verdict, open_.grade, open_.slack) == (Verdict.INCONCLUSIVE, None, 2.0)
    assert open_.reason.startswith("at T=2 the last digits of the instance move the run by 1e-06")
    assert found(2 * ROOM, 0.09, 2.1, 0.8, 1.1).verdict is Verdict.INCONCLUSIVE
    assert found(ROOM * (1 + 1e-9), 0.0, 8.0, 1.1).verdict is Verdict.INCONCLUSIVE


SENTENCE = SimpleNamespace(sentence="proved", off=1.0, T=1)


def settled(
    monkeypatch: pytest.MonkeyPatch, samples: list[Sample], answers: Any = lambda T, run: "",
    rooms: Any = lambda T: 0.1, little: float = 0.0, owed: float = 0.0,
) -> tuple[Judgement, list[Any]]:  # fmt: skip
    """The judgement where replays answer so: a sentence that is left open, "", or a proof."""
    asked: list[Any] = []

    def told(claim: Any, T: int, run: int, granted: float, settings: Any) -> Any:
        asked.append((T, run, granted))
        answer = answers(T, run)
        return (SENTENCE, "") if answer is SENTENCE else (None, answer)

    def keep(judgement: Any, claim: Any, runs: Any, given: Any, *rest: Any) -> Any:
        asked.append(("kept", *rest))
        return judgement

    for name, what in (
        ("replay", told), ("kept", keep), ("cheap", lambda s, settings: [little] * len(s)),
        ("sensitivity", lambda claim, r, s, session: rooms(s.T)),
        ("owed", lambda claim, r, s: owed),
    ):  # fmt: skip
        monkeypatch.setattr(court, name, what)
    runs = [record(s.T, *([float(v)] for v in s.values)) for s in samples]
    return settle(SimpleNamespace(), runs, samples, Session()), asked


def test_which_runs_are_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst first, of the worst horizon; a few, and those beyond what is granted alone."""
    one = sample(1, [1.2, 0.5, 1.05, 1.3], 1.0)
    two = sample(2, [1.25, 1.6, 0.2], 1.0)
    order = [(2, 1, 0.1), (2, 0, 0.1), (1, 3, 0.1), (1, 0, 0.1)]
    found, asked = settled(monkeypatch, [one, two])
    assert asked == [*order, ("kept", [0.1, 0.1], [0.0, 0.0], "float64")]
    assert found.verdict is Verdict.CONSISTENT
    assert found.reason.startswith("4 values miss the bound by rounding alone")
    found, asked = settled(monkeypatch, [one, two], lambda T, run: SENTENCE if T == 1 else "")
    assert asked == order[:3]
    assert (found.verdict, found.reason, found.proof) == (Verdict.REFUTED, "proved", SENTENCE)
    for owed, verdict in ((0.9, Verdict.REFUTED), (1.0, Verdict.INCONCLUSIVE)):
        found, _ = settled(monkeypatch, [one], lambda T, run: SENTENCE, owed=owed)
        assert found.verdict is verdict
    assert "run 3 at T=1 misses it by 1, which may be a rounding" in found.reason
    found, asked = settled(monkeypatch, [one, two], lambda T, run: f"open {run}" if run else "")
    assert asked == order
    assert (found.verdict, found.grade) == (Verdict.INCONCLUSIVE, None)
    assert found.reason.endswith("; replayed in ball arithmetic: open 1")
    lost = sample(1, [0.5, INF], 1.0)
    assert settled(monkeypatch, [two, lost])[1][0] == (1, 1, 0.1)
    many = sample(1, [1.2] * (REPLAYS + 2), 1.0)
    found, asked = settled(monkeypatch, [many])
    assert len(asked) == REPLAYS
    assert found.reason.endswith("arithmetic: 2 more runs at T=1 were not replayed")
    found, asked = settled(monkeypatch, [sample(1, [1.2] * REPLAYS, 1.0)])
    assert found.verdict is Verdict.CONSISTENT
    found, _ = settled(monkeypatch, [many], lambda T, run: "wide")
    assert found.reason.endswith("arithmetic: wide")


def test_what_is_settled_without_a_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in (INF, INF), (-INF, -INF):
        found, asked = settled(monkeypatch, [sample(1, [0.5], 1.0), sample(6, [0.5], bound)])
        assert (found.verdict, asked) == (Verdict.INCONCLUSIVE, [])
        assert found.reason.startswith("at T=6 the statement's number is beyond float64")
    unknown = [sample(1, [0.5], 1.0), sample(2, [math.nan], 1.0)]
    found, asked = settled(monkeypatch, unknown)
    assert (found.verdict, asked) == (Verdict.INCONCLUSIVE, [])
    for miss, room, little, granted, verdict in (
        (0.2, 0.3, 0.0, 0.3, Verdict.CONSISTENT), (0.2, 0.0, 0.3, 24 * EPS, Verdict.CONSISTENT),
        (20 * EPS, 0.0, 0.0, 24 * EPS, Verdict.CONSISTENT),
    ):  # fmt: skip
        found, asked = settled(
            monkeypatch, [sample(3, [1 + miss], 1.0)], rooms=lambda T, room=room: room,
            little=little,
        )  # fmt: skip
        assert found.verdict is verdict
        assert asked == [("kept", [granted], [little], "float64")]
    asked = settled(monkeypatch, [sample(3, [1 + 40 * EPS], 1.0)], rooms=lambda T: 0.0)[1]
    assert asked[0] == (3, 0, 24 * EPS)


def test_a_replay_is_a_proof_or_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    traced = SimpleNamespace(digest=lambda: "instance")

    def program(what: Any, seed: int, run: int, rng: str) -> Any:
        assert (what, seed, run, rng) == ("runs to 5", 6, 2, Settings().rng)
        return traced

    monkeypatch.setattr(enclose, "program", program)
    claim = SimpleNamespace(
        slug="own", kind=Kind.FLOOR, bound=lambda T: 3.0 * T, simulation=lambda T: f"runs to {T}"
    )
    seen: list[Any] = []
    decisions: list[Any] = []

    def decided(*given: Any) -> Any:
        seen.append(given)
        return decisions.pop()

    monkeypatch.setattr(proof, "settle", decided)
    for violated, held, reason in (True, False, ""), (False, True, ""), (False, False, "wide"):
        decisions.append(proof.Decision(violated, held, reason, ("1", "2"), 64, 32, "draws"))
        found, why = replay(claim, 5, 2, 0.25, Settings(seed=6, dtype="float32"))
        assert seen.pop() == (traced, (15.0, INF), 0.25)
        assert why == ("run 2 at T=5: wide" if reason else "")
        if violated:
            assert dataclasses.astuple(found) == (
                "own", 5, 2, 6, "float32", ("1", "2"), (15.0, INF), 0.25, 64, 32, "instance",
                "draws",
            )  # fmt: skip
        else:
            assert found is None
