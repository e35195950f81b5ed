"""Twins of instances, float by float, and what their claims are asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.claims import planning
from convergence.claims import settle as court
from convergence.claims.answers import check_bound
from convergence.claims.credentials import credentials
from convergence.claims.exact import AbstractExact
from convergence.claims.rounding import _begun, digits, excess, moved, sensitivity, sizes
from convergence.claims.settings import Session, Settings
from convergence.claims.settle import kept, settle
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.philox import root
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Simulation
from convergence.runner.record import Record
from convergence.shapes import real
from convergence.statistics import Grade, Judgement, Sample, Verdict
from convergence.theorems.base import Kind
from tests.claims.test_settled import (
    INF,
    Replayed,
    Stated,
    measured,
    record,
    sample,
    settled,
    value,
)


def test_a_twin_is_an_ulp_to_the_side_that_a_coin_says() -> None:
    """0 stays, and so does what is no real float."""
    leaf = np.array([1.5, 0.0, -3.0, 7.0, 2.5, -0.1, 9.0, 4.0])
    up = np.random.default_rng(3).integers(0, 2, leaf.shape) == 1
    assert 0 < up.sum() < len(up)
    for dtype in np.float64, np.float32:
        side = np.where(up, np.inf, -np.inf).astype(dtype)
        wanted = np.where(leaf == 0, 0, np.nextafter(leaf.astype(dtype), side))
        found = moved(leaf, np.random.default_rng(3), dtype)
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == leaf.dtype
    for other in np.array([1, 2]), np.array([1.0 + 2.0j]), "name", None:
        assert moved((other,), np.random.default_rng(3))[0] is other


def test_excess_of_nothing_and_of_vectors() -> None:
    assert excess(np.array([0.0, 1.0, -1.0]), (0.0, 0.0)).tolist() == [0.0, 1.0, 1.0]
    found = excess(np.array([[1.0, 4.0], [2.0, 2.5]]), (2.0, 3.0))
    np.testing.assert_allclose(found, [1 / 3, 0.0])


class Begins(eqx.Module):
    """A problem, a method and a metric that show what they are asked with."""

    shift: Any = eqx.field(converter=real)

    def start(self) -> Any:
        """The start."""
        return jnp.asarray(self.shift)

    def init(self, first: Any, second: Any, key: Any = None) -> Any:
        """Of a method with start, oracle and key; of a metric with problem and state."""
        if key is None:
            return first.start() + 10 * second[0]
        return first + second.shift, jax.random.key_data(key).astype(first.dtype)

    def read(self, t: Any, acc: Any, problem: Any, state: Any) -> Any:
        """All that there is."""
        return jnp.stack([t.astype(acc.dtype), acc, problem.start(), state[0], *state[1]])


def test_a_start_is_measured_as_it_begins() -> None:
    """By the method and the metric, before any step, under the first key."""
    with precision("float64"):
        run = SimpleNamespace(
            algorithm=Begins(0.0), problem=Begins(2.0), oracle=Begins(0.5), metric=Begins(0.0)
        )
        seen = _begun(*vars(run).values(), root(0))
        first = jax.random.key_data(root(0)).tolist()
        assert np.asarray(seen).tolist() == [0.0, 27.0, 2.0, 2.5, *first]
    claim = SimpleNamespace(experiment=lambda T: run if T == 3 else None)
    assert sizes(claim, record(3, [1.0, 2.0]), sample(3, [2.0], 3.0)) == (3.0, max(first))


def worth(size: float, runs: Record, bound: Any) -> tuple[float, Any]:
    """As in `test_settled`, of a claim that knows one horizon."""
    noise, what = Gaussian(1.0), measured(3.0)

    def at(T: int, answer: Any) -> Any:
        assert T == 5
        return answer

    class Timed(Stated):
        def bound(self, c: Any, T: int) -> Any:
            return at(T, super().bound(c, T))

    claim = SimpleNamespace(
        kind=Kind.PATHWISE, theorem=Timed(np.array(1e-9)), oracle=Oracle,
        experiment=lambda T: at(T, what), instance=lambda T: at(T, (what.problem, noise, None)),
        simulation=lambda T: at(T, Simulation("own", what, T)),
    )  # fmt: skip
    session = Replayed(Settings(), lambda run: value(run, size))
    return sensitivity(claim, runs, Sample(5, runs.final(), bound), session), session.asked


def test_the_worst_of_runs_of_vectors_is_moved() -> None:
    rows = np.array([[1.0, 2.0], [1.0, 9.0], [8.0, 1.0]])
    runs = Record(5, np.array([5]), rows[:, None], np.ones((3, 1), bool), np.full(3, -1))
    assert worth(4.0, runs, (0.0, 3.0))[1][0] == (range(1, 2), 3)
    size = digits("float64") * 4.5  # hardly visible beside the start, just so
    for near, unit in (1.0, size), (1.01, 1.0):  # in its own unit, or relative to the bound
        found, _ = worth(near * size, record(5, [1.0, near * size]), 1e-9)
        assert 0 < found <= 1
        told = worth(near * size, record(5, [9.0 * near, near * size]), 1e-9)[0]
        assert (told == found) is (unit == size)


def test_a_floor_is_no_number_beyond_the_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = settled(monkeypatch, [sample(1, [0.8], (1.0, INF))])
    assert (found.verdict, asked[0]) == (Verdict.CONSISTENT, (1, 0, 0.1))
    found, asked = settled(monkeypatch, [sample(1, [1.2], (-INF, 1.0))])
    assert (found.verdict, asked[0]) == (Verdict.CONSISTENT, (1, 0, 0.1))


def test_what_lies_at_the_edge_is_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of 3 and 2 over 1 miss it by two thirds and by a half, which is granted."""
    _, asked = settled(monkeypatch, [sample(1, [2.0, 3.0], 1.0)], rooms=lambda T: 0.5)
    assert asked[:-1] == [(1, 1, 0.5)]
    good = Judgement(Verdict.CONSISTENT, "kept", (), 2.0, 3.0, Grade.CERTIFIED)
    monkeypatch.setattr(court, "sizes", lambda claim, r, s: (claim, 4.0))
    room = digits("float64")
    for granted, least, size in (room, 0.0, 9.0), (2 * room, 0.2, 9.0), (2 * room, 0.0, 2.0):
        runs, samples = [record(1, [1.25])], [sample(1, [1.25], 1.0)]
        assert kept(good, size, runs, samples, [granted], [least], "float64") is good


def test_a_sensitivity_is_asked_of_each_record_and_its_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(court, "cheap", lambda samples, settings: [0.5] * len(samples))
    monkeypatch.setattr(court, "kept", lambda judgement, *rest: judgement)
    monkeypatch.setattr(court, "sensitivity", lambda *given: seen.append(given) or 0.0)
    runs, samples, session = [record(1, [1.0]), record(2, [1.0])], [], Session()
    samples = [sample(r.T, r.final(), 2.0) for r in runs]
    settle("claim", runs, samples, session)
    assert [(c, r is runs[k], s is samples[k], on) for k, (c, r, s, on) in enumerate(seen)] == [
        ("claim", True, True, session)
    ] * 2


def test_a_pilot_at_the_edge_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 0, 4, 0, 4 the mean is 2 and its error 1."""
    monkeypatch.setattr(planning, "FINE", 0.5)
    ones = np.ones((4, 1), bool)
    pilot = Record(3, np.array([3]), np.array([[0.0], [4.0]] * 2), ones, np.full(4, -1))
    assert planning.fine(pilot)
    monkeypatch.setattr(planning, "FINE", 0.49)
    assert not planning.fine(pilot)


class Odd:
    """What no array can be made of."""

    def __array__(self, *given: Any, **more: Any) -> Any:
        raise RuntimeError("no array")


def test_things_that_cannot_be_looked_at() -> None:
    with pytest.raises(InvalidInput, match="at T = 4 in claim 'own'"):
        check_bound(Odd(), 4, "own")

    def oracle(problem: Any, noise: Any) -> Oracle:
        assert isinstance(problem, Isotropic)
        return Oracle(problem, noise)

    square = Isotropic(jnp.array([1.0]))
    assert credentials("theorem", oracle, square, Gaussian(1.0), Constants()).holds


def test_values_that_are_nearly_all_rounding_refute_no_rate() -> None:
    what: Any = SimpleNamespace(kind=Kind.RATE, theorem=SimpleNamespace(two_sided=False))
    found = [(1.0, 1.0, ""), (0.9, 0.25, ""), (0.8, 0.0625, "")]
    for grain, verdict in ((0.01, Verdict.INCONCLUSIVE), (0.007, Verdict.REFUTED)):
        what.grain = lambda T, grain=grain: grain
        assert AbstractExact.decide(what, (2, 4, 8), found).verdict is verdict
